// SPDX-License-Identifier: Apache-2.0
// `lockstep report`: one page that holds what the run's files say, and nothing that a file could inject.

import Foundation
import Testing

@Suite("Command: report of a run") struct RunReportTests {
    private static func text(_ command: Command, _ file: String) throws -> String {
        try String(contentsOf: command.folder.appending(path: file), encoding: .utf8)
    }

    /// That nothing is asked for from elsewhere, no script is there, and every element is closed.
    private func expectSelfContained(_ page: String) {
        #expect(page.hasPrefix("<!DOCTYPE html>") && page.hasSuffix("</html>\n"))
        for word in ["<script", "http:", "https:", "src=", "href=", "url(", "@import"] {
            #expect(!page.contains(word), "\(word)")
        }
        for element in [
            "div", "table", "tr", "td", "th", "svg", "figure", "details", "summary", "pre", "title", "text",
        ] {
            let opened =
                page.components(separatedBy: "<\(element)>").count + page.components(separatedBy: "<\(element) ").count
                - 2
            #expect(opened == page.components(separatedBy: "</\(element)>").count - 1, "\(element)")
        }
    }

    @Test("a run's page has its losses, metric, rate, configuration and command") func page() throws {
        let command = try Command()
        let trained = try command(
            "train", "digits", "--epochs", "3", "--run", "my run", "--quiet", "--log-dir", "my run/logs")
        #expect(trained.status == 0, "\(trained.errors)")
        let result = try command("report", "my run")
        #expect(result.status == 0 && result.output == "the report is in my run/report.html\n", "\(result.errors)")
        let page = try Self.text(command, "my run/report.html")
        expectSelfContained(page)
        #expect(page.components(separatedBy: "<svg").count == 4, "loss, accuracy, rate")
        #expect(page.contains("complete, 3 of 3 epochs") && page.contains("learning rate, as planned"))
        #expect(page.contains("lockstep train digits --config 'my run/settings.json'"))
        #expect(page.contains("<th>batchSize</th><td>64</td>") && page.contains("<th>augment</th><td>no</td>"))
        #expect(page.contains("The end of logs/rank-0.log"))
        // The command that it names repeats the run to the byte.
        let again = try command("train", "digits", "--config", "my run/settings.json", "--run", "again", "--quiet")
        #expect(again.status == 0, "\(again.errors)")
        #expect(try Self.text(command, "again/history.csv") == Self.text(command, "my run/history.csv"))
        // A page that is there is replaced, and is no file of the run.
        #expect(try command("report", "my run", "--output", "elsewhere.html").status == 0)
        #expect(try Self.text(command, "elsewhere.html") == page)
        #expect(try command("report", "again", "--output", "/dev/full").status == 74)
    }

    @Test("what is no number, is missing, or looks like markup is shown as text") func hostile() throws {
        let command = try Command()
        try command.write(
            #"{"recipe": "csv; 'x'", "epochs": 9, "lr": 0.1, "data": "<script>alert(1)</script>", "odd": "a\"b&c"}"#
                .utf8,
            to: "r/settings.json")
        try command.write(
            "epoch,train_loss,valid_loss,\"f,<1>\",time\n0,nan,,0.5,00:10\n1,inf,2.5,,01:00:05\n".utf8,
            to: "r/history.csv")
        let result = try command("report", "r")
        #expect(result.status == 0, "\(result.errors)")
        let page = try Self.text(command, "r/report.html")
        expectSelfContained(page)
        #expect(
            page.contains("&lt;script&gt;alert(1)") && page.contains("f,&lt;1&gt;") && page.contains("a&quot;b&amp;c"))
        #expect(page.contains("not complete, 2 of 9 epochs so far"))
        // What is to be copied into a shell is one word where it was one.
        let recipe = #"'csv; '\''x'\'''"#
        #expect(page.contains("train \(recipe) --config r/settings.json"))
        #expect(page.contains("train \(recipe) --resume r"))
        #expect(page.contains("<td>nan</td>") && page.contains("<td>inf</td>") && page.contains("1:00:15"))
        // A run that has just begun.
        try command.write(#"{"recipe": "digits"}"#.utf8, to: "new/settings.json")
        #expect(try command("report", "new").status == 0)
        #expect(try Self.text(command, "new/report.html").contains("There is no finished epoch yet."))
    }

