// SPDX-License-Identifier: Apache-2.0
// `lockstep train csv --model tabm`: ranks, tasks, predicting, going on, the options that it keeps and those that it refuses.
import Foundation
import LockstepData
import Testing

@Suite("Command: tables, TabM", .serialized)
struct TabMCommandTests {
    /// 150 rows: two numbers with gaps, a word, a class and a count that follow from them.
    private static let table: String = {
        var lines = ["a,b,word,label,count"]
        for row in 0..<150 {
            let (a, b) = (Double(row * 7 % 41) / 10 - 2, Double(row * 13 % 37) / 10 - 1.8)
            let word = ["red", "blue", "green"][row % 3]
            let label = a + (word == "red" ? 1 : 0) > b ? "p" : row % 5 == 0 ? "rare" : "n"
            lines.append("\(row % 19 == 3 ? "" : "\(a)"),\(b),\(word),\(label),\([0, 1, 1, 2, 0, 1, 3, 2, 5][row % 9])")
        }
        return lines.joined(separator: "\n") + "\n"
    }()

    private func command() throws -> Command {
        let command = try Command()
        try command.write(Self.table.utf8, to: "t.csv")
        return command
    }

    private func train(_ command: Command, _ run: String, _ words: [String]) throws -> Command.Result {
        try command.finish(
            command.start(["train", "csv", "--data", "t.csv", "--model", "tabm", "--run", run] + words))
    }

    private func history(_ command: Command, _ run: String) throws -> CSVTable {
        try CSV.read(command.folder.appending(path: run + "/history.csv").path)
    }

    @Test(
        "classes, numbers and counts have the same losses on 1, 2 and 3 ranks",
        arguments: [
            ["--target", "label", "--class-weights", "balanced", "--dropout", "0.1"], ["--target", "b"],
            ["--target", "count", "--task", "counts"], ["--target", "count", "--task", "classes"],
        ])
    func ranks(_ words: [String]) throws {
        let command = try command()
        var tables: [CSVTable] = []
        for ranks in 1...3 {
            let result = try train(
                command, "r\(ranks)",
                words + ["--epochs", "2", "--layers", "24,12", "--members", "6", "--in-process", "\(ranks)"])
            #expect(result.status == 0 && result.output.contains("tabm of "), "\(result.errors)")
            tables.append(try history(command, "r\(ranks)"))
        }
        for name in tables[0].names where name != "time" {
            let columns = try tables.map { try $0.column(name).doubles ?? [] }
            #expect(columns[0].count == 2)
            for other in columns.dropFirst() {
                for (a, b) in zip(columns[0], other) {
                    #expect(abs(a - b) <= 1e-5 * max(1, abs(a)), "\(words) \(name): \(a) \(b)")
                }
            }
        }
    }

    @Test("an export predicts what the run did, says probabilities, and has a form in ONNX")
    func predicting() throws {
        let command = try command()
        let trained = try train(command, "r", ["--target", "label", "--epochs", "8"])
        #expect(trained.status == 0, "\(trained.errors)")
        let predicted = try command("predict", "r/export.bundle", "t.csv")
        let written = try String(contentsOf: command.folder.appending(path: "r/predictions.csv"), encoding: .utf8)
        #expect(predicted.output == written, "\(predicted.errors)")
        let answers = try command("predict", "r/export.bundle", "t.csv", "--json").lines
        #expect(answers.count == 150)
        struct Answer: Decodable { let probabilities: [String: Double] }
        for answer in answers.prefix(20) {
            let shares = try JSONDecoder().decode(Answer.self, from: Data(answer.utf8)).probabilities
            #expect(shares.count == 3 && abs(shares.values.reduce(0, +) - 1) < 1e-4, "\(answer)")
        }
        let inspected = try command("inspect", "r/export.bundle")
        #expect(inspected.output.contains("TabM"), "\(inspected.output)\(inspected.errors)")
        let onnx = try command("export", "r", "--onnx", "m.onnx")
        #expect(onnx.status == 0 && command.exists("m.onnx"), "\(onnx.errors)")
        // A row by itself is no mistake: nothing is normalised over a batch.
        try command.write("a,b\n1.5,2.5\n2.5,3.5\n".utf8, to: "one.csv")
        let words = ["train", "csv", "--data", "one.csv", "--target", "b", "--task", "regression", "--epochs", "1"]
        let one = try command.finish(command.start(words + ["--valid-fraction", "0.5", "--model", "tabm"]))
        #expect(one.status == 0, "\(one.errors)")
        expectRefused(
            try command.finish(command.start(words + ["--valid-fraction", "0.5"])), 66, "batch normalisation needs two")
    }

    @Test("a run that was killed goes on with its members, to the bytes of an undisturbed one")
    func resumed() throws {
        let command = try command()
        let words = ["--target", "label", "--epochs", "40", "--members", "5", "--layers", "32,16"]
        let process = try command.start(
            ["train", "csv", "--data", "t.csv", "--model", "tabm", "--run", "out", "--checkpoint-every", "1"] + words)
        for _ in 0..<3000 {
            let lines = try? String(contentsOf: command.folder.appending(path: "out/history.csv"), encoding: .utf8)
            if lines.map({ $0.split(separator: "\n").count > 3 }) ?? false || !process.isRunning { break }
            usleep(5_000)
        }
        kill(process.processIdentifier, SIGTERM)
        #expect(try command.finish(process).status == 75)
        expectRefused(
            try command("train", "csv", "--resume", "out", "--members", "6"), 64, "another --members", "5 and not 6")
        expectRefused(
            try command("train", "csv", "--resume", "out", "--model", "tabular"), 64, "trains tabm", "not tabular")
        let resumed = try command("train", "csv", "--resume", "out")
        #expect(resumed.status == 0, "\(resumed.errors)")
        #expect(try train(command, "whole", words).status == 0)
        func bytes(_ run: String) throws -> Data {
            try Data(contentsOf: command.folder.appending(path: run + "/model.safetensors"))
        }
        #expect(try bytes("out") == bytes("whole"))
    }

    @Test("its options are kept and read again; members without it are refused")
    func options() throws {
        let command = try command()
        let words = ["train", "csv", "--data", "t.csv", "--target", "label"]
        func printed(_ more: [String]) throws -> Command.Result {
            try command.finish(command.start(words + more + ["--print-config"]))
        }
        let told = try printed(["--model", "tabm", "--members", "8"])
        #expect(told.lines.contains("model: tabm") && told.lines.contains("members: 8"), "\(told.output)")
        try command.write(told.output.utf8, to: "run.yaml")
        #expect(try command("train", "csv", "--config", "run.yaml", "--print-config").output == told.output)
        #expect(try printed(["--model", "tabm"]).lines.contains("members: 32"))
        let plain = try printed([])
        #expect(plain.lines.contains("model: tabular") && !plain.output.contains("members: 32"), "\(plain.output)")
        try command.write(plain.output.utf8, to: "plain.yaml")
        #expect(try command("train", "csv", "--config", "plain.yaml", "--print-config").output == plain.output)
        expectRefused(try printed(["--members", "8"]), 64, "--members 8", "--model tabular has no members")
        expectRefused(try printed(["--model", "tabm", "--members", "0"]), 64, "--members 0", "between 1 and 1024")
        expectRefused(
            try printed(["--model", "tabm", "--dropout", "0.1,0.2,0.3"]), 64, "--dropout 0.1,0.2,0.3", "2 layers")
        let unknown = try printed(["--model", "tree"])
        #expect(unknown.status == 64 && unknown.errors.contains("tabm"), "\(unknown.errors)")
    }
}
