// SPDX-License-Identifier: Apache-2.0
// settings.json: every option that decides the training is in it, comes back when a run goes on, and is not trusted.
import Foundation
import LockstepData
import Testing
import Yams

@Suite("Command: settings", .serialized)
struct SettingsTests {
    private func settings(_ command: Command, _ words: [String]) throws -> [String: Any] {
        let result = try command.finish(command.start(words + ["--print-config"]))
        #expect(result.status == 0, "\(words): \(result.errors)")
        let root = try #require(compose(yaml: result.output)?.mapping)
        let pairs = try root.filter { $0.key.string != "resume" }.map { key, value in
            (Self.key(try #require(key.string)), Self.json(value))
        }
        return Dictionary(uniqueKeysWithValues: pairs)
    }

    /// `block-length` as in settings.json.
    private static func key(_ name: String) -> String {
        let parts = name.split(separator: "-")
        return (parts.first.map(String.init) ?? "") + parts.dropFirst().map(\.capitalized).joined()
    }

    /// A value as in settings.json, where lists are one text.
    private static func json(_ node: Node) -> Any {
        if let sequence = node.sequence {
            return sequence.map { element -> String in
                let text = element.string ?? ""
                return text.contains { ", \"".contains($0) } ? "\"\(text.replacing("\"", with: "\"\""))\"" : text
            }.joined(separator: ",")
        }
        let text = node.string ?? ""
        if node.scalar?.style != .plain { return text }
        let parsed = try? JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed)
        return parsed ?? text
    }

    private func write(_ json: String, to command: Command) throws {
        try command.write(json.utf8, to: "out/settings.json")
    }

    private static let recipes = [
        ["digits"], ["mnist", "--data", "."], ["images", "."], ["csv", "--data", ".", "--target", "y"], ["text", "."],
        ["text-classes", "."],
    ]

    @Test("every option of a recipe is a setting, or belongs to one call", arguments: recipes)
    func complete(_ words: [String]) throws {
        let command = try Command()
        let keys = try Set(settings(command, ["train"] + words).keys)
        #expect(
            keys.isSuperset(of: ["recipe", "model", "epochs", "lr", "batchSize", "seed", "bitwise", "compression"]))
        let page = try command("train", words[0], "--help").output
        // What changes nothing about the training.
        let elsewhere: Set = [
            "run", "ranks", "in-process", "workers", "save", "export", "show-results", "print-config", "resume",
            "overwrite", "checkpoint-every", "keep", "time-limit", "trace", "log-dir", "times", "help", "version",
            "config", "set", "log", "quiet", "tensorboard", "histograms-every",
        ]
        let options = page.split(separator: "\n").compactMap { $0.firstMatch(of: /^  (?:-h, )?--([a-z-]+)/)?.1 }
        #expect(options.count > 15)
        for option in options where !elsewhere.contains(String(option)) {
            #expect(keys.contains(Self.key(String(option))), "--\(option) of \(words[0]) is not in settings.json")
        }
    }

    @Test("what was given comes back, as if it were given again") func restored() throws {
        let command = try Command()
        try command.write("abc".utf8, to: "t.txt")
        for words in [
            [
                "digits", "--model", "cnn", "--augment", "--epochs", "7", "--lr", "0.5", "--batch-size", "9", "--seed",
                "3",
            ],
            ["digits", "--bitwise", "--seed", "18446744073709551615"], ["digits", "--model", "cnn", "--tta"],
            ["images", ".", "--size", "32", "--no-augment", "--model", "mlp", "--compression", "bf16"],
            ["csv", "--data", ".", "--target", "y", "--lr", "1e-4"],
            ["text-classes", "t.txt", "--text", "a", "--pair", "b", "--target", "c", "--max-length", "9"],
            [
                "csv", "--data", ".", "--target", "y", "--task", "counts", "--categorical", "a,\"b, c\"",
                "--continuous",
                "d", "--ignore", "\" e\",f", "--dates", "none", "--cyclic-dates", "--max-categories", "7",
                "--most-categories",
                "50", "--delimiter", ";", "--decimal", "comma", "--missing", "-9,x", "--no-header", "--split-seed", "3",
                "--valid-fraction", "0.25", "--metric", "mae", "--layers", "50,20", "--dropout", "0.1",
            ],
            [
                "csv", "--data", ".", "--target", "y", "--split-column", "v", "--class-weights", "balanced",
                "--early-stop",
                "3", "--best",
            ],
            ["csv", "--data", ".", "--target", "y", "--stratify", "--header", "--task", "classes"],
            [
                "text", "t.txt", "--model", "lstm", "--tokens", "words", "--width", "36", "--layers", "3",
                "--block-length", "5", "--sample", "7", "--prompt", "a\"b\n", "--temperature", "0.5", "--top-k", "2",
            ],
        ] {
            let given = try settings(command, ["train"] + words)
            try command.write(JSONSerialization.data(withJSONObject: given), to: "out/settings.json")
            let required = Array(
                words.prefix(words[0] == "csv" ? 5 : words[0] == "digits" ? 1 : 2))
            let restored = try settings(command, ["train"] + required + ["--resume", "out"])
            #expect(restored as NSDictionary == given as NSDictionary)
            let again = try settings(command, ["train"] + words + ["--resume", "out"])
            #expect(again as NSDictionary == given as NSDictionary)
        }
    }

    private static let good = #"{"recipe":"digits","model":"cnn","epochs":20,"lr":0.02,"batchSize":64,"seed":42}"#

    @Test("a file of an older program is enough where it says everything; otherwise what it lacks is named")
    func older() throws {
        let command = try Command()
        try write(Self.good, to: command)
        let restored = try settings(command, ["train", "digits", "--resume", "out"])
        #expect(restored["model"] as? String == "cnn" && restored["bitwise"] as? Bool == false)
        try write(
            #"{"recipe":"images","model":"cnn","epochs":9,"lr":0.02,"batchSize":64,"seed":42,"data":".","augment":false}"#,
            to: command)
        expectRefused(
            try command("train", "images", ".", "--resume", "out"), 66, "out/settings.json", "does not say size")
        let told = try settings(command, ["train", "images", ".", "--resume", "out", "--size", "32"])
        #expect(told["size"] as? Int == 32 && told["augment"] as? Bool == false && told["epochs"] as? Int == 9)
        try write(
            #"{"recipe":"text","model":"gpt","epochs":9,"lr":0.02,"batchSize":64,"seed":42,"data":".","blockLength":8}"#,
            to: command)
        let words = ["--tokens", "words", "--width", "64", "--layers", "2"]
        for count in [0, 2, 4] {
            let lacking = try command.finish(
                command.start(["train", "text", ".", "--resume", "out"] + words.prefix(count)))
            expectRefused(lacking, 66, "does not say \(words[count].dropFirst(2))", "give \(words[count])")
        }
        #expect(try settings(command, ["train", "text", ".", "--resume", "out"] + words)["blockLength"] as? Int == 8)
    }

    @Test(
        "an option that contradicts the run is refused, whichever it is",
        arguments: [
            ("--seed", "42"), ("--epochs", "20"), ("--lr", "0.02"), ("--batch-size", "64"), ("--model", "mlp"),
            ("--compression", "none"), ("--bitwise", nil), ("--augment", nil),
        ])
    func contradicted(_ option: String, _ usual: String?) throws {
        let command = try Command()
        let other = [
            "--seed": "43", "--epochs": "7", "--lr": "0.5", "--batch-size": "9", "--model": "cnn",
            "--compression": "bf16",
        ]
        // A run that was given something unusual, gone on with by somebody who says the usual.
        var words = ["train", "digits"]
        if option == "--augment" { words += ["--model", "cnn"] }
        let given = try settings(command, words + (usual == nil ? [] : [option, other[option] ?? ""]))
        try command.write(JSONSerialization.data(withJSONObject: given), to: "out/settings.json")
        let refused = try command.finish(
            command.start(["train", "digits", "--resume", "out", option] + (usual.map { [$0] } ?? [])))
        expectRefused(refused, 64, "--resume out", option == "--model" ? "trains cnn" : option)
    }

    @Test(
        "a value that is out of range, of another kind or unknown is refused with file, key and value",
        arguments: [
            (#""epochs":20"#, #""epochs":-3"#), (#""epochs":20"#, #""epochs":0"#), (#""epochs":20"#, #""epochs":"3""#),
            (#""epochs":20"#, #""epochs":3.5"#), (#""epochs":20"#, #""epochs":true"#),
            (#""epochs":20"#, #""epochs":null"#),
            (#""epochs":20"#, #""epochs":[3]"#), (#""epochs":20"#, #""epochs":9223372036854775807"#),
            (#""epochs":20"#, #""epochs":92233720368547758070"#), (#""epochs":20"#, #""epochs":1e300"#),
            (#""batchSize":64"#, #""batchSize":0"#), (#""batchSize":64"#, #""batchSize":-5"#),
            (#""batchSize":64"#, #""batchSize":9223372036854775807"#), (#""lr":0.02"#, #""lr":-1"#),
            (#""lr":0.02"#, #""lr":0"#), (#""lr":0.02"#, #""lr":NaN"#), (#""lr":0.02"#, #""lr":"nan""#),
            (#""lr":0.02"#, #""lr":1e308"#), (#""lr":0.02"#, #""lr":1e400"#), (#""lr":0.02"#, #""lr":-Infinity"#),
            (#""seed":42"#, #""seed":-1"#), (#""seed":42"#, #""seed":1.5"#), (#""model":"cnn""#, #""model":"tree""#),
            (#""model":"cnn""#, #""model":3"#),
        ])
    func refused(_ usual: String, _ bad: String) throws {
        let command = try Command()
        try write(Self.good.replacing(usual, with: bad), to: command)
        #expect(Self.good.contains(usual))
        let parts = bad.split(separator: ":")
        let (key, value) = (String(parts[0].replacing("\"", with: "")), String(parts[1].replacing("\"", with: "")))
        let shown =
            ["[3]": "a list", "1e300": "1e+300", "1e308": "1e+308", "92233720368547758070": "e+19"][value] ?? value
        for ranks in [[], ["--in-process", "2"]] {
            let result = try command.finish(command.start(["train", "digits", "--resume", "out"] + ranks))
            expectRefused(result, 66, "out/settings.json: \(key) is ", shown)
        }
    }

    @Test("other options, unknown keys and files that are none are refused, too") func others() throws {
        let command = try Command()
        func expect(_ json: String, _ words: String..., recipe: [String] = ["digits"], status: Int32 = 66) throws {
            try write(json, to: command)
            let result = try command.finish(command.start(["train"] + recipe + ["--resume", "out"]))
            for word in words { expectRefused(result, status, word) }
        }
        func with(_ more: String) -> String { Self.good.replacing(#""seed":42"#, with: #""seed":42,"# + more) }
        try expect(with(#""momentum":0.9"#), "out/settings.json: momentum is no setting")
        try expect(with(#""bitwise":1"#), "bitwise is 1", "true or false")
        try expect(with(#""compression":"zip""#), "compression is “zip”", "none, bf16")
        try expect(with(#""bitwise":true,"compression":"bf16""#), "out/settings.json: bitwise is true", "exclude")
        try expect(
            Self.good.replacing("cnn", with: "mlp").replacing("42", with: #"42,"augment":true"#), "augment is true")
        try expect("{}", "does not say the recipe")
        try expect("[1]", "no JSON object")
        try expect("", "no JSON object")
        try expect(String(Self.good.dropLast(9)), "no JSON object")
        try expect(Self.good.replacing("digits", with: "mnist"), "the recipe mnist", status: 64)
        let text =
            #"{"recipe":"text","model":"lstm","epochs":9,"lr":0.02,"batchSize":64,"seed":42,"data":".","blockLength":8,"tokens":"words","width":32,"layers":1,"topK":null}"#
        for (usual, bad) in [
            (#""width":32"#, #""width":30"#), (#""width":32"#, #""width":0"#), (#""layers":1"#, #""layers":1025"#),
            (#""blockLength":8"#, #""blockLength":0"#), (#""tokens":"words""#, #""tokens":"bytes""#),
            (#""topK":null"#, #""topK":0"#), (#""topK":null"#, #""temperature":-1"#),
            (#""topK":null"#, #""prompt":"""#),
            (#""topK":null"#, #""sample":-1"#),
        ] {
            let key = bad.split(separator: "\"")[0]
            try expect(text.replacing(usual, with: bad), "out/settings.json: \(key) is ", recipe: ["text", "."])
        }
        try expect(
            #"{"recipe":"csv","model":"tree","epochs":9,"lr":0.02,"batchSize":64,"seed":42,"data":".","target":"y"}"#,
            "model is “tree”", recipe: ["csv", "--data", ".", "--target", "y"])
    }

    // MARK: Runs

    /// Stops a run in its course and goes on with it, and runs another one through: the weights of both.
    private func weights(_ command: Command, _ words: [String], resume: [String]) throws -> (resumed: Data, whole: Data)
    {
        let process = try command.start(["train"] + words + ["--epochs", "40", "--run", "out"])
        for _ in 0..<6000 where process.isRunning {
            let history = try? String(contentsOf: command.folder.appending(path: "out/history.csv"), encoding: .utf8)
            if history?.split(separator: "\n").count ?? 0 > 2 { break }
            usleep(10_000)
        }
        kill(process.processIdentifier, SIGTERM)
        let stopped = try command.finish(process)
        #expect(stopped.status == 75, "\(stopped.errors)")
        let resumed = try command.finish(command.start(["train"] + resume + ["--resume", "out"]))
        #expect(resumed.status == 0, "\(resumed.errors)")
        let whole = try command.finish(command.start(["train"] + words + ["--epochs", "40", "--run", "whole"]))
        #expect(whole.status == 0, "\(whole.errors)")
        func weights(_ run: String) throws -> Data {
            try Data(contentsOf: command.folder.appending(path: run + "/model.safetensors"))
        }
        return (try weights("out"), try weights("whole"))
    }

    @Test(
        "images of another size, stopped and resumed, leave the bytes of an uninterrupted run",
        .enabled(if: ImageFile.readsPNG))
    func images() throws {
        let command = try Command()
        for number in 0..<24 {
            let pixels = (0..<144).map { UInt8(truncatingIfNeeded: $0 * (number % 2 == 0 ? 7 : 3) + number) }
            let png = try #require(PNGWriter.encode(pixels, width: 12, height: 12, channels: 1))
            try command.write(png, to: "set/\(number % 2)/\(number).png")
        }
        let (resumed, whole) = try weights(
            command, ["images", "set", "--size", "12", "--model", "mlp", "--batch-size", "8"],
            resume: ["images", "set"])
        #expect(resumed == whole && whole.count > 3 * 12 * 12 * 128 * 4)
        // One image has many values per channel: enough for batch normalisation.
        let single = try command("train", "images", "set", "--size", "12", "--batch-size", "1", "--epochs", "1")
        #expect(single.status == 0, "\(single.errors)")
    }

    @Test("so does a text of words with a small LSTM") func text() throws {
        let command = try Command()
        try command.write(
            Array(repeating: "the cat sat on the mat . a dog ran .\n", count: 60).joined().utf8, to: "t.txt")
        let (resumed, whole) = try weights(
            command,
            [
                "text", "t.txt", "--tokens", "words", "--model", "lstm", "--width", "16", "--layers", "2",
                "--block-length", "8", "--batch-size", "16", "--sample", "3", "--temperature", "0",
            ], resume: ["text", "t.txt"])
        #expect(resumed == whole)
    }

    @Test("so does a table that was told everything, with the best epoch's model") func table() throws {
        let command = try Command()
        let rows = (0..<400).map { (row: Int) -> String in
            "\(Double(row * 37 % 91) / 9);\(row * 7 % 5);2024-0\(1 + row % 3)-\(10 + row % 19);\(row * row % 11 % 3)\n"
        }
        try command.write(("x;k;day;y\n" + rows.joined()).utf8, to: "t.csv")
        let data = ["csv", "--data", "t.csv", "--target", "y"]
        let (resumed, whole) = try weights(
            command,
            data + [
                "--task", "classes", "--stratify", "--split-seed", "5", "--class-weights", "balanced", "--metric", "f1",
                "--layers", "200,20", "--dropout", "0.1", "--best", "--early-stop", "39", "--cyclic-dates",
                "--most-categories", "4", "--batch-size", "8",
            ], resume: data)
        #expect(resumed == whole && whole.count > 4 * 200 * 20)
    }

    @Test("a batch of one row is refused before training, where batch normalisation needs more", arguments: [1, 2])
    func singleRow(ranks: Int) throws {
        let command = try Command()
        let rows = (0..<50).map { "\(Double($0) / 50),\($0 % 3 == 0 ? "yes" : "no")" }
        try command.write(("x,answer\n" + rows.joined(separator: "\n") + "\n").utf8, to: "t.csv")
        let words = ["train", "csv", "--data", "t.csv", "--target", "answer", "--batch-size", "1", "--epochs", "1"]
        let refused = try command.finish(command.start(words + ["--in-process", "\(ranks)"]))
        expectRefused(refused, 64, "--batch-size 1", "batch normalisation", "--batch-size 2")
    }
}
