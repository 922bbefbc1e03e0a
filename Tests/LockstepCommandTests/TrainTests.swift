// SPDX-License-Identifier: Apache-2.0
// `lockstep train` on one rank, on processes and on threads: the same rows, the files, and the end of a killed rank.
import Foundation
import Testing

@Suite("Command: train", .serialized)
struct TrainTests {
    /// The rows between the header and the summary, as numbers.
    private func rows(_ result: Command.Result) -> [[Double]] {
        result.lines.filter { $0.first?.isNumber == true }.map {
            $0.split(separator: " ").dropLast().compactMap { Double($0) }
        }
    }

    @Test("the printed rows are the same on 1 rank, 2 processes and 3 threads")
    func sameRows() throws {
        let command = try Command()
        let base = ["train", "digits", "--epochs", "3", "--seed", "1"]
        let alone = rows(try command.finish(command.start(base)))
        #expect(alone.count == 3)
        for ranks in [["--ranks", "2"], ["--in-process", "3"]] {
            let result = try command.finish(command.start(base + ranks))
            #expect(result.status == 0, "\(result.errors)")
            let others = rows(result)
            #expect(others.count == 3, "\(result.output)")
            for (a, b) in zip(alone, others) {
                #expect(abs(a[1] - b[1]) <= 1e-4 * a[1] && abs(a[2] - b[2]) <= 1e-4 * a[2], "\(ranks): \(a) \(b)")
                #expect(a[3] == b[3], "\(ranks)")
            }
        }
    }

    @Test("worker threads make the same batches: the weights are equal byte for byte")
    func workers() throws {
        let command = try Command()
        var weights: [Data] = []
        for workers in ["0", "2"] {
            let result = try command(
                "train", "digits", "--epochs", "2", "--workers", workers, "--run", "run\(workers)", "--save",
                "w\(workers)")
            #expect(result.status == 0, "\(result.errors)")
            weights.append(try Data(contentsOf: command.folder.appending(path: "w\(workers).safetensors")))
        }
        #expect(weights[0] == weights[1] && weights[0].count > 9610 * 4)
        let refused = try command("train", "digits", "--workers=-1")
        #expect(refused.status == 64 && refused.errors.contains("--workers -1: must be between 0 and 256"))
    }

    @Test("the default recipe reaches 0.97 on two ranks, and leaves weights, history and settings")
    func digits() throws {
        let command = try Command()
        let result = try command("train", "digits", "--ranks", "2", "--run", "out", "--save", "weights")
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.errors.isEmpty, "\(result.errors)")
        let table = rows(result)
        #expect(table.count == 20)
        #expect((table.last?.last ?? 0) >= 0.97, "\(result.output)")
        #expect(result.lines.last?.contains("out") == true)
        for file in ["out/model.safetensors", "out/history.csv", "out/settings.json", "weights.safetensors"] {
            #expect(command.exists(file), "\(file)")
        }
        let history = try String(contentsOf: command.folder.appending(path: "out/history.csv"), encoding: .utf8)
        #expect(history.split(separator: "\n").first == "epoch,train_loss,valid_loss,accuracy,time")
        #expect(history.split(separator: "\n").count == 21)
        let settings = try #require(
            JSONSerialization.jsonObject(with: Data(contentsOf: command.folder.appending(path: "out/settings.json")))
                as? [String: Any])
        #expect(settings["recipe"] as? String == "digits" && settings["epochs"] as? Int == 20)
    }

    @Test("a table is learnt, and its columns are printed")
    func table() throws {
        let command = try Command()
        let rows = (0..<400).map { index in
            let (x, colour) = (Double(index % 37) / 37, ["red", "green", "blue"][index % 3])
            return "\(x),\(colour),\(x > 0.5 || colour == "red" ? "yes" : "no")"
        }
        try command.write("x,colour,answer\n\(rows.joined(separator: "\n"))\n".utf8, to: "t.csv")
        let result = try command("train", "csv", "--data", "t.csv", "--target", "answer", "--epochs", "15")
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output.contains("categorical  colour: 3 categories"))
        #expect(result.output.contains("continuous   x: mean"))
        #expect((self.rows(result).last?.last ?? 0) >= 0.95, "\(result.output)")
    }

    @Test(
        "--show-results shows digits in the terminal and in a file for a browser", arguments: [[], ["--ranks", "2"]])
    func showResults(_ ranks: [String]) throws {
        let command = try Command()
        let words = ["train", "digits", "--model", "cnn", "--epochs", "2", "--show-results", "--run", "out"]
        let result = try command.finish(command.start(words + ranks))
        #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)")
        let page = try String(contentsOf: command.folder.appending(path: "out/results.html"), encoding: .utf8)
        #expect(page.contains("<img") || page.contains("<svg"), "\(page.prefix(400))")
        #expect(page.contains("digits: predictions"))
        // Nine pictures of at least four lines, besides epochs and summary.
        #expect(result.lines.count > 20, "\(result.output)")
        #expect(result.lines.last?.contains("results.html") == true, "\(result.output)")
    }

    @Test("--tta prints the accuracy of averages beside the plain one", arguments: [[], ["--in-process", "2"]])
    func testTimeAugmentation(_ ranks: [String]) throws {
        let command = try Command()
        let words = ["train", "digits", "--model", "cnn", "--epochs", "2", "--tta", "--run", "out"]
        let result = try command.finish(command.start(words + ranks))
        #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)")
        let line = try #require(result.lines.first { $0.hasPrefix("accuracy ") }).split { $0 == " " || $0 == "," }
        let accuracies = line.compactMap { Double($0) }.prefix(2)
        #expect(accuracies.count == 2 && accuracies.allSatisfy { $0 > 0.8 }, "\(result.output)")
        expectRefused(try command("train", "digits", "--tta"), 64, "--tta", "no images")
        expectRefused(try command("train", "digits", "--augment"), 64, "--augment", "--model cnn")
    }

    @Test("--print-config shows the settings and trains nothing")
    func printConfig() throws {
        let command = try Command()
        let result = try command("train", "digits", "--seed", "7", "--print-config", "--ranks", "2")
        #expect(result.status == 0 && result.lines.contains("seed: 7") && result.lines.contains("ranks: 2"))
        #expect(!command.exists("runs"))
    }

    @Test("a rank that is killed ends the job within 5 s, with a sentence", arguments: [0, 1])
    func killedRank(victim: Int) throws {
        let command = try Command()
        let job = try command.start(["train", "digits", "--ranks", "2", "--epochs", "1000000"])
        // The command has started mpirun, whose children are the ranks, in order, once training has begun.
        func children(of process: Int32) -> [Int32] {
            let path = "/proc/\(process)/task/\(process)/children"
            let children = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
            return children.split(separator: " ").compactMap { Int32($0) }
        }
        var ranks: [Int32] = []
        for _ in 0..<600 where !command.exists("runs") || ranks.count < 2 {
            usleep(100_000)
            ranks = children(of: job.processIdentifier).flatMap(children(of:))
        }
        try #require(ranks.count == 2)
        usleep(500_000)
        let start = Date()
        kill(ranks[victim], SIGKILL)
        let result = try command.finish(job, within: 30)
        #expect(Date().timeIntervalSince(start) < 5)
        #expect(result.status != 0)
        #expect(result.errors.contains("rank \(victim)") && result.errors.contains("died"), "\(result.errors)")
    }
}
