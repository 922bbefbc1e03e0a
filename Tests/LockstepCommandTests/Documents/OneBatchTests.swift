// SPDX-License-Identifier: Apache-2.0
// The page that follows a batch names files that are there, each once, in order, and not too many.
import Foundation
import Testing

@Suite("One batch, from command to file") struct OneBatchTests {
    @Test("every file it names is there; they are numbered, and at most 40")
    func files() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../..").standardized
        let page = try String(contentsOf: root.appending(path: "docs/one-batch.md"), encoding: .utf8)
        let rows = page.matches(of: #/\| (\d+) \| `([^`]+)` \|/#)
        #expect(rows.count > 20 && rows.count <= 40)
        #expect(rows.map { Int($0.1) } == Array(1...rows.count))
        #expect(Set(rows.map(\.2)).count == rows.count)
        for row in rows {
            let file = root.appending(path: "Sources/\(row.2)")
            #expect(FileManager.default.fileExists(atPath: file.path), "\(row.2) is not there")
        }
    }
}
