// SPDX-License-Identifier: Apache-2.0
// `lockstep train csv --folds k`: what it leaves, the same on any number of ranks, going on where it was interrupted, refusals.
import Foundation
import LockstepData
import Testing

@Suite("Command: tables, folds", .serialized)
struct FoldsCommandTests {
    /// 103 rows: a number, a word, and a class of which one is rare.
    private static let table: String = {
        let rows = (0..<103).map { row -> String in
            let (a, word) = (Double(row * 7 % 41) / 10 - 2, ["red", "blue", "green"][row % 3])
            return "\(a),\(word),\(row % 20 == 4 ? "\"r, 1\"" : a > 0 ? "p" : "n"),\(a * 2 + Double(row % 3))\n"
        }
        return "a,word,label,y\n" + rows.joined()
    }()

    private func command() throws -> Command {
        let command = try Command()
        try command.write(Self.table.utf8, to: "t.csv")
        return command
    }

    private func text(_ command: Command, _ name: String) throws -> String {
        try String(contentsOf: command.folder.appending(path: name), encoding: .utf8)
    }

    private func train(_ command: Command, _ words: String...) throws -> Command.Result {
        try command.finish(command.start(["train", "csv", "--data", "t.csv", "--layers", "16,8"] + words))
    }

    @Test("each fold has a run of its own, and every row the prediction of the model that has not seen it")
    func files() throws {
        let command = try command()
        let result = try train(
            command, "--target", "label", "--folds", "4", "--stratify", "--epochs", "2", "--run", "out")
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output.contains("split        fold 3 of 4 by classes: 25 rows for validation"))
        let own = try (0..<4).map { try CSV.read(command.folder.appending(path: "out/fold-\($0)/history.csv").path) }
        let table = try CSV.read(command.folder.appending(path: "out/folds.csv").path)
        #expect(table.names == ["fold", "train_loss", "valid_loss", "accuracy"] && table.rowCount == 6)
        let accuracies = try table.column("accuracy").doubles ?? []
        for (fold, history) in own.enumerated() {
            #expect(try history.column("accuracy").doubles?.last == accuracies[fold])
            #expect(command.exists("out/fold-\(fold)/export.bundle"))
        }
        let mean = accuracies.prefix(4).reduce(0, +) / 4
        let squares = accuracies.prefix(4).reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        #expect(abs(accuracies[4] - mean) < 1e-12 && abs(accuracies[5] - (squares / 3).squareRoot()) < 1e-12)
        #expect(result.output.contains("± "), "\(result.output)")
        // Rows for validation are told by the exported learners: each line is that of one fold.
        let lines = try text(command, "out/predictions.csv").split(separator: "\n")
        #expect(lines.count == 104)
        let folds = try (0..<4).map { try text(command, "out/fold-\($0)/predictions.csv").split(separator: "\n") }
        for (row, line) in lines.enumerated() { #expect(folds.contains { $0[row] == line }, "row \(row)") }
        #expect(Set(folds.indices.map { fold in lines.indices.count { lines[$0] == folds[fold][$0] } }).count >= 1)
        let one = try train(
            command, "--target", "label", "--folds", "4", "--fold", "2", "--stratify", "--epochs", "2", "--run", "one")
        #expect(one.status == 0, "\(one.errors)")
        #expect(try text(command, "one/predictions.csv") == text(command, "out/fold-2/predictions.csv"))
        expectRefused(
            try train(command, "--target", "label", "--folds", "4", "--run", "out"), 73, "--run out: holds a run")
        let again = try command("train", "csv", "--resume", "out")
        #expect(again.status == 0 && again.output.contains("the run in out is complete"), "\(again.errors)")
        let fewer = try train(
            command, "--target", "label", "--folds", "2", "--epochs", "1", "--run", "out", "--overwrite")
        #expect(fewer.status == 0 && !command.exists("out/fold-2"), "\(fewer.errors)")
    }

    @Test("one rank, two and three train the same folds") func ranks() throws {
        let command = try command()
        var tables: [CSVTable] = []
        for ranks in 1...3 {
            let result = try train(
                command, "--target", "y", "--folds", "3", "--split-seed", "9", "--epochs", "2", "--run", "r\(ranks)",
                "--in-process", "\(ranks)")
            #expect(result.status == 0, "\(result.errors)")
            tables.append(try CSV.read(command.folder.appending(path: "r\(ranks)/folds.csv").path))
        }
        for name in ["train_loss", "valid_loss", "rmse"] {
            let columns = try tables.map { try $0.column(name).doubles ?? [] }
            #expect(columns[0].count == 5)
            for other in columns.dropFirst() {
                for (a, b) in zip(columns[0], other) {
                    #expect(abs(a - b) < 1e-4 * max(1, abs(a)), "\(name): \(a) \(b)")
                }
            }
        }
    }

    @Test("a run that is stopped in a fold goes on there, and leaves what an undisturbed one leaves")
    func resumed() throws {
        let command = try command()
        let words = ["--target", "label", "--folds", "3", "--epochs", "60"]
        let process = try command.start(
            ["train", "csv", "--data", "t.csv", "--layers", "16,8", "--run", "out", "--checkpoint-every", "1"] + words)
        for _ in 0..<6000 {
            let lines = try? text(command, "out/fold-1/history.csv").split(separator: "\n").count
            if lines ?? 0 > 3 || !process.isRunning { break }
            usleep(5_000)
        }
        kill(process.processIdentifier, SIGTERM)
        let stopped = try command.finish(process)
        #expect(stopped.status == 75 && stopped.errors.contains("--resume out"), "\(stopped.errors)")
        #expect(command.exists("out/fold-0/export.bundle") && !command.exists("out/fold-2"))
        let first = try text(command, "out/fold-0/history.csv")
        expectRefused(
            try command("train", "csv", "--resume", "out", "--folds", "4"), 64, "another --folds", "3 and not 4")
        let resumed = try command.finish(
            command.start(
                ["train", "csv", "--data", "t.csv", "--layers", "16,8", "--run", "out", "--resume", "auto"] + words))
        #expect(resumed.status == 0, "\(resumed.errors)")
        #expect(try text(command, "out/fold-0/history.csv") == first, "it is not trained again")
        let whole = try command.finish(
            command.start(["train", "csv", "--data", "t.csv", "--layers", "16,8", "--run", "whole"] + words))
        #expect(whole.status == 0, "\(whole.errors)")
        #expect(try text(command, "out/folds.csv") == text(command, "whole/folds.csv"))
        #expect(try text(command, "out/predictions.csv") == text(command, "whole/predictions.csv"))
    }

    @Test("what folds cannot go with is refused in a sentence") func refusals() throws {
        let command = try command()
        let cases: [([String], Int32, [String])] = [
            (["--folds", "1"], 64, ["--folds 1", "between 2 and 1000"]),
            (["--fold", "1"], 64, ["--fold 1", "of how many"]),
            (["--folds", "3", "--fold", "3"], 64, ["--fold 3", "0 to 2"]),
            (["--folds", "3", "--valid-fraction", "0.1"], 64, ["--valid-fraction 0.1", "--folds 3"]),
            (["--folds", "3", "--split-column", "word"], 64, ["--split-column word", "--folds 3"]),
            (["--folds", "3", "--save", "w"], 64, ["--save w", "the 3 models of --folds"]),
            (["--folds", "3", "--export", "b"], 64, ["--export b", "the 3 models"]),
            (["--folds", "3", "--trace", "t.json"], 64, ["--trace t.json", "the 3 models"]),
            (["--folds", "200"], 66, ["t.csv: 103 rows", "200 --folds"]),
        ]
        for (words, status, said) in cases {
            let result = try command.finish(
                command.start(
                    ["train", "csv", "--data", "t.csv", "--target", "label", "--epochs", "1", "--run", "no"] + words))
            expectRefused(result, status)
            for word in said { #expect(result.errors.contains(word), "\(words): \(result.errors)") }
        }
        let printed = try train(command, "--target", "label", "--folds", "3", "--print-config")
        #expect(printed.lines.contains("folds: 3"), "\(printed.output)")
        try command.write(printed.output.utf8, to: "run.yaml")
        #expect(try command("train", "csv", "--config", "run.yaml", "--print-config").output == printed.output)
        expectRefused(
            try command(
                "sweep", "csv", "--data", "t.csv", "--target", "label", "--folds", "3", "--over", "lr=1,2", "--out", "s"
            ),
            64, "--folds 3")
    }
}
