// SPDX-License-Identifier: Apache-2.0
// `lockstep predict` in a process of its own gives the answers that training gave; bad bundles and rows are sentences.
import Foundation
import Testing

@Suite("Command: predict and lr-find", .serialized)
struct PredictTests {
    /// 300 rows with numbers and categories missing here and there; the last column is a class or a number.
    private static func table(classes: Bool) -> String {
        var lines = ["age,job,hours,zone,answer"]
        for index in 0..<300 {
            let (age, hours, zone) = (20 + index * 7 % 41, index * 13 % 60, index % 3)
            let job = ["nurse", "smith", "\"baker, senior\"", "clerk"][index * 5 % 4]
            let score = Double(age) / 40 + (job == "smith" ? 0.8 : 0) - Double(hours) / 60 + 0.3 * Double(zone)
            func shown(_ text: String, _ period: Int) -> String { index % period == 3 ? "" : text }
            let answer = classes ? (score > 1 ? "yes" : score > 0.5 ? "perhaps" : "no") : "\(score)"
            lines.append("\(shown("\(age).5", 11)),\(shown(job, 13)),\(shown("\(hours)", 17)),\(zone),\(answer)")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func text(_ command: Command, _ file: String) throws -> String {
        try String(contentsOf: command.folder.appending(path: file), encoding: .utf8)
    }

    @Test("[EXP-01] a new process predicts exactly what the training process did", arguments: [true, false], [1, 2])
    func samePredictions(classes: Bool, ranks: Int) throws {
        let command = try Command()
        try command.write(Self.table(classes: classes).utf8, to: "t.csv")
        let trained = try command.finish(
            command.start(
                [
                    "train", "csv", "--data", "t.csv", "--target", "answer", "--epochs", "3", "--run", "out",
                    "--export", "elsewhere.bundle", "--ranks", "\(ranks)",
                ]))
        #expect(trained.status == 0, "\(trained.errors)")
        let expected = try Self.text(command, "out/predictions.csv")
        #expect(expected.hasPrefix(classes ? "answer,p(no),p(perhaps),p(yes)\n" : "answer\n"))
        #expect(expected.split(separator: "\n").count == 301)
        // The export, or the run that it lies in.
        for export in ["out/export.bundle", "out"] {
            let printed = try command("predict", export, "t.csv")
            #expect(printed.status == 0 && printed.output == expected, "\(printed.errors)")
        }
        for kind in ["--ranks", "--in-process"] {
            let result = try command("predict", "elsewhere.bundle", "t.csv", kind, "2", "--output", "p.csv")
            #expect(result.output == "300 predictions are in p.csv\n", "\(result.errors)")
            #expect(try Self.text(command, "p.csv") == expected, "\(kind)")
        }
        try expectNewRows(command, classes: classes)
    }

    /// Rows without the target, in another order, with unknown categories, with nothing but gaps, and none at all.
    private func expectNewRows(_ command: Command, classes: Bool) throws {
        try command.write("zone,job,more,hours,age\n1,pilot,x,3,30.5\n,,,,\n9,nurse,y,1e3,-1\n".utf8, to: "new.csv")
        let new = try command("predict", "out/export.bundle", "new.csv")
        #expect(new.status == 0 && new.lines.count == 4, "\(new.errors)\(new.output)")
        #expect(!new.output.contains("nan"))
        try command.write("zone,job,hours,age\n".utf8, to: "none.csv")
        let none = try command("predict", "out/export.bundle", "none.csv", "--in-process", "2")
        #expect(none.status == 0 && none.lines.count == 1, "\(none.errors)\(none.output)")
        try command.write("zone,job,hours,age\n1,nurse,3,old\n".utf8, to: "word.csv")
        expectRefused(try command("predict", "out/export.bundle", "word.csv"), 66, "word.csv", "line 2", "“age”", "old")
        try command.write("zone,job,age\n1,nurse,3\n".utf8, to: "less.csv")
        let less = try command("predict", "out/export.bundle", "less.csv")
        #expect(less.status == 0 && less.errors.contains("the column “hours” is missing, in 1 row"), "\(less.errors)")
        expectRefused(
            try command("predict", "out/export.bundle", "less.csv", "--strict"), 66, "less.csv", "“hours” is missing")
    }

    @Test("integers written as floats get the same answers; what training did not have is counted", arguments: [1, 2])
    func integersAsFloats(ranks: Int) throws {
        let command = try Command()
        let rows = (0..<200).map { (index: Int) -> String in
            let category = 1 + index * 7 % 6
            let number = Double(index * 13 % 40) / 100 - 0.2
            let answer = Double(category) + 10 * number > 3.5 ? "yes" : "no"
            return "\(category),\(number),\(answer)"
        }
        try command.write(("k,x,y\n" + rows.joined(separator: "\n") + "\n").utf8, to: "t.csv")
        let trained = try command("train", "csv", "--data", "t.csv", "--target", "y", "--epochs", "2", "--run", "out")
        #expect(trained.status == 0, "\(trained.errors)")
        func lines(_ mark: String) -> String {
            (0..<12).map { (index: Int) -> String in "\(1 + index * 5 % 6)\(mark),\(Double(index) / 40 - 0.15)\n" }
                .joined()
        }
        try command.write(("k,x\n" + lines("")).utf8, to: "integers.csv")
        try command.write(("k,x\n" + lines(".0")).utf8, to: "floats.csv")
        try command.write("k,x\n2.0,0.5\n8.0,\n,1\n".utf8, to: "unseen.csv")
        func predict(_ rows: String) throws -> Command.Result {
            try command.finish(command.start(["predict", "out/export.bundle", rows, "--ranks", "\(ranks)"]))
        }
        let (integers, floats) = (try predict("integers.csv"), try predict("floats.csv"))
        #expect(integers.status == 0 && integers.errors.isEmpty && integers.lines.count == 13, "\(integers.errors)")
        #expect(floats.status == 0 && floats.errors.isEmpty && floats.output == integers.output, "\(floats.errors)")
        #expect(Set(integers.lines.dropFirst()).count > 6, "the category makes no difference")
        // To the last bit, however many rows stand beside it.
        try command.write(("k,x\n" + lines(".0") + "3.0,0.1\n").utf8, to: "more.csv")
        #expect(try predict("more.csv").lines.dropLast() == integers.lines, "a row's answer depends on the others")
        let unseen = try predict("unseen.csv")
        #expect(unseen.status == 0 && unseen.lines.count == 4, "\(unseen.errors)")
        #expect(
            unseen.errors.split(separator: "\n") == [
                "lockstep: unseen.csv: the column “k” has categories in 1 row that training did not have, which count as unknown: “8.0”",
                "lockstep: unseen.csv: the column “k”, which had no gaps in training, has no value in 1 row; it counts as unknown",
                "lockstep: unseen.csv: the column “x”, which had no gaps in training, has no value in 1 row; the median stands in",
            ])
        try command.write("k,x\n1,0.5\n1,inf\n".utf8, to: "inf.csv")
        expectRefused(try predict("inf.csv"), 66, "line 3", "“x” is inf")
    }

    @Test("an answer that is not a number has no class, and is no success", arguments: [1, 2])
    func undefinedAnswers(ranks: Int) throws {
        let command = try Command()
        let rows = (0..<80).map { (index: Int) -> String in
            "\(Double(index * 7 % 13) / 4),\(Double(index * 5 % 17) / 3),\(index % 3 == 0 ? "no" : "yes")\n"
        }
        try command.write(("a,b,y\n" + rows.joined()).utf8, to: "t.csv")
        let trained = try command(
            "train", "csv", "--data", "t.csv", "--target", "y", "--epochs", "12", "--lr", "1e6", "--run", "out")
        #expect(trained.status == 65 && trained.errors.contains("the final loss is not a number"), "\(trained.errors)")
        let found = try command.finish(
            command.start(["predict", "out/export.bundle", "t.csv", "--ranks", "\(ranks)"]))
        expectRefused(found, 1, "t.csv: 80 of 80 answers are not finite numbers")
        #expect(found.lines.count == 81 && found.lines.dropFirst().allSatisfy { $0 == ",nan,nan" }, "\(found.output)")
    }

    @Test("a table with numbers beyond float32 is refused with line and column", arguments: ["1e300", "inf", "-1e39"])
    func beyondFloat32(_ word: String) throws {
        let command = try Command()
        for place in 0...1 {
            let rows = (0..<60).map { (index: Int) -> String in
                var numbers = ["\(Double(index * 7 % 13) / 4)", "\(Double(index * 5 % 17) / 3)"]
                if index == 37 { numbers[place] = word }
                return numbers.joined(separator: ",")
            }
            try command.write(("a,b\n" + rows.joined(separator: "\n") + "\n").utf8, to: "t.csv")
            expectRefused(
                try command("train", "csv", "--data", "t.csv", "--target", "b", "--epochs", "1"), 66,
                "t.csv: line 39: the ",
                place == 0 ? "column “a” is " : "target “b” is ")
        }
    }

    @Test("what is not an exported learner of tables is one sentence and 66")
    func badBundles() throws {
        let command = try Command()
        try command.write("a,b\n1,2\n".utf8, to: "r.csv")
        expectRefused(try command("predict", "nowhere.bundle", "r.csv"), 66, "nowhere.bundle")
        try command.write("this is no bundle".utf8, to: "bad.bundle")
        expectRefused(try command("predict", "bad.bundle", "r.csv"), 66, "bad.bundle")
        expectRefused(try command("predict", "bad.bundle", "r.csv", "--in-process", "2"), 66, "bad.bundle")
        let trained = try command("train", "digits", "--epochs", "1", "--run", "out")
        #expect(trained.status == 0, "\(trained.errors)")
        expectRefused(
            try command("predict", "out/model.safetensors", "r.csv"), 66, "out/model.safetensors",
            "weights, but no learner")
        expectRefused(
            try command("predict", "out/export.bundle", "r.csv"), 66, "out/export.bundle", "column of a table")
        let whole = try Data(contentsOf: command.folder.appending(path: "out/export.bundle"))
        try command.write(whole.prefix(whole.count / 2), to: "half.bundle")
        expectRefused(try command("predict", "half.bundle", "r.csv"), 66, "half.bundle", "ends")
        expectRefused(try command("predict", "out/export.bundle", "none.csv"), 66, "none.csv")
    }

    @Test(
        "lr-find draws its curve, suggests a rate and leaves both",
        arguments: [["digits"], ["digits", "--ranks", "2"], ["digits", "--in-process", "3"]])
    func finder(_ words: [String]) throws {
        let command = try Command()
        let result = try command.finish(command.start(["lr-find"] + words + ["--run", "out"]))
        #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)")
        #expect(result.output.contains("│") && result.output.contains("learning rate"), "\(result.output)")
        let words = try #require(result.lines.first { $0.hasPrefix("suggested by valley: --lr ") }).split(
            separator: " ")
        let rate = try #require(words.last.flatMap { Double($0) })
        #expect(rate > 1e-5 && rate < 1)
        #expect(try Self.text(command, "out/lr-find.svg").hasPrefix("<svg"))
        let points = try Self.text(command, "out/lr-find.csv").split(separator: "\n")
        #expect(points.first == "lr,loss" && points.count > 20)
        #expect(!command.exists("out/model.safetensors"))
    }

