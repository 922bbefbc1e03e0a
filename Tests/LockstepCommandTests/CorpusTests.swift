// SPDX-License-Identifier: Apache-2.0
// What every version has written, this one reads: exports with equal answers, runs that go on, settings.

import Foundation
import LockstepData
import Testing

@Suite("Command: what earlier versions have written") struct CorpusTests {
    static let corpus = Repository.root.appending(path: "Tests/Corpus")
    static let versions = names(in: corpus).filter { $0.first?.isNumber ?? false }

    private static func names(in folder: URL) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).sorted()
    }

    private func text(_ file: URL) throws -> String { try String(contentsOf: file, encoding: .utf8) }

    /// Numbers to what processors and summation orders may make of them; all else to the byte.
    private func expectEqual(_ found: String, _ expected: String, _ name: String, to tolerance: Double = 1e-4) {
        let (lines, others) = (found.split(separator: "\n"), expected.split(separator: "\n"))
        #expect(lines.count == others.count, "\(name): \(found)")
        for (line, other) in zip(lines, others) {
            let (fields, wanted) = (line.split(separator: ","), other.split(separator: ","))
            let isEqual =
                fields.count == wanted.count
                && zip(fields, wanted).allSatisfy { field, wanted in
                    if field == wanted { return true }
                    guard let own = Double(field), let other = Double(wanted) else { return false }
                    return abs(own - other) <= tolerance * max(1, abs(other))
                }
            #expect(isEqual, "\(name): \(line), and not \(other)")
        }
    }

    @Test("there is a corpus") func exists() { #expect(!Self.versions.isEmpty) }

    @Test("exports predict what they did", arguments: versions) func exports(version: String) throws {
        let folder = Self.corpus.appending(path: version)
        var count = 0
        for name in Self.names(in: folder) {
            let files = Self.names(in: folder.appending(path: name))
            guard files.contains("answers.csv") else { continue }
            count += 1
            if name == "images", !ImageFile.readsPNG { continue }
            let rows = files.filter { !["answers.csv", "export.bundle", "settings.json"].contains($0) }
            let command = try Command()
            for file in ["export.bundle"] + rows {
                try command.write(Data(contentsOf: folder.appending(path: "\(name)/\(file)")), to: file)
            }
            let result = try command("predict", "export.bundle", try #require(rows.first))
            #expect(result.status == 0, "\(version), \(name): \(result.errors)")
            expectEqual(result.output, try text(folder.appending(path: "\(name)/answers.csv")), "\(version), \(name)")
            #expect(try command("inspect", "export.bundle").status == 0)
        }
        #expect(count >= 4, "\(version): \(count) exports with answers")
    }

    @Test("a run that was interrupted goes on to the end that it would have had", arguments: versions)
    func goesOn(version: String) throws {
        let folder = Self.corpus.appending(path: version)
        let command = try Command()
        let run = command.folder.appending(path: "run")
        try FileManager.default.copyItem(at: folder.appending(path: "run"), to: run)
        let result = try command("train", "digits", "--resume", "run", "--quiet")
        #expect(result.status == 0, "\(result.errors)")
        // The last column is time.
        func rows(_ text: String) -> String {
            text.split(separator: "\n").map { $0.split(separator: ",").dropLast().joined(separator: ",") }
                .joined(separator: "\n")
        }
        expectEqual(
            rows(try text(run.appending(path: "history.csv"))),
            rows(try text(folder.appending(path: "run-history.csv"))),
            version, to: 0.02)
    }

    @Test("settings are configurations", arguments: versions) func settings(version: String) throws {
        let folder = Self.corpus.appending(path: version)
        for name in Self.names(in: folder) {
            let file = folder.appending(path: "\(name)/settings.json")
            guard FileManager.default.fileExists(atPath: file.path) else { continue }
            let object = try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any]
            let recipe = try #require(object?["recipe"] as? String)
            let result = try Command()("train", recipe, "--config", file.path, "--print-config")
            #expect(result.status == 0, "\(version), \(name): \(result.errors)")
        }
    }
}
