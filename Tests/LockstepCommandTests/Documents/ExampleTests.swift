// SPDX-License-Identifier: Apache-2.0
// The examples: short, complete, and what they print is what their page says.

import Foundation
import LockstepTesting
import Testing

@Suite("Examples") struct ExampleTests {
    static let names =
        (try? Repository.files(under: "docs/examples", ending: "/main.swift"))?.compactMap {
            $0.split(separator: "/").dropLast().last.map(String.init)
        } ?? []

    @Test("an example is one file of fewer than 100 lines, in the manifest and on the page, with what it prints")
    func complete() throws {
        #expect(Self.names.count >= 5)
        let (manifest, page) = (try Repository.text("docs/examples/Package.swift"), try Repository.text(Self.page))
        let folders = try Repository.files(under: "docs/examples", ending: ".swift").filter {
            $0.contains("/main.") == false
        }
        #expect(folders == ["docs/examples/Package.swift"])
        for name in Self.names {
            let lines = try Repository.text("docs/examples/\(name)/main.swift").split(separator: "\n")
            #expect(lines.count < 100 && lines[0].contains("SPDX"), "\(name)")
            #expect(manifest.contains("\"\(name)\""), "docs/examples/Package.swift has no \(name)")
            #expect(page.contains("](\(name)/main.swift)"), "\(Self.page) has no \(name)")
            #expect(try Self.printed(name) != nil, "\(Self.page) does not say what \(name) prints")
        }
    }

    @Test("an example compiles and prints what its page says", arguments: names) func runs(name: String) throws {
        try withTemporaryFolder { folder in
            let text = try Repository.text("docs/examples/\(name)/main.swift")
            let program = try Toolchain.compile([("main.swift", text)], in: folder)
            let outcome = try Toolchain.run(program.path, in: folder, within: 300)
            #expect(outcome.status == 0, "\(name): ended with \(outcome.status)\n\(outcome.output)")
            let expected = try #require(try Self.printed(name))
            #expect(Printed.matches(outcome.output, expected), "\(name) prints\n\(outcome.output)")
        }
    }

    private static let page = "docs/examples/README.md"

    /// What the page says an example prints: the block below its heading.
    private static func printed(_ name: String) throws -> String? {
        let text = try Repository.text(page)
        guard let heading = text.range(of: "](\(name)/main.swift)") else { return nil }
        let part = text[heading.upperBound...].components(separatedBy: "\n## ")[0]
        return try CodeBlock.blocks(in: part, document: page).first { $0.marks.contains(.printed) }?.code
    }
}