    @Test("lr-find works for tables, and refuses what makes no sense")
    func finderOfTables() throws {
        let command = try Command()
        try command.write(Self.table(classes: true).utf8, to: "t.csv")
        let result = try command("lr-find", "csv", "--data", "t.csv", "--target", "answer", "--run", "out")
        #expect(result.status == 0 && result.output.contains("suggested by valley: --lr"), "\(result.errors)")
        expectRefused(try command("lr-find", "csv", "--data", "no.csv", "--target", "y"), 66, "--data no.csv")
        expectRefused(try command("lr-find", "digits", "--start", "1", "--end", "0.1"), 64, "--start 1.0", "--end 0.1")
        expectRefused(try command("lr-find", "digits", "--iterations", "3"), 64, "--iterations 3")
        expectRefused(try command("lr-find", "digits", "--batch-size", "5000"), 64, "--batch-size 5000")
    }

    @Test(
        "every command explains itself",
        arguments: [["train"], ["train", "csv"], ["lr-find"], ["lr-find", "mnist"], ["predict"]])
    func help(_ words: [String]) throws {
        let command = try Command()
        let result = try command.finish(command.start(words + ["--help"]))
        #expect(result.status == 0)
        #expect(result.output.contains("USAGE: lockstep \(words.joined(separator: " "))"), "\(result.output)")
        // Every option has words of its own behind it.
        for line in result.lines where line.hasPrefix("  --") {
            #expect(line.split(separator: " ").count > 2 || line.count > 24, "\(line)")
        }
    }
}
