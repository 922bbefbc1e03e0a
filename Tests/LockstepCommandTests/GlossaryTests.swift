// SPDX-License-Identifier: Apache-2.0
// What the documents say is there: names both ways, the glossary's Swift, the README's program, files that are linked to.

import Foundation
import LockstepTesting
import Testing

@Suite("Documents") struct GlossaryTests {
    @Test("the README's program is the digits example") func program() throws {
        let block = try #require(try CodeBlock.blocks(of: "README.md").first { $0.language == "swift" })
        let example = try Repository.text("Sources/Examples/digits/main.swift")
        let lines = example.split(separator: "\n", omittingEmptySubsequences: false)
        let code = lines.drop { $0.hasPrefix("//") || $0.isEmpty }
        #expect(block.code.trimmed == code.joined(separator: "\n").trimmed)
    }

    @Test("every file that a document links to exists") func links() throws {
        let documents = try ["README.md"] + Repository.files(under: "docs", ending: ".md")
        for document in documents {
            let folder = document.split(separator: "/").dropLast().map { $0 + "/" }.joined()
            for part in try Repository.text(document).components(separatedBy: "](").dropFirst() {
                let target = part.prefix { $0 != ")" && $0 != "#" }
                if target.isEmpty || target.contains("://") { continue }
                #expect(Repository.exists(folder + target), "\(document) links to \(target)")
            }
        }
    }

    // MARK: The glossary

    @Test("the Swift of the glossary compiles and runs") func code() throws {
        let program = Glossary.program(try Glossary.spans(), symbols: try Repository.publicSymbols())
        try Scene.run(program)
    }

    @Test("what the glossary names without calling it is public") func names() throws {
        let symbols = try Repository.publicSymbols() + Repository.publicSymbols(of: ["LockstepTesting"])
        let types = Set(symbols.filter(\.isType).map(\.description))
        let labels = try Self.labels()
        let spans = try Glossary.spans()
        #expect(spans.count > 700)
        for span in spans {
            switch span.form {
            case .type: #expect(types.contains(span.code), "\(span): no such type")
            case .memberOf(let type, let name):
                #expect(symbols.contains { $0.container == type && $0.name == name }, "\(span): \(type) has none")
            case .member:
                let isThere = symbols.contains { symbol in
                    symbol.name == span.code
                        && (symbol.container.isEmpty || span.row.contains(symbol.container)
                            || Glossary.subjects[span.section] == symbol.container)
                }
                #expect(isThere, "\(span): neither the row's types nor those of the section have it")
            case .labels(let names):
                for name in names { #expect(labels.contains(name), "\(span): no parameter is called \(name)") }
            case .code: break
            }
        }
    }

    /// What stands before a colon in the sources of the library.
    private static func labels() throws -> Set<String> {
        var labels: Set<String> = []
        for module in Repository.modules {
            for file in try Repository.files(under: "Sources/Lockstep\(module)", ending: ".swift") {
                for match in try Repository.text(file).matches(of: /(\w+)(?: \w+)?:/) { labels.insert(String(match.1)) }
            }
        }
        return labels
    }

    @Test("every public name has a row in the glossary, or a reason to have none") func coverage() throws {
        let symbols = try Repository.publicSymbols()
        #expect(symbols.count > 2500)
        let coverage = try GlossaryCoverage(try Glossary.spans(), symbols: symbols)
        for symbol in symbols where !coverage.needsNone(symbol) {
            #expect(coverage.hasRow(symbol), "\(symbol) of \(symbol.module) has no row in docs/glossary.md")
        }
    }

    @Test("every reason is that of a name which is there and has no row") func reasons() throws {
        let symbols = try Repository.publicSymbols()
        let coverage = try GlossaryCoverage(try Glossary.spans(), symbols: symbols)
        for exception in coverage.exceptions {
            let held = symbols.filter { exception.holds(for: $0) }
            #expect(!held.isEmpty, "names-without-a-row.txt: there is no \(exception.name)")
            let hasRow = exception.member != nil && held.allSatisfy { coverage.hasRow($0) }
            #expect(!hasRow, "names-without-a-row.txt: \(exception.name) has a row")
        }
    }

    @Test("declarations are read off the sources as they are written")
    func scanner() {
        var scanner = SymbolScanner(module: "M")
        scanner.read(
            """
            // public struct Not {}
            public struct Box<T>: Sendable {
                /// var no: Int
                public let size: Int
                let hidden = 1
                @discardableResult public static func make(
                    _ a: Int, named name: String = ""
                ) -> Box {
                    var local = 1
                    return Box(local)
                }
                public init(
                    size: Int, of: T
                ) {
                    public let wrong = 1
                }
                public enum Kind: String { case one, two(Int), three = "3" }
                public enum Way {
                    case left, right(Int, to: String)
                }
                private struct Own { public var x = 1 }
            }
            public protocol Sized {
                var size: Int { get }
                static func zero() -> Self
            }
            extension Box {
                public static func .== (a: Box, b: Box) -> Box { a }
                func inner() {}
                package func other() {}
            }
            public extension Box {
                var open: Int { 1 }
                private var shut: Int { 1 }
            }
            let text = \"\"\"
                public func quoted() {}
                \"\"\"
            public func free() {}
            """)
        #expect(
            scanner.symbols.map(\.description) == [
                "Box", "Box.size", "Box.make", "Box.init", "Box.Kind", "Box.Kind.one", "Box.Kind.two", "Box.Kind.three",
                "Box.Way", "Box.Way.left", "Box.Way.right", "Sized", "Sized.size", "Sized.zero", "Box..==", "Box.open",
                "free",
            ])
        #expect(scanner.symbols.filter(\.isGeneric).map(\.name) == ["Box"])
        #expect(scanner.symbols.first { $0.name == "init" }?.labels == ["size", "of"])
        #expect(scanner.symbols.filter(\.isStatic).map(\.name).contains("make"))
    }
}
