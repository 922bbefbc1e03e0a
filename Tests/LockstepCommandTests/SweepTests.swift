// SPDX-License-Identifier: Apache-2.0
// `lockstep sweep`: which trials there are, what stays of them, and that a sweep goes on where it was ended.
import Foundation
import Testing

@Suite("Command: sweep", .serialized)
struct SweepTests {
    private func text(_ command: Command, _ name: String) throws -> String {
        try String(contentsOf: command.folder.appending(path: name), encoding: .utf8)
    }

    /// The rows of sweep.csv as they lie there.
    private func rows(_ command: Command, _ folder: String) throws -> [[Substring]] {
        try text(command, folder + "/sweep.csv").split(separator: "\n")
            .map { $0.split(separator: ",", omittingEmptySubsequences: false) }
    }

    private func table(_ command: Command) throws {
        let rows = (0..<120).map {
            "\(Double($0 * 37 % 91) / 9),\($0 * 7 % 5),\($0 * $0 % 11 % 3 == 0 ? "yes" : "no")\n"
        }
        try command.write(("x,k,y\n" + rows.joined()).utf8, to: "t.csv")
    }

    private static let table = ["sweep", "csv", "--data", "t.csv", "--target", "y", "--out", "out"]

    private func sweep(_ command: Command, _ words: String...) throws -> Command.Result {
        try command.finish(command.start(Self.table + words))
    }

    // MARK: Going on

    private static let twelve = [
        "sweep", "digits", "--epochs", "300", "--over", "lr=1e-3,3e-3,1e-2,3e-2", "--over", "batch-size=32,64,128",
        "--jobs", "2", "--checkpoint-every", "20", "--out",
    ]

    /// Starts twelve trials, waits for the end of one, ends the sweep with `signal`, and goes on.
    @Test(
        "twelve trials that are ended half-way go on with the same command, to the same table and the same bytes",
        arguments: [SIGTERM, SIGINT, SIGKILL])
    func goesOn(signal: Int32) throws {
        let command = try Command()
        let whole = try command.finish(command.start(Self.twelve + ["whole"]))
        #expect(whole.status == 0, "\(whole.errors)")
        let process = try command.start(Self.twelve + ["out"])
        for _ in 0..<6000 {
            if !process.isRunning || isHalfWay(command) { break }
            usleep(10_000)
        }
        kill(process.processIdentifier, signal)
        let ended = try command.finish(process)
        if signal == SIGKILL {
            #expect(ended.status == SIGKILL)
        } else {
            #expect(ended.status == 75, "\(ended.errors)")
            #expect(ended.errors.contains("the same command goes on in out"), "\(ended.errors)")
        }
        let before = try rows(command, "out").count - 1
        #expect((1..<12).contains(before), "\(before) finished")
        let first = try #require(rows(command, "out").last?.last.map(String.init))
        let kept = try modified(command, first + "/model.safetensors")
        let last = try command.finish(command.start(Self.twelve + ["out"]))
        #expect(last.status == 0, "\(last.errors)")
        #expect(last.output.contains("of 12 trials are finished"), "\(last.output)")
        #expect(try modified(command, first + "/model.safetensors") == kept, "a finished trial was repeated")
        #expect(
            try text(command, "out/sweep.csv").replacing("out/", with: "whole/") == text(command, "whole/sweep.csv"))
        for number in 1...12 {
            let name = (number < 10 ? "/00" : "/0") + "\(number)/model.safetensors"
            let bytes = try ["out", "whole"].map { try Data(contentsOf: command.folder.appending(path: $0 + name)) }
            #expect(bytes[0] == bytes[1], "trial \(number)")
        }
        // One that was in its course was resumed and not begun anew.
        let logs = try (1...12).map { try text(command, "out/" + ($0 < 10 ? "00" : "0") + "\($0).log") }
        #expect(logs.contains { $0.contains("go on with --resume") })
        for log in logs { #expect(log.split(separator: "\n").count { $0.hasPrefix("0 ") } == 1, "\(log)") }
    }

