// SPDX-License-Identifier: Apache-2.0
// What the documents say is there: names, the README's program, files that are linked to.

import Foundation
import Testing

@Suite("Documents") struct GlossaryTests {
    @Test("the README's program is the digits example") func program() throws {
        let readme = try Repository.text("README.md")
        let block = try #require(readme.components(separatedBy: "```swift\n").dropFirst().first)
        let program = try #require(block.components(separatedBy: "```").first)
        let example = try Repository.text("Sources/Examples/digits/main.swift")
        let lines = example.split(separator: "\n", omittingEmptySubsequences: false)
        let code = lines.drop { $0.hasPrefix("//") || $0.isEmpty }
        #expect(program.trimmed == code.joined(separator: "\n").trimmed)
    }

    @Test("every name of the glossary is in the sources") func glossary() throws {
        let names = try Repository.publicNames()
        let rows = try Repository.text("docs/glossary.md").split(separator: "\n").filter { $0.hasPrefix("| ") }
        #expect(rows.count > 150)
        for row in rows {
            // | theirs | ours | a note |
            let ours = row.replacing("\\|", with: " ").split(separator: "|").dropFirst().joined(separator: "|")
            let spans = ours.split(separator: "`", omittingEmptySubsequences: false).enumerated()
            for span in spans where span.offset % 2 == 1 {
                let unknown = Words.inCode(span.element).filter { !names.contains($0) && !Words.ofSwift.contains($0) }
                #expect(unknown.isEmpty, "\(unknown) of `\(span.element)` is nowhere in the sources")
            }
        }
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
}

/// The clone these tests were built from.
private enum Repository {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
    }

    static func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: root.appendingPathComponent(path).path)
    }

    static func files(under folder: String, ending: String) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: root.appendingPathComponent(folder).path)
            .filter { $0.hasSuffix(ending) }.map { "\(folder)/\($0)" }.sorted()
    }

    /// What the library's sources declare for others, and the labels of parameters.
    static func publicNames() throws -> Set<String> {
        var names: Set<String> = []
        for module in ["Tensor", "NN", "Optim", "Data", "Learner", "Comm", "Distributed"] {
            for file in try files(under: "Sources/Lockstep\(module)", ending: ".swift") {
                for line in try text(file).split(separator: "\n") { names.formUnion(Words.declared(in: line)) }
            }
        }
        return names
    }
}

/// Picking words out of Swift without a parser.
private enum Words {
    /// Words of the examples that are nobody's declaration.
    static let ofSwift: Set = ["final", "class", "throw", "in", "nil", "true", "false", "print"]
    private static let introducers: Set = [
        "func", "var", "let", "struct", "class", "enum", "protocol", "typealias", "case", "init",
    ]

    /// The identifiers of a piece of code, without single letters and what stands in quotes.
    static func inCode(_ code: Substring) -> [String] {
        code.split(separator: "\"", omittingEmptySubsequences: false).enumerated().filter { $0.offset % 2 == 0 }
            .flatMap { split($0.element) }.filter { $0.count > 1 && !($0.first?.isNumber ?? true) }.map(String.init)
    }

    /// The names a line declares: after a keyword in a public declaration or a requirement, cases, and labels.
    static func declared(in line: Substring) -> [String] {
        let code = line.drop { $0 == " " }
        if code.hasPrefix("//") { return [] }
        let words = split(code)
        var names: [String] = []
        if code.hasPrefix("case ") {
            names = words.map(String.init)
        } else if words.contains(where: { ["public", "open", "func", "var", "init"].contains($0) }) {
            for (introducer, name) in zip(words, words.dropFirst()) where introducers.contains(String(introducer)) {
                names.append(String(name))
            }
        }
        for beforeColon in code.split(separator: ":").dropLast() {
            // `label: Type`, `label name: Type`
            names += split(beforeColon).suffix(2).map(String.init)
        }
        return names
    }

    private static func split(_ code: Substring) -> [Substring] {
        code.split { !($0.isLetter || $0.isNumber || $0 == "_") }
    }
}

extension String {
    fileprivate var trimmed: String { trimmingCharacters(in: .whitespacesAndNewlines) }
}
