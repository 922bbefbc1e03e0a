// SPDX-License-Identifier: Apache-2.0
// Every code block of the documents is compiled and run, or says why not.

import Foundation
import LockstepTesting
import Testing

@Suite("Code of the documents") struct CodeBlockTests {
    /// The pages whose Swift is run as programs: all that have any that does not stand in a test.
    static let pages =
        (try? Repository.documents().filter { page in
            try CodeBlock.blocks(of: page).contains { runs($0, "swift") }
        }) ?? []
    static let shellPages =
        (try? Repository.documents().filter { page in
            try CodeBlock.blocks(of: page).contains { runs($0, "sh") }
        }) ?? []

    private static func runs(_ block: CodeBlock, _ language: String) -> Bool {
        block.language == language && block.reason == nil && place(of: block) == nil && !block.marks.contains(.manifest)
    }

    /// The files one of which has to hold a block's lines, if the block is not run by itself.
    private static func place(of block: CodeBlock) -> String? {
        for case .standsIn(let place) in block.marks { return place }
        // Articles are run by tests that also look at what comes out.
        return block.document.contains(".docc/") ? "Tests/LockstepLearnerTests/Articles" : nil
    }

    @Test("every block is Swift or shell that is run, or says why not") func coverage() throws {
        let blocks = try Repository.documents().flatMap { try CodeBlock.blocks(of: $0) }
        #expect(blocks.count > 30)
        for block in blocks where !block.language.isEmpty && block.reason == nil {
            let known = ["swift", "sh"].contains(block.language) || Self.place(of: block) != nil
            #expect(known || block.language == "python", "\(block): who runs \(block.language)?")
            #expect(block.language != "python", "\(block): Python is not run here: say why with <!-- not run: … -->")
        }
        let swift = blocks.filter { $0.language == "swift" }
        #expect(swift.count { $0.reason != nil } * 10 <= swift.count, "too many are not run")
    }

    @Test("what is said to stand in a test stands there") func standing() throws {
        for document in try Repository.documents() {
            for block in try CodeBlock.blocks(of: document) where block.language == "swift" {
                guard let place = Self.place(of: block) else { continue }
                let files = place.hasSuffix(".swift") ? [place] : try Repository.files(under: place, ending: ".swift")
                let lines = Self.lines(block.code)
                let found = try files.contains { Self.lines(try Repository.text($0)).contains(lines) }
                #expect(found, "\(block): its lines are not in \(place)")
            }
        }
    }

    /// Lines without indentation, imports, and those that are empty.
    private static func lines(_ text: String) -> [Substring] {
        text.split(separator: "\n").map { $0.drop { $0 == " " } }.filter { !$0.isEmpty && !$0.hasPrefix("import ") }
    }

    @Test("the Swift of a page compiles and runs", arguments: pages) func swift(page: String) throws {
        let blocks = try CodeBlock.blocks(of: page)
        let code = blocks.filter { Self.runs($0, "swift") }
        try withTemporaryFolder { folder in
            try PageFolder.fill(folder, for: page)
            let program = try Toolchain.compile([("main.swift", PageProgram.source(of: code))], in: folder)
            let outcome = try Toolchain.run(program.path, in: folder)
            #expect(outcome.status == 0, "\(page): ended with \(outcome.status)\n\(outcome.output)")
            for block in blocks where block.marks.contains(.printed) {
                #expect(Printed.matches(outcome.output, block.code), "\(block): it prints\n\(outcome.output)")
            }
        }
    }

    @Test("the commands of a page run", arguments: shellPages) func shell(page: String) throws {
        try withTemporaryFolder { folder in
            try PageFolder.fill(folder, for: page)
            try PageFolder.makeClone(folder)
            let path = try Toolchain.products().path + ":" + (ProcessInfo.processInfo.environment["PATH"] ?? "")
            for block in try CodeBlock.blocks(of: page) where Self.runs(block, "sh") {
                var script = PageFolder.make + "set -e\n"
                for case .before(let code) in block.marks { script += code + "\n" }
                let outcome = try Toolchain.run(
                    "/bin/bash", ["-c", script + block.code], in: folder, environment: ["PATH": path, "COLUMNS": "80"])
                #expect(outcome.status == 0, "\(block): ended with \(outcome.status)\n\(outcome.output)")
            }
        }
    }

    @Test("the code in the comments of declarations compiles and runs") func comments() throws {
        let blocks = try DocComments.all()
        #expect(blocks.count > 70)
        try Scene.run(DocComments.program(blocks))
    }

    @Test("a manifest is one that the package manager reads") func manifest() throws {
        let blocks = try Repository.documents().flatMap { try CodeBlock.blocks(of: $0) }
            .filter { $0.marks.contains(.manifest) }
        #expect(!blocks.isEmpty)
        for block in blocks {
            try withTemporaryFolder { folder in
                try Data(block.code.utf8).write(to: folder.appending(path: "Package.swift"))
                let arguments = ["swift", "package", "--manifest-cache", "local", "dump-package"]
                let outcome = try Toolchain.run("/usr/bin/env", arguments, in: folder)
                #expect(outcome.status == 0, "\(block):\n\(outcome.output)")
            }
        }
    }

    @Test("a page that is wrong is told with its line")
    func wrongPages() throws {
        func message(_ text: String) -> String {
            do { return "\(try CodeBlock.blocks(in: text, document: "a.md").count) blocks" } catch { return "\(error)" }
        }
        #expect(message("one\n```swift\nlet a = 1\n") == "a.md:3: the fence is not closed")
        #expect(message("<!-- not run: -->\n```sh\n```\n").hasPrefix("a.md:1: not run: and nothing"))
        #expect(message("<!-- to do -->\n").hasPrefix("a.md:1: a comment that means nothing"))
        #expect(message("<!-- not run: why -->\ntext\n").hasPrefix("a.md:2: nothing to run follows"))
        #expect(message("so:\n\n    make\n").hasPrefix("a.md:3: code by indentation"))
        #expect(message("<!-- before:\nlet a = 1\n-->\n```swift\nprint(a)\n```\n") == "1 blocks")
    }
}

/// Compares what a program prints with what a page says it does.
enum Printed {
    /// Whether the lines are alike: words equal, numbers within five percent (processors round differently), times anything.
    static func matches(_ output: String, _ expected: String) -> Bool {
        let (own, theirs) = (output.split(separator: "\n"), expected.split(separator: "\n"))
        return own.count == theirs.count
            && zip(own, theirs).allSatisfy { line, other in
                let (words, others) = (line.split(separator: " "), other.split(separator: " "))
                return words.count == others.count && zip(words, others).allSatisfy(isAlike)
            }
    }

    private static func isAlike(_ word: Substring, _ other: Substring) -> Bool {
        if let number = Double(word), let expected = Double(other) {
            return abs(number - expected) <= 0.05 * abs(expected)
        }
        return word == other || (word.contains(":") && other.contains(":"))
    }
}