    /// Whether a trial is finished and another one in its course.
    private func isHalfWay(_ command: Command) -> Bool {
        guard command.exists("out/sweep.csv") else { return false }
        return (3...12).contains { number in
            let folder = "out/" + (number < 10 ? "00" : "0") + "\(number)"
            let history = (try? text(command, folder + "/history.csv"))?.split(separator: "\n").count ?? 0
            return (25..<200).contains(history)
        }
    }

    private func modified(_ command: Command, _ name: String) throws -> Date? {
        try FileManager.default.attributesOfItem(atPath: command.folder.appending(path: name).path)[.modificationDate]
            as? Date
    }

    @Test("another command in the same folder is refused with what differs, and nothing of it changes")
    func otherCommand() throws {
        let command = try Command()
        try table(command)
        #expect(try sweep(command, "--epochs", "1", "--over", "lr=1e-3,1e-2").status == 0)
        let before = try text(command, "out/sweep.csv")
        for (words, said) in [
            (["--epochs", "2", "--over", "lr=1e-3,1e-2"], "--epochs is 1, and here 2"),
            (["--epochs", "1", "--over", "lr=1e-3,1e-1"], "--over lr is “1e-3,1e-2”, and here “1e-3,1e-1”"),
            (["--epochs", "1", "--over", "lr=1e-3,1e-2", "--best"], "--best is not given, and here true"),
            (["--epochs", "1", "--over", "seed=1,2"], "--over lr is “1e-3,1e-2”, and here not given"),
            (["--epochs", "1", "--over", "lr=1e-3,1e-2", "--search", "random", "--trials", "1"], "--search is “grid”"),
        ] {
            let refused = try command.finish(command.start(Self.table + words))
            expectRefused(refused, 64, "--out out: holds the sweep of another command", said)
        }
        #expect(try text(command, "out/sweep.csv") == before)
        // What changes no trial is no other command.
        let other = try sweep(command, "--epochs", "1", "--over", "lr=1e-3,1e-2", "--by", "accuracy", "--jobs", "2")
        #expect(other.status == 0 && other.output.contains("best by accuracy (greatest)"), "\(other.errors)")
    }

    // MARK: Trials

    @Test("a grid is every combination, sorted by the column asked for, and each is a run that --config repeats")
    func grid() throws {
        let command = try Command()
        try table(command)
        let result = try sweep(
            command, "--epochs", "2", "--over", "lr=1e-3,1e-1", "--over", "layers=8,[16,8]", "--over",
            "dropout=0.1,0.2", "--jobs", "2", "--by", "accuracy", "--class-weights", "balanced")
        #expect(result.status == 0, "\(result.errors)")
        let rows = try rows(command, "out")
        let head = "trial,lr,layers,dropout,train_loss,valid_loss,accuracy,exit,error,run"
        #expect(try text(command, "out/sweep.csv").hasPrefix(head + "\n") && rows.count == 9)
        let table = try text(command, "out/sweep.csv")
        for combination in ["0.001,8,0.1", "0.001,8,0.2", "0.001,\"16,8\",0.1", "0.1,\"16,8\",0.2"] {
            #expect(table.contains(",\(combination),"), "\(combination): \(table)")
        }
        let found = rows.dropFirst().compactMap { Double($0[$0.count - 4]) }
        #expect(found == found.sorted(by: >) && found.count == 8, "\(found)")
        #expect(result.output.contains("best by accuracy (greatest): trial "))
        // A trial is what `train` makes of its file.
        let file = try text(command, "out/003.yaml").split(separator: "\n").filter {
            !$0.hasPrefix("run:") && !$0.hasPrefix("resume:")
        }
        try command.write(file.joined(separator: "\n").utf8, to: "again.yaml")
        #expect(try command("train", "csv", "--config", "again.yaml", "--run", "again").status == 0)
        let weights = try ["out/003", "again"].map {
            try Data(contentsOf: command.folder.appending(path: $0 + "/model.safetensors"))
        }
        #expect(weights[0] == weights[1])
    }

