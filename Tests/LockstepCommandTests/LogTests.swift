// SPDX-License-Identifier: Apache-2.0
// --log json and --quiet: what a program reads of a run, and nothing at all.
import Foundation
import LockstepData
import Testing

@Suite("Command: logs", .serialized)
struct LogTests {
    /// Every line of standard output as an object.
    private func events(_ result: Command.Result) throws -> [[String: Any]] {
        try result.lines.map { line in
            let object = try? JSONSerialization.jsonObject(with: Data(line.utf8))
            return try #require(object as? [String: Any], "no JSON object: \(line)")
        }
    }

    private func data(_ command: Command) throws {
        let rows = (0..<90).map {
            "\(Double($0 * 37 % 91) / 9),word\($0 % 7) a b,\($0 * $0 % 11 % 3 == 0 ? "yes" : "no")\n"
        }
        try command.write(("x,text,label\n" + rows.joined()).utf8, to: "t.csv")
        try command.write(Array(repeating: "the cat sat on the mat .\n", count: 60).joined().utf8, to: "t.txt")
        for number in 0..<24 where ImageFile.readsPNG {
            let pixels = (0..<144).map { UInt8(truncatingIfNeeded: $0 * (number % 3 == 0 ? 7 : 3) + number) }
            let png = try #require(PNGWriter.encode(pixels, width: 12, height: 12, channels: 1))
            try command.write(png, to: "set/\(number % 3 == 0 ? "a" : "b")/\(number).png")
        }
    }

    private static let recipes: [[String]] =
        [
            ["digits", "--class-weights", "balanced"],
            ["csv", "--data", "t.csv", "--target", "label", "--best", "--early-stop", "1", "--show-results"],
            [
                "text", "t.txt", "--width", "16", "--layers", "1", "--block-length", "8", "--sample", "3",
                "--show-results",
            ],
            ["text-classes", "t.csv", "--max-length", "8", "--class-weights", "balanced"],
        ]
        + (ImageFile.readsPNG
            ? [["images", "set", "--size", "12", "--model", "mlp", "--batch-size", "8", "--class-weights", "balanced"]]
            : [])

    @Test(
        "each recipe's log is a line for the run, one for each epoch and one for the end, on ranks as in one process",
        arguments: recipes, [["--in-process", "1"], ["--ranks", "2"]])
    func json(recipe: [String], ranks: [String]) throws {
        let command = try Command()
        try data(command)
        let words = ["train"] + recipe + ["--epochs", "2", "--run", "out", "--log", "json"] + ranks
        let result = try command.finish(command.start(words))
        #expect(result.status == 0, "\(result.errors)")
        let events = try events(result)
        let names = events.compactMap { $0["event"] as? String }
        #expect(names.first == "begin" && names.last == "end" && names.count == events.count)
        #expect(names.dropFirst().dropLast().allSatisfy { $0 == "epoch" } && (3...4).contains(names.count), "\(names)")
        #expect(events.first?["ranks"] as? Int == (ranks[0] == "--ranks" ? 2 : 1))
        let settings = try #require(events.first?["settings"] as? [String: Any])
        let written = try JSONSerialization.jsonObject(
            with: Data(contentsOf: command.folder.appending(path: "out/settings.json")))
        #expect(settings as NSDictionary == written as? NSDictionary)
        // The same numbers as in history.csv.
        let history = try CSV.read(command.folder.appending(path: "out/history.csv").path)
        for (line, loss) in zip(result.lines.dropFirst(), try history.column("valid_loss").texts) {
            #expect(line.contains("\"valid_loss\":\(loss ?? "null"),"), "\(line)")
        }
        #expect(events.last?["folder"] as? String == "out" && (events.last?["files"] as? [String])?.count ?? 0 > 3)
    }

    @Test("what is no number is null, and the code says it, too") func undefined() throws {
        let command = try Command()
        let result = try command("train", "digits", "--epochs", "2", "--lr", "1e6", "--run", "out", "--log", "json")
        #expect(result.status == 65)
        let events = try events(result)
        #expect(events.last?["event"] as? String == "end" && events.last?["valid_loss"] is NSNull, "\(result.output)")
        #expect(!result.output.contains("nan") && result.errors.contains("not a number"))
    }

    @Test("a run that is stopped says so, goes on in the same form, and is found complete") func resumed() throws {
        let command = try Command()
        let process = try command.start(
            ["train", "digits", "--epochs", "300", "--run", "out", "--log", "json"])
        let history = command.folder.appending(path: "out/history.csv")
        for _ in 0..<3000 where process.isRunning {
            if let text = try? String(contentsOf: history, encoding: .utf8), text.split(separator: "\n").count > 3 {
                break
            }
            usleep(10_000)
        }
        kill(process.processIdentifier, SIGTERM)
        let stopped = try command.finish(process)
        let first = try events(stopped)
        #expect(stopped.status == 75 && first.last?["event"] as? String == "stopped", "\(stopped.errors)")
        let resumed = try command("train", "digits", "--resume", "out", "--log", "json")
        #expect(resumed.status == 0, "\(resumed.errors)")
        let second = try events(resumed)
        let epochs = (first + second).compactMap { $0["epoch"] as? Int }
        #expect(epochs == Array(0..<300), "\(epochs)")
        let again = try events(command("train", "digits", "--resume", "out", "--log", "json"))
        #expect(again.count == 1 && again.first?["event"] as? String == "complete")
    }

