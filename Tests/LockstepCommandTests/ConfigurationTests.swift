// SPDX-License-Identifier: Apache-2.0
// --config, --set and --print-config: one file says what options say, and nothing in it is trusted.
import Foundation
import Testing

@Suite("Command: configuration", .serialized)
struct ConfigurationTests {
    private func table(_ command: Command) throws {
        let rows = (0..<120).map { (row: Int) -> String in
            "\(Double(row * 37 % 91) / 9),\(row * 7 % 5),\(row * row % 11 % 3 == 0 ? "yes" : "no")\n"
        }
        try command.write(("x,\"a, b\",y\n" + rows.joined()).utf8, to: "t.csv")
    }

    private func run(_ command: Command, _ words: String...) throws -> Command.Result {
        try command.finish(command.start(words))
    }

    /// What a run leaves that says how it trained; history.csv without the times.
    private func bytes(_ command: Command, _ run: String) throws -> [Data] {
        func data(_ name: String) throws -> Data {
            try Data(contentsOf: command.folder.appending(path: "\(run)/\(name)"))
        }
        let history = String(decoding: try data("history.csv"), as: UTF8.self).split(separator: "\n").map {
            $0.split(separator: ",").dropLast().joined(separator: ",")
        }
        let others = try ["model.safetensors", "export.bundle", "predictions.csv", "settings.json"].map(data)
        return [Data(history.joined(separator: "\n").utf8)] + others
    }

    @Test("what --print-config printed trains the same bytes, and so does what the run wrote", arguments: [1, 2])
    func sameBytes(ranks: Int) throws {
        let command = try Command()
        try table(command)
        let words = [
            "train", "csv", "--data", "t.csv", "--target", "y", "--layers", "24,12", "--dropout", "0.1,0.2", "--lr",
            "1e-5", "--epochs", "3", "--class-weights", "balanced", "--stratify", "--metric", "f1", "--ignore",
            "\"a, b\"",
        ]
        let printed = try command.finish(command.start(words + ["--print-config"]))
        #expect(printed.status == 0 && printed.errors.isEmpty && !command.exists("runs"), "\(printed.errors)")
        try command.write(printed.output.utf8, to: "run.yaml")
        let ranksWords = ["--in-process", "\(ranks)"]
        for (name, words) in [
            ("plain", words), ("file", ["train", "csv", "--config", "run.yaml"]),
            ("written", ["train", "csv", "--config", "plain/settings.json"]),
        ] {
            // A bundle says which folder it was made in.
            let result = try command.finish(command.start(words + ["--run", "out"] + ranksWords))
            #expect(result.status == 0, "\(result.errors)")
            try FileManager.default.moveItem(
                at: command.folder.appending(path: "out"), to: command.folder.appending(path: name))
        }
        let plain = try bytes(command, "plain")
        #expect(try bytes(command, "file") == plain)
        #expect(try bytes(command, "written") == plain)
        let again = try run(command, "train", "csv", "--config", "run.yaml", "--print-config")
        #expect(again.output == printed.output)
    }

    @Test("a file serves ranks that are processes, and says what belongs to one call, too") func calls() throws {
        let command = try Command()
        let file = "epochs: 1\nranks: 2\nrun: out\nsave: w\ncheckpoint-every: 2\nworkers: 1\ntimes: true\n"
        try command.write(file.utf8, to: "run.yaml")
        let result = try run(command, "train", "digits", "--config", "run.yaml")
        #expect(result.status == 0 && result.output.contains("2 ranks (processes)"), "\(result.errors)")
        #expect(command.exists("out/export.bundle") && command.exists("w.safetensors"))
        #expect(result.lines.count { $0.hasPrefix("rank 1 ") } == 1, "\(result.output)")
    }

    @Test("the command line comes before --set, --set before the file, and none of them is said twice")
    func precedence() throws {
        let command = try Command()
        try command.write("lr: 0.5\nepochs: 7\nmodel: cnn\nseed: 3\naugment: true\n".utf8, to: "run.yaml")
        let file = ["train", "digits", "--config", "run.yaml", "--print-config"]
        let result = try command.finish(
            command.start(file + ["--lr", "0.25", "--set", "epochs=9", "--set", "augment=false"]))
        for line in ["lr: 0.25", "epochs: 9", "seed: 3", "model: cnn", "augment: false"] {
            #expect(result.lines.contains(Substring(line)), "\(line): \(result.output)\(result.errors)")
        }
        expectRefused(
            try command.finish(command.start(file + ["--set", "lr=1", "--lr", "1"])), 64, "--set lr=1", "give it once")
        expectRefused(
            try command.finish(command.start(file + ["--set", "lr=1", "--set", "lr=2"])), 64, "--set lr=2", "twice")
        expectRefused(try run(command, "train", "digits", "--set", "lr"), 64, "--set lr", "KEY=VALUE")
        expectRefused(try run(command, "train", "digits", "--set", "lr=x"), 64, "--set lr=x", "a number is needed")
        expectRefused(try run(command, "train", "digits", "--set", "lrr=1"), 64, "--set lrr=1", "did you mean lr?")
    }

    @Test("places of data can be in the file, where the command line asks for them otherwise") func places() throws {
        let command = try Command()
        for (recipe, option) in [
            ("csv", "--data <file>"), ("mnist", "--data <folder>"), ("images", "<folder>"), ("text", "<file>"),
            ("text-classes", "<csv>"),
        ] {
            expectRefused(try run(command, "train", recipe), 64, "'\(option)'", "lockstep train \(recipe) --help")
            let told = try run(
                command, "train", recipe, "--set", "data=there", recipe == "csv" ? "--target" : "--seed", "3",
                "--print-config")
            #expect(told.status == 0 && told.lines.contains("data: there"), "\(told.errors)")
        }
        expectRefused(try run(command, "lr-find", "images"), 64, "'<folder>'", "lockstep lr-find images --help")
    }