    @Test("what is drawn follows from the seed, lies in its range, and is never twice the same") func random() throws {
        let command = try Command()
        try table(command)
        func drawn(_ out: String, seed: String) throws -> [[Substring]] {
            let result = try command(
                "sweep", "csv", "--data", "t.csv", "--target", "y", "--epochs", "1", "--over", "lr=1e-4..1e-1",
                "--over", "layers=4..32", "--over", "dropout=0..0.5", "--over", "best=true,false", "--trials", "5",
                "--seed", seed, "--jobs", "2", "--out", out)
            #expect(result.status == 0, "\(result.errors)")
            #expect(result.output.contains("lr from 0.0001 to 0.1, evenly in its logarithm"), "\(result.output)")
            return try rows(command, out).dropFirst().map { Array($0[1...4]) }.sorted { $0[0] < $1[0] }
        }
        let (first, again, other) = (
            try drawn("a", seed: "1"), try drawn("b", seed: "1"), try drawn("c", seed: "2")
        )
        #expect(first == again && first != other && first.count == 5)
        for row in first {
            #expect((1e-4...1e-1).contains(Double(row[0]) ?? 0) && (4...32).contains(Int(row[1]) ?? 0), "\(row)")
            #expect((0...0.5).contains(Double(row[2]) ?? -1), "\(row)")
        }
        let few = try sweep(command, "--epochs", "1", "--over", "seed=1..3", "--search", "random", "--trials", "9")
        #expect(few.status == 0, "\(few.errors)")
        #expect(Set(try rows(command, "out").dropFirst().map { $0[1] }) == ["1", "2", "3"])
    }

    @Test("a trial that keeps its best epoch is ranked by it") func best() throws {
        let command = try Command()
        try table(command)
        let result = try sweep(command, "--epochs", "6", "--lr", "0.1", "--over", "best=true,false")
        #expect(result.status == 0, "\(result.errors)")
        let losses = try text(command, "out/001/history.csv").split(separator: "\n").dropFirst()
            .compactMap { Double($0.split(separator: ",")[2]) }
        let smallest = try #require(losses.min())
        let rows = try rows(command, "out").dropFirst().map { [$0[1], $0[3]] }
        #expect(smallest < losses.last ?? 0, "the last epoch is the best: \(losses)")
        #expect(rows == [["true", "\(smallest)"], ["false", "\(losses.last ?? 0)"]], "\(rows)")
    }