    @Test("--quiet prints nothing but errors and warnings", arguments: recipes) func quiet(recipe: [String]) throws {
        let command = try Command()
        try data(command)
        let result = try command.finish(
            command.start(["train"] + recipe + ["--epochs", "1", "--run", "out", "--quiet"]))
        #expect(result.status == 0 && result.output.isEmpty && result.errors.isEmpty, "\(result)")
        #expect(command.exists("out/export.bundle") && command.exists("out/history.csv"))
        let again = try command.finish(command.start(["train"] + recipe + ["--resume", "out", "--quiet"]))
        #expect(again.status == 0 && again.output.isEmpty && again.errors.isEmpty, "\(again)")
        let diverged = try command("train", "digits", "--epochs", "2", "--lr", "1e6", "--quiet")
        #expect(diverged.status == 65 && diverged.output.isEmpty && diverged.errors.contains("not a number"))
    }

    @Test("lr-find and sweep have both forms, too") func others() throws {
        let command = try Command()
        try data(command)
        let found = try events(command("lr-find", "digits", "--iterations", "40", "--log", "json"))
        #expect(found.map { $0["event"] as? String } == ["begin", "end"])
        #expect(found.last?["suggestions"] is [String: Any])
        let silent = try command("lr-find", "digits", "--iterations", "40", "--quiet", "--run", "found")
        #expect(silent.output.isEmpty && command.exists("found/lr-find.svg"), "\(silent)")
        let words = ["sweep", "csv", "--data", "t.csv", "--target", "label", "--epochs", "1", "--over", "lr=1e-3,1e-2"]
        let sweep = try events(command.finish(command.start(words + ["--out", "a", "--log", "json"])))
        #expect(sweep.map { $0["event"] as? String } == ["begin", "trial", "trial", "end"])
        #expect(((sweep.last?["best"] as? [String: Any])?["options"] as? [String: Any])?["lr"] is Double)
        let quiet = try command.finish(command.start(words + ["--out", "b", "--quiet"]))
        #expect(quiet.status == 0 && quiet.output.isEmpty && command.exists("b/sweep.csv"), "\(quiet)")
    }

    @Test("forms that exclude each other are refused") func refused() throws {
        let command = try Command()
        expectRefused(try command("train", "digits", "--quiet", "--log", "json"), 64, "--quiet and --log json")
        expectRefused(try command("train", "digits", "--times", "--log", "json"), 64, "--times", "--log json")
        expectRefused(try command("train", "digits", "--times", "--quiet"), 64, "--times", "--quiet")
        expectRefused(try command("train", "digits", "--log", "xml"), 64, "--log", "'table' and 'json'")
        try command.write("quiet: true\ntimes: true\n".utf8, to: "run.yaml")
        expectRefused(try command("train", "digits", "--config", "run.yaml"), 66, "run.yaml: --times")
    }

    // MARK: What is shown and weighed

    @Test("a language model's results are texts, not numbers of tokens", arguments: ["characters", "words"])
    func texts(tokens: String) throws {
        let command = try Command()
        try data(command)
        let result = try command(
            "train", "text", "t.txt", "--epochs", "1", "--width", "16", "--layers", "1", "--block-length", "12",
            "--tokens", tokens, "--sample", "0", "--show-results", "--run", "out")
        #expect(result.status == 0, "\(result.errors)")
        let rows = result.lines.drop { !$0.hasPrefix("input ") }.dropFirst().prefix { !$0.hasPrefix("validation") }
        #expect(!rows.isEmpty, "\(result.output)")
        for row in rows { #expect(row.contains("a") && !row.contains { $0.isNumber }, "\(row)") }
        let page = try String(contentsOf: command.folder.appending(path: "out/results.html"), encoding: .utf8)
        #expect(page.contains("cat") && !page.contains("int64"))
    }

    @Test(
        "--class-weights balanced weighs classes by the training items of each recipe",
        arguments: recipes.filter { $0.contains("--class-weights") })
    func weights(recipe: [String]) throws {
        let command = try Command()
        try data(command)
        func losses(_ words: [String], _ run: String) throws -> [String?] {
            let common = ["--epochs", "1", "--run", run, "--quiet"]
            let result = try command.finish(command.start(["train"] + words + common))
            #expect(result.status == 0, "\(result.errors)")
            return try CSV.read(command.folder.appending(path: run + "/history.csv").path).column("valid_loss").texts
        }
        let plain = recipe.filter { $0 != "--class-weights" && $0 != "balanced" }
        #expect(try losses(recipe, "weighted") != losses(plain, "plain"))
        #expect(try losses(plain + ["--set", "class-weights=none"], "none") == losses(plain, "again"))
    }
}
