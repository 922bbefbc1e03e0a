// SPDX-License-Identifier: Apache-2.0
// `lockstep train --bitwise`: the same bytes and the same table, whatever the number of ranks.
import Foundation
import Testing

@Suite("Command: train --bitwise", .serialized)
struct BitwiseTests {
    /// The table without its last column, the time.
    private func table(_ result: Command.Result) -> [String] {
        result.lines.filter { $0.first?.isNumber == true }.map {
            $0.split(separator: " ").dropLast().joined(separator: " ")
        }
    }

    @Test(
        "1, 2 and 4 ranks save the same bytes and print the same losses",
        arguments: [["digits", "--epochs", "3"], ["digits", "--epochs", "1", "--batch-size", "50"]])
    func sameBytes(recipe: [String]) throws {
        let command = try Command()
        var tables: [[String]] = []
        var files: [Data] = []
        for ranks in [[], ["--ranks", "2"], ["--in-process", "2"], ["--ranks", "4"]] as [[String]] {
            let name = "run\(files.count)"
            let result = try command.finish(
                command.start(["train"] + recipe + ["--seed", "3", "--bitwise", "--run", name] + ranks))
            #expect(result.status == 0, "\(result.errors)")
            tables.append(table(result))
            files.append(try Data(contentsOf: command.folder.appending(path: "\(name)/model.safetensors")))
        }
        #expect(!tables[0].isEmpty)
        for index in 1..<files.count {
            #expect(tables[index] == tables[0])
            #expect(files[index] == files[0], "the saved weights differ")
        }
    }

    @Test("what cannot be computed in pieces is refused with the reason")
    func refusals() throws {
        let command = try Command()
        let three = try command("train", "digits", "--epochs", "1", "--bitwise", "--in-process", "3")
        #expect(three.status != 0 && three.errors.contains("1, 2, 4 or 8 ranks"), "\(three.errors)")
        // Before anything is written, so that the line which mends it can take the same folder.
        let norm = try command("train", "digits", "--model", "cnn", "--epochs", "1", "--bitwise", "--run", "r")
        expectRefused(norm, 64, "--bitwise", "batch normalisation", "tabm")
        #expect(!FileManager.default.fileExists(atPath: command.folder.appending(path: "r").path))
    }
}