    @Test("fine-tuning is two fits, whose epochs follow each other") func fineTuned() throws {
        let command = try Command()
        try command.write(
            #"{"recipe": "images", "epochs": 3, "weights": "w.pth", "freezeEpochs": null}"#.utf8, to: "r/settings.json")
        try command.write(
            "epoch,train_loss,time\n0,4.0,00:01\n0,3.0,00:01\n1,2.0,00:01\n2,1.0,00:01\n".utf8, to: "r/history.csv")
        #expect(try command("report", "r").status == 0)
        let page = try Self.text(command, "r/report.html")
        #expect(page.contains("4 of 4 epochs"))
        // A third of the way each.
        let curve = try #require(page.firstMatch(of: #/<polyline [^>]*points="([^"]*)"/#)?.1)
        #expect(curve.split(separator: " ").map { $0.prefix { $0 != "," } } == ["64.0", "224.0", "384.0", "544.0"])
    }

    @Test("times beyond all bounds, and a log of 70 MiB") func large() throws {
        let command = try Command()
        try command.write(#"{"recipe": "digits", "epochs": 3}"#.utf8, to: "r/settings.json")
        let most = "9223372036854775807"
        try command.write(
            "epoch,train_loss,time\n0,2,\(most):00\n1,1,\(most)\n2,1,\(most)\n".utf8, to: "r/history.csv")
        try command.write([], to: "r/rank-0.log")
        let log = try FileHandle(forWritingTo: command.folder.appending(path: "r/rank-0.log"))
        try log.truncate(atOffset: 70 << 20)
        try log.seekToEnd()
        let lines = (0..<10_000).map { "line \($0)" }.joined(separator: "\n")
        try log.write(contentsOf: Data("\n\(lines)\n".utf8))
        try log.close()
        let result = try command("report", "r")
        #expect(result.status == 0, "\(result.errors)")
        let page = try Self.text(command, "r/report.html")
        #expect(page.contains("3 of 3 epochs") && page.contains("time of epochs"))
        #expect(page.contains("<pre>line 9970\n") && page.contains("line 9999</pre>"))
    }

    @Test("machines and the seconds of each rank, of the epochs since the last start, as text whatever they hold")
    func ranks() throws {
        let command = try Command()
        let trained = try command("train", "digits", "--epochs", "3", "--run", "r", "--quiet", "--in-process", "2")
        #expect(trained.status == 0, "\(trained.errors)")
        let json = try Self.text(command, "r/ranks.json")
        let facts = try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
        let ranks = try #require(facts["ranks"] as? [[String: Any]])
        #expect(facts["epochs"] as? Int == 3 && ranks.count == 2)
        for rank in ranks {
            func seconds(_ name: String) -> Double { rank[name] as? Double ?? .nan }
            let parts = ["data", "forward", "backward", "step", "communication", "waiting"].map(seconds)
            // 1,438 digits in whole batches of 64.
            #expect(seconds("steps") == 3 * 22 && parts.allSatisfy { $0 >= 0 })
            #expect(parts.reduce(0, +) <= seconds("training") * 1.01 && seconds("validation") > 0)
            #expect(rank["host"] as? String != "" && rank["threads"] as? Int == 1)
        }
        #expect(try command("report", "r").status == 0)
        let page = try Self.text(command, "r/report.html")
        #expect(page.contains("<summary>Machine</summary>") && page.contains("2 ranks, threads each: 1"))
        #expect(page.contains("Seconds of each rank, in 3 epochs") && page.contains("<tr><th>1</th><td>66</td>"))
        try command.write(json.replacing("\"host\":\"", with: "\"host\":\"<script>").utf8, to: "r/ranks.json")
        #expect(try command("report", "r").status == 0)
        #expect(try !Self.text(command, "r/report.html").contains("<script"))
        for bad in ["{", "[]", "{\"system\":\"\",\"swift\":\"\",\"epochs\":1,\"ranks\":[]}"] {
            try command.write(bad.utf8, to: "r/ranks.json")
            expectRefused(try command("report", "r"), 66, "r/ranks.json", "is not what training leaves")
        }
        // Another run says nothing of the one before.
        let again = try command("train", "digits", "--epochs", "1", "--run", "r", "--overwrite", "--quiet")
        #expect(again.status == 0, "\(again.errors)")
        let anew =
            try JSONSerialization.jsonObject(with: Data(Self.text(command, "r/ranks.json").utf8)) as? [String: Any]
        #expect(anew?["epochs"] as? Int == 1 && (anew?["ranks"] as? [Any])?.count == 1)
    }

    @Test("what is confused and the largest losses, with pictures, the same on one rank and on two")
    func interpretation() throws {
        let command = try Command()
        var worst: [Double] = []
        for ranks in ["2", "1"] {
            let trained = try command(
                "train", "digits", "--model", "cnn", "--epochs", "1", "--run", "one", "--overwrite", "--quiet",
                "--show-results", "--in-process", ranks)
            #expect(trained.status == 0, "\(trained.errors)")
            let json = try JSONSerialization.jsonObject(with: Data(Self.text(command, "one/interpretation.json").utf8))
            let items = try #require((json as? [String: Any])?["top_losses"] as? [[String: Any]])
            worst.append(try #require(items.first?["loss"] as? Double))
        }
        #expect(abs(worst[0] - worst[1]) < 0.05 * worst[0], "\(worst)")
        let json = try Self.text(command, "one/interpretation.json")
        let facts = try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
        let counts = try #require(facts["confusion"] as? [[Int]])
        #expect(counts.count == 10 && counts.joined().reduce(0, +) == 359)
        let losses = try #require(facts["top_losses"] as? [[String: Any]]).compactMap { $0["loss"] as? Double }
        #expect(losses.count == 12 && losses == losses.sorted(by: >))
        #expect(try command("report", "one").status == 0)
        let page = try Self.text(command, "one/report.html")
        #expect(page.contains("What was taken for what") && page.contains("Largest losses"))
        #expect(page.components(separatedBy: "<img alt=\"item ").count == 13)
        // A page shows pictures and text, whatever the file holds.
        let hostile = json.replacing(/"png":"[^"]*"/, with: #""png":"\"><script>x</script>""#)
            .replacing(#""text":""#, with: #""text":"<b>"#)
        try command.write(hostile.utf8, to: "one/interpretation.json")
        #expect(try command("report", "one").status == 0)
        let other = try Self.text(command, "one/report.html")
        #expect(!other.contains("<script") && !other.contains("<b><") && !other.contains("<img"))
        for bad in ["{", "[]", json.replacing("\"confusion\":[[", with: "\"confusion\":[[1,")] {
            try command.write(bad.utf8, to: "one/interpretation.json")
            expectRefused(try command("report", "one"), 66, "one/interpretation.json", "is not what training leaves")
        }
    }

    @Test("of numbers the largest losses alone, of text nothing that a class would be")
    func interpretationOfOthers() throws {
        let command = try Command()
        let rows = (0..<60).map { "\($0 % 7),\($0 % 5),\(Double($0 % 7) * 1.5 - Double($0 % 5) / 7)" }
        try command.write(("a,b,y\n" + rows.joined(separator: "\n") + "\n").utf8, to: "t.csv")
        try command.write(String(repeating: "the quick brown fox. ", count: 60).utf8, to: "text")
        for words in ["csv --data t.csv --target y", "text text --sample 0"] {
            let arguments = ("train " + words + " --epochs 1 --batch-size 4 --run r --overwrite --quiet --show-results")
                .split(
                    separator: " ")
            let trained = try command.finish(command.start(arguments.map(String.init)))
            #expect(trained.status == 0, "\(trained.errors)")
            #expect(try command("report", "r").status == 0)
            let page = try Self.text(command, "r/report.html")
            #expect(page.contains("Largest losses") && !page.contains("taken for what"), "\(words)")
        }
    }

    @Test("a folder without a run, a file, nothing, settings that are none") func refused() throws {
        let command = try Command()
        try command.write("x".utf8, to: "empty/x")
        expectRefused(try command("report", "empty"), 66, "empty", "holds no run")
        expectRefused(try command("report", "empty/x"), 66, "empty/x", "no folder")
        expectRefused(try command("report", "nowhere"), 66, "nowhere", "no such file")
        try command.write("[1]".utf8, to: "bad/settings.json")
        expectRefused(try command("report", "bad"), 66, "bad/settings.json", "no JSON object")
    }
}
