// SPDX-License-Identifier: Apache-2.0
// Every code sample of the articles is compiled: it stands, line by line, in a file of this folder.

import Foundation
import Testing

@Suite("Articles")
struct ArticleTests {
    private static let here = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    private static var catalogue: URL {
        here.deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Sources/LockstepLearner/LockstepLearner.docc")
    }

    private static func files(_ folder: URL, _ ending: String) throws -> [URL] {
        try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .filter { $0.pathExtension == ending }.sorted { $0.path < $1.path }
    }

    /// Lines without indentation, and without those that are empty.
    private static func lines(_ text: some StringProtocol) -> [String] {
        text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    }

    @Test("every sample of every article is compiled and run here")
    func samples() throws {
        let compiled = try Self.files(Self.here, "swift").map {
            "\n" + Self.lines(try String(contentsOf: $0, encoding: .utf8)).joined(separator: "\n") + "\n"
        }
        var count = 0
        for article in try Self.files(Self.catalogue, "md") {
            let text = try String(contentsOf: article, encoding: .utf8)
            for block in text.components(separatedBy: "```swift\n").dropFirst() {
                let sample = Self.lines(block.components(separatedBy: "```")[0]).joined(separator: "\n")
                #expect(
                    compiled.contains { $0.contains("\n" + sample + "\n") },
                    "\(article.lastPathComponent): not compiled:\n\(sample)")
                count += 1
            }
        }
        #expect(count >= 14)
    }

    @Test("the four articles are there")
    func articles() throws {
        let names = try Self.files(Self.catalogue, "md").map { $0.deletingPathExtension().lastPathComponent }
        #expect(names == ["FromFastai", "LockstepLearner", "WriteACallback", "WriteAMetric", "WriteAModel"])
    }
}
