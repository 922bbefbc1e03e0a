// SPDX-License-Identifier: Apache-2.0
// Every reader of files is tried on files that are cut short.

import Foundation
import Testing

@Suite("Every reader") struct ReadersListTests {
    @Test("what parses bytes is among the tests, whole and cut short") func complete() throws {
        let here = URL(filePath: #filePath).deletingLastPathComponent()
        let readers = here.appending(path: "../../Sources/LockstepData/Readers").standardized
        func texts(_ folder: URL) throws -> [String] {
            try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
                .filter { $0.pathExtension == "swift" && $0.lastPathComponent != "ReadersListTests.swift" }
                .map { try String(contentsOf: $0, encoding: .utf8) }
        }
        let tests = try texts(here)
        var found = 0
        for source in try texts(readers) where source.contains("public static func parse(") {
            let name = try #require(source.firstMatch(of: /(?:enum|extension|struct) (\w+)/)?.1)
            let own = tests.filter { $0.contains("\(name).parse(") }
            #expect(!own.isEmpty, "no test parses with \(name)")
            #expect(
                own.contains { $0.contains("prefix(") || $0.contains("dropLast(") || $0.contains("truncat") },
                "no test cuts a file of \(name) short")
            found += 1
        }
        #expect(found >= 4)
    }
}