    @Test("a column may be called like a number, a list may be written as one") func kinds() throws {
        let command = try Command()
        let file = """
            data: "t.csv"
            target: 2024
            categorical: [true, 'a, b', 7]
            continuous: x,y
            layers: [64]
            dropout: 0.5
            decimal: comma   # as in Europe
            delimiter: ";"
            """
        try command.write(file.utf8, to: "run.yaml")
        let result = try run(command, "train", "csv", "--config", "run.yaml", "--print-config")
        for line in [
            "target: \"2024\"", "categorical: [true, 'a, b', 7]", "continuous: [x, y]", "layers: [64]",
            "dropout: [0.5]",
            "delimiter: ;",
        ] { #expect(result.lines.contains(Substring(line)), "\(line): \(result.output)\(result.errors)") }
    }

    @Test("a file for training serves lr-find, which leaves alone what is not its own") func finder() throws {
        let command = try Command()
        try command.write("recipe: digits\nepochs: 3\nlr: 1\nbatch-size: 32\nsave: x\n".utf8, to: "run.yaml")
        let result = try run(
            command, "lr-find", "digits", "--config", "run.yaml", "--set", "iterations=20", "--print-config")
        #expect(result.status == 0 && result.lines.contains("batch-size: 32"), "\(result.errors)")
        #expect(result.lines.contains("iterations: 20") && !result.output.contains("epochs"))
        expectRefused(
            try run(command, "lr-find", "digits", "--config", "run.yaml", "--set", "start=11"), 66, "--start 11.0")
        // What is told for this run alone is not overlooked.
        expectRefused(try run(command, "lr-find", "digits", "--set", "epochs=3"), 64, "has no option --epochs")
    }

    @Test("a run that goes on is not told something else by a file") func resumed() throws {
        let command = try Command()
        try command.write(
            #"{"recipe":"digits","model":"cnn","epochs":20,"lr":0.02,"batchSize":64,"seed":42}"#.utf8,
            to: "out/settings.json")
        try command.write("lr: 0.5\n".utf8, to: "run.yaml")
        expectRefused(
            try run(command, "train", "digits", "--resume", "out", "--config", "run.yaml"), 64, "run.yaml:1",
            "another --lr")
        let same = try run(command, "train", "digits", "--resume", "out", "--set", "lr=0.02", "--print-config")
        #expect(same.status == 0 && same.lines.contains("model: cnn"), "\(same.errors)")
    }

    @Test(
        "what is wrong with a file is said with its line, the key and what is needed",
        arguments: [
            ("lr: fast\n", ":1: lr is “fast”: a number is needed"), ("seed: 1\nlr: [1, 2]\n", ":2: lr is a list"),
            ("lr: {a: 1}\n", "lr is a mapping"), ("epoch: 3\n", "did you mean epochs?"),
            ("batch_size: 3\n", "batch-size?"),
            ("lr: 1\nlr: 2\n", "lr is there twice"), ("batchSize: 3\nbatch-size: 3\n", ":2: batch-size is there twice"),
            ("recipe: csv\n", "recipe is “csv”: this is train digits"), ("model: tree\n", "mlp, cnn"),
            ("lr: \u{0}\n", "no YAML"), ("", "is empty"), ("# nothing\n", "is empty"), ("[1]\n", "is no mapping"),
            ("word\n", "is no mapping"), ("lr: 1\n---\nlr: 2\n", "another document"), ("lr: \"a\n", ":2: is no YAML"),
            ("lr: &a 1\nseed: *a\n", "anchors are not read"), ("lr: *a\n", "undefined alias"),
            ("\tlr: 1\n", ":1: is no YAML"), ("epochs: 0\n", "at least 1"), ("epochs: null\n", "whole number"),
            ("epochs: 1.5\n", "whole number"), ("epochs: '3'\n", "whole number"), ("bitwise: yes\n", "true or false"),
            ("augment: true\n", "run.yaml:1: augment is true: needs images"), ("lr: 1e400\n", "a number"),
            ("lr: .nan\n", "a number"), ("seed: 18446744073709551616\n", "between 0 and"), ("workers: 999\n", "256"),
            ("ranks: 2\nin-process: 2\n", "run.yaml: --ranks"), ("? [a]\n: 1\n", "a key is a list"),
            ("config: run.yaml\n", "no option --config"), ("<<: {lr: 1}\n", "no option --<<"),
            ("lr: " + String(repeating: "[", count: 100_000), "nested too deeply"),
            (String(repeating: "- ", count: 100_000), "nested too deeply"),
            (String(repeating: "#", count: 1 << 21), "the limit is"),
        ])
    func refused(_ text: String, _ words: String) throws {
        let command = try Command()
        try command.write(text.utf8, to: "run.yaml")
        expectRefused(
            try run(command, "train", "digits", "--config", "run.yaml", "--run", "out"), 66, "run.yaml", words)
        #expect(!command.exists("out"))
    }

    @Test("a file that is none, or in another encoding, is refused") func others() throws {
        let command = try Command()
        try command.write([0x6c, 0x72, 0x3a, 0x20, 0x31, 0x0a, 0xff, 0xfe], to: "run.yaml")
        expectRefused(
            try run(command, "train", "digits", "--config", "run.yaml"), 66, "run.yaml:2: is no text in UTF-8")
        expectRefused(
            try run(command, "train", "digits", "--config", "no.yaml"), 66, "--config no.yaml", "No such file")
        expectRefused(try run(command, "train", "digits", "--config", "."), 66, "--config .", "is a folder")
        expectRefused(try run(command, "train", "digits", "--config", ""), 64, "--config", "name a file")
    }
}