    @Test("halving gives the better half twice the epochs, round after round") func halving() throws {
        let command = try Command()
        try table(command)
        let words = [
            "--epochs", "4", "--over", "lr=1e-4,1e-3,1e-2,1e-1,1", "--search", "halving", "--jobs", "2",
        ]
        let result = try command.finish(command.start(Self.table + words))
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output.contains("5 trials (halving): 5 with 1, 3 with 2, 2 with 4 epochs"), "\(result.output)")
        let rows = try rows(command, "out").dropFirst()
        func losses(_ epochs: Int) -> [(trial: String, loss: Double)] {
            rows.filter { $0[1] == "\(epochs)" }.map { (String($0[0]), Double($0[4]) ?? .nan) }
        }
        #expect(losses(1).count == 5 && losses(2).count == 3 && losses(4).count == 2)
        for (few, many) in [(1, 2), (2, 4)] {
            let better = losses(few).sorted { $0.loss < $1.loss }.prefix(losses(many).count).map(\.trial)
            #expect(Set(losses(many).map(\.trial)) == Set(better), "\(rows)")
        }
        #expect(
            rows.first?[1] == "4"
                && command.exists(
                    "out/\(rows.first?[0].count == 1 ? "00" : "")\(rows.first?[0] ?? "")-4-epochs/model.safetensors")
        )
        let again = try command.finish(command.start(Self.table + words))
        #expect(again.status == 0 && !again.output.contains("\ntrial 0"), "\(again.output)")
    }

    @Test("a trial that fails is a row with its code and its last sentence, and the others go on") func failures()
        throws
    {
        let command = try Command()
        try table(command)
        let words = ["--epochs", "1", "--over", "metric=accuracy,mae,f1", "--over", "lr=1e-3,1e6"]
        let result = try command.finish(command.start(Self.table + words))
        #expect(result.status == 0, "\(result.errors)")
        let rows = try rows(command, "out")
        #expect(rows.count == 7)
        let table = try text(command, "out/sweep.csv")
        #expect(table.components(separatedBy: ",64,\"--metric mae: it is for numbers").count == 3, "\(table)")
        #expect(result.errors.contains("trials failed; trial 00"), "\(result.errors)")
        // It would fail again: the same command does not try.
        let log = try text(command, "out/003.log")
        #expect(try command.finish(command.start(Self.table + words)).status == 0)
        #expect(try text(command, "out/003.log") == log && log.contains("--metric mae"))
        let all = try command(
            "sweep", "csv", "--data", "t.csv", "--target", "nope", "--over", "lr=1,2", "--out", "all")
        #expect(all.status == 66 && all.errors.contains("2 of 2 trials failed"), "\(all.errors)")
    }

    @Test("trials on ranks, with options from a file") func ranks() throws {
        let command = try Command()
        try command.write("epochs: 1\nranks: 2\nlr: 1\nmodel: cnn\nrun: elsewhere\nsave: w\n".utf8, to: "run.yaml")
        let result = try command(
            "sweep", "digits", "--config", "run.yaml", "--over", "lr=1e-3,1e-2", "--out", "out")
        #expect(result.status == 0, "\(result.errors)")
        #expect(!command.exists("elsewhere") && !command.exists("w.safetensors"))
        #expect(try text(command, "out/001.log").contains("cnn of") && text(command, "out/002.log").contains("2 ranks"))
    }

    @Test(
        "what makes no sense is refused before anything is trained",
        arguments: [
            (["--over", "lr"], "KEY=VALUE"), (["--over", "lr="], "with commas between"),
            (["--over", "lr=1,1"], "twice"),
            (["--over", "lr=1..0.5"], "greater one"), (["--over", "lr=0..1"], "greater than 0"),
            (["--over", "lrr=1"], "did you mean lr?"), (["--over", "lr=fast"], "a number"),
            (["--over", "layers=[a]"], "whole numbers"), (["--over", "lr=[1,2]"], "one value"),
            (["--over", "lr={a: 1}"], "one value"), (["--over", "ranks=1,2"], "no option --ranks"),
            (["--over", "lr=1,2", "--lr", "1"], "too"), (["--over", "lr=1,2", "--set", "lr=1"], "too"),
            (["--over", "lr=1,2", "--over", "lr=3"], "twice"), ([], "--over"),
            (["--over", "lr=1,2", "--run", "x"], "--run"), (["--over", "lr=1,2", "--save", "x"], "--save"),
            (["--over", "lr=1,2", "--trials", "1"], "2 combinations"),
            (["--over", "lr=1..2", "--search", "grid"], "a grid needs values"),
            (["--over", "epochs=1,2", "--search", "halving"], "--search halving"),
            (["--over", "seed=1..9223372036854775807"], "within ±2^53"),
            (["--over", "lr=1,2", "--times", "--log", "json"], "--times prints a table"),
            (["--over", "lr=1,2", "--jobs", "0"], "--jobs 0"), (["--over", "lr=1,2", "--resume", "auto"], "--resume"),
        ])
    func refused(_ words: [String], _ said: String) throws {
        let command = try Command()
        try table(command)
        expectRefused(try command.finish(command.start(Self.table + words)), 64, said)
        #expect(!command.exists("out/sweep.json"))
    }

    @Test("a folder with something else in it, and a column that no trial has, are refused") func places() throws {
        let command = try Command()
        try table(command)
        try command.write([], to: "out/file")
        expectRefused(try sweep(command, "--over", "lr=1,2"), 73, "--out out: holds no sweep, but file")
        let column = try command(
            "sweep", "csv", "--data", "t.csv", "--target", "y", "--epochs", "1", "--over", "lr=1,2", "--out", "new",
            "--by", "acc")
        expectRefused(column, 64, "--by acc", "train_loss, valid_loss, accuracy")
        #expect(!command.exists("new/002"))
    }

    @Test("an output that nobody reads ends no sweep") func closedPipe() throws {
        let command = try Command()
        try table(command)
        let program = try #require(Command.program)
        let words = Self.table + ["--epochs", "1", "--over", "lr=1e-3,1e-2,1e-1"]
        let line = "'\(program)' \(words.joined(separator: " ")) | head -1; exit ${PIPESTATUS[0]}"
        let result = try command.finish(command.start(["-c", line], program: "/bin/bash"))
        #expect(result.status == 74, "\(result.errors)")
        #expect(try rows(command, "out").count == 4)
    }
}
