// SPDX-License-Identifier: Apache-2.0
// `lockstep train csv` is told what a table is, and says what it found.
import Foundation
import LockstepData
import Testing

@Suite("Command: tables, training", .serialized)
struct TableTrainingTests {
    /// 240 rows: two numbers, a word, a class that follows from them, a count, what is rare, and a mark.
    private static let table: String = {
        var lines = ["a,b,word,label,count,is_valid"]
        for row in 0..<240 {
            let (a, b) = (Double(row * 7 % 41) / 10 - 2, Double(row * 13 % 37) / 10 - 1.8)
            let word = ["red", "blue", "green"][row % 3]
            let label = a + (word == "red" ? 1 : 0) > b ? "p" : row % 30 == 0 ? "rare" : "n"
            let count = [0, 1, 1, 2, 0, 1, 3, 2, 1, 0, 4, 1, 2, 5][row % 14]
            lines.append("\(a),\(b),\(word),\(label),\(row == 100 ? 7 : count),\(row % 6 == 1)")
        }
        return lines.joined(separator: "\n") + "\n"
    }()

    private func train(
        _ command: Command, _ words: String..., target: String = "label", file: String = "t.csv", ranks: Int = 1
    ) throws -> Command.Result {
        let kind = ranks == 1 ? ["--ranks", "1"] : ["--in-process", "\(ranks)"]
        let first = ["train", "csv", "--data", file, "--target", target, "--epochs", "2", "--run", "r", "--overwrite"]
        return try command.finish(command.start(first + kind + words))
    }

    private func history(_ command: Command, _ run: String = "r") throws -> CSVTable {
        try CSV.read(command.folder.appending(path: run + "/history.csv").path)
    }

    private func command() throws -> Command {
        let command = try Command()
        try command.write(Self.table.utf8, to: "t.csv")
        return command
    }

    @Test(
        "a column is_valid splits the rows, and that is said; what is asked for goes before it", arguments: [1, 2, 3])
    func ownSplit(ranks: Int) throws {
        let command = try command()
        let own = try train(command, ranks: ranks)
        #expect(own.status == 0, "\(own.errors)")
        #expect(own.lines.contains("split        column is_valid: 40 rows for validation"))
        #expect(own.output.contains("csv: 200 samples to train on, 40 to validate"), "\(own.output)")
        #expect(!own.output.contains("categorical  is_valid"))
        let drawn = try train(command, "--valid-fraction", "0.5", ranks: ranks)
        #expect(
            drawn.output.contains("csv: 12") && drawn.output.contains(" samples to train on, 1"),
            "\(drawn.errors)\(drawn.output)")
        #expect(drawn.output.contains("ignored      is_valid: as told") && !drawn.output.contains("split  "))
        let fair = try train(command, "--stratify", "--split-seed", "7", ranks: ranks)
        #expect(fair.output.contains("split        20 % of every class for validation"), "\(fair.errors)")
        #expect(fair.output.contains("csv: 192 samples to train on, 48 to validate"))
        let feature = try train(command, "--categorical", "is_valid", ranks: ranks)
        #expect(feature.output.contains("categorical  is_valid: 2 categories"), "\(feature.errors)")
        let other = try train(command, "--split-column", "is_valid", "--ignore", "word", ranks: ranks)
        #expect(other.output.contains("split        column is_valid: 40 rows"), "\(other.errors)")
    }

    @Test("the same numbers come from 1, 2 and 3 ranks, whatever is told")
    func ranks() throws {
        let command = try command()
        for (target, words) in [
            ("label", ["--class-weights", "balanced", "--metric", "f1", "--layers", "30,20", "--dropout", "0.1,0.2"]),
            ("count", ["--task", "counts", "--metric", "mae"]), ("a", ["--metric", "r2"]),
        ] as [(String, [String])] {
            var tables: [CSVTable] = []
            for ranks in 1...3 {
                let kind = ranks == 1 ? ["--ranks", "1"] : ["--in-process", "\(ranks)"]
                let result = try command.finish(
                    command.start(
                        [
                            "train", "csv", "--data", "t.csv", "--target", target, "--epochs", "3", "--run",
                            "r\(ranks)-\(target)",
                        ]
                            + kind + words))
                #expect(result.status == 0, "\(result.errors)")
                tables.append(try history(command, "r\(ranks)-\(target)"))
            }
            for name in tables[0].names where name != "time" {
                let columns = try tables.map { try $0.column(name).doubles ?? [] }
                #expect(columns[0].count == 3)
                for other in columns.dropFirst() {
                    for (a, b) in zip(columns[0], other) { #expect(abs(a - b) < 1e-3, "\(target) \(name): \(a) \(b)") }
                }
            }
        }
    }

    @Test("counts are found, trained with Poisson's loss, and never predicted below 0; the task can be told")
    func tasks() throws {
        let command = try command()
        let counts = try train(command, target: "count")
        #expect(
            counts.output.contains("target       count: a count\n") && counts.output.contains("rmse "),
            "\(counts.errors)")
        let table = try CSV.read(command.folder.appending(path: "r/predictions.csv").path)
        #expect(table.columns[0].doubles?.allSatisfy { $0 > 0 && $0 < 8 } == true && table.rowCount == 240)
        let (losses, errors) = try (history(command).column("valid_loss"), history(command).column("rmse"))
        #expect(losses.doubles?.count == 2 && errors.doubles?.count == 2)
        for (loss, rmse) in zip(losses.doubles ?? [], errors.doubles ?? []) { #expect(abs(loss - rmse * rmse) > 0.01) }
        let classes = try train(command, "--task", "classes", target: "count")
        #expect(classes.output.contains("target       count: 7 classes") && classes.output.contains("accuracy "))
        let numbers = try train(command, "--task", "regression", target: "count")
        #expect(numbers.output.contains("target       count: a number"))
        let (squares, roots) = try (history(command).column("valid_loss"), history(command).column("rmse"))
        #expect(squares.doubles?.count == 2 && roots.doubles?.count == 2)
        for (loss, rmse) in zip(squares.doubles ?? [], roots.doubles ?? []) { #expect(abs(loss - rmse * rmse) < 1e-3) }
        expectRefused(try train(command, "--task", "counts", target: "a"), 66, "“a” is ", "counts nothing")
        expectRefused(try train(command, "--task", "regression"), 66, "target “label” holds text")
    }

    @Test("the unit of the target changes nothing but the unit", arguments: ["tabular", "tabm"])
    func unit(model: String) throws {
        let command = try command()
        func trained(_ factor: Double) throws -> (weights: Data, rmse: [Double]) {
            var lines = ["a,b,word,y"]
            for row in 0..<150 {
                let (a, b) = (Double(row * 7 % 41) / 10 - 2, Double(row * 13 % 37) / 10 - 1.8)
                let target = (a * b + Double(row % 3) + 0.5) * factor
                lines.append("\(a),\(b),\(["red", "blue", "green"][row % 3]),\(target)")
            }
            try command.write((lines.joined(separator: "\n") + "\n").utf8, to: "unit.csv")
            let result = try train(command, "--model", model, target: "y", file: "unit.csv")
            #expect(result.status == 0, "\(result.errors)")
            return (
                try Data(contentsOf: command.folder.appending(path: "r/model.safetensors")),
                try history(command).column("rmse").doubles ?? []
            )
        }
        let own = try trained(1)
        // Powers of two: nothing is rounded otherwise.
        for factor in [4096, 1.0 / 4096] {
            let other = try trained(factor)
            #expect(other.weights == own.weights, "targets times \(factor)")
            #expect(other.rmse.count == 2)
            for (a, b) in zip(own.rmse, other.rmse) { #expect(abs(a - b / factor) <= 1e-6 * a, "\(a) \(b)") }
        }
    }

    @Test("what the columns are, and how the file is written, can be told; the export knows it")
    func columns() throws {
        let command = try Command()
        let rows = (0..<60).map {
            "\($0 % 4)^\($0 % 8 == 3 ? "-9" : "\($0 % 11)")^2024-03-\(10 + $0 % 20)^w\($0 % 6)^\($0 % 2)\n"
        }
        try command.write(rows.joined().utf8, to: "t.txt")
        let result = try train(
            command, "--no-header", "--delimiter", "^", "--missing", "-9", "--continuous", "column1", "--categorical",
            "column2,column3", "--most-categories", "3", "--ignore", "column4", target: "column5", file: "t.txt")
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.lines[0] == "file         fields between “^”", "\(result.output)")
        for line in [
            "categorical  column2: the most frequent 3 categories, embedding 4 × 3",
            "categorical  column3: the most frequent 3 categories, embedding 4 × 3", "ignored      column4: as told",
        ] { #expect(result.output.contains(line), "\(line)\n\(result.output)") }
        #expect(result.output.contains("continuous   column1: mean") && !result.output.contains("date  "))
        let again = try command("predict", "r/export.bundle", "t.txt")
        let own = try String(contentsOf: command.folder.appending(path: "r/predictions.csv"), encoding: .utf8)
        #expect(again.output == own && again.lines.count == 61, "\(again.errors)")
        for (words, said) in [(["--dates", "column3"], true), (["--dates", "none"], false), ([], true)] {
            let dated = try command.finish(
                command.start(
                    [
                        "train", "csv", "--data", "t.txt", "--target", "column5", "--no-header", "--delimiter", "^",
                        "--epochs", "1",
                    ]
                        + words))
            #expect(dated.status == 0, "\(dated.errors)")
            #expect(dated.output.contains("date         column3: 2024-03-10 to 2024-03-29") == said, "\(words)")
        }
    }

    @Test("semicolons and decimal commas are found, and tabs")
    func formats() throws {
        let command = try Command()
        for (delimiter, name) in [(";", "“;”"), ("\t", "tabs")] {
            let rows = (0..<80).map { "\($0),5\(delimiter)\($0 * 7 % 20),25\(delimiter)\($0 % 2 == 0 ? "A" : "B")\n" }
            try command.write(("x\(delimiter)z\(delimiter)k\n" + rows.joined()).utf8, to: "t.csv")
            let found = try train(command, target: "k")
            #expect(
                found.lines.first == "file         fields between \(name), decimal commas",
                "\(found.errors)\(found.output)")
            #expect(found.output.contains("continuous   x: mean") && found.output.contains("continuous   z: mean"))
            let told = try train(
                command, "--delimiter", delimiter == ";" ? ";" : "tab", "--decimal", "point", target: "k")
            #expect(told.output.contains("ignored      x: text that differs in every row"), "\(told.errors)")
        }
    }

    @Test("what was told of a file holds where its rows are read again, though it looks otherwise")
    func toldFormats() throws {
        let command = try Command()
        // Without names a comma cuts more fields out.
        try command.write((0..<60).map { "\($0),5;\($0 % 7),25;\($0 % 2),5\n" }.joined().utf8, to: "t.csv")
        let bare = try train(command, "--no-header", "--delimiter", ";", "--decimal", "comma", target: "column3")
        #expect(bare.status == 0 && bare.output.contains("continuous   column1: mean"), "\(bare.errors)")
        // More codes with commas than numbers with points.
        let codes = (0..<60).map { "\($0 % 5),1;\($0 % 5),2;\($0).25;\($0 % 2 == 0 ? "A" : "B")\n" }
        try command.write(("a;b;x;k\n" + codes.joined()).utf8, to: "t.csv")
        let point = try train(command, "--delimiter", ";", "--decimal", "point", target: "k")
        #expect(point.status == 0 && point.output.contains("continuous   x: mean"), "\(point.errors)")
        let again = try command("predict", "r/export.bundle", "t.csv")
        let own = try String(contentsOf: command.folder.appending(path: "r/predictions.csv"), encoding: .utf8)
        #expect(again.status == 0 && again.output == own, "\(again.errors)")
    }

    @Test("classes without rows to train on abort no seed, and are named", arguments: 0..<6)
    func rareClasses(seed: Int) throws {
        let command = try Command()
        let rows = (0..<60).map { "\(Double($0) / 7),\(["a", "b"][$0 % 2])\n" }.joined() + "1.5,c\n2.5,d\n"
        try command.write(("x,y\n" + rows).utf8, to: "t.csv")
        let result = try train(command, "--seed", "\(seed)", "--metric", "balanced_accuracy", target: "y")
        #expect(result.status == 0 && result.output.contains("y: 4 classes"), "\(result.errors)")
        let own = (0..<40).map { "\(Double($0) / 7),\(["a", "b"][$0 % 2]),0\n" }.joined() + "1.5,c,1\n2.5,a,1\n"
        try command.write(("x,y,is_valid\n" + own).utf8, to: "own.csv")
        let named = try train(command, "--seed", "\(seed)", "--class-weights", "balanced", target: "y", file: "own.csv")
        #expect(
            named.output.contains("unlearned    classes without training rows: c\n"), "\(named.errors)\(named.output)")
    }

    @Test("six rows are six rows, and two are two; of one nothing is learned", arguments: [1, 2, 3])
    func tiny(ranks: Int) throws {
        let command = try Command()
        for count in 1...6 {
            let rows = (0..<count).map { "\(Double($0) + 0.5),\($0 % 2 == 0 ? "u" : "v"),\(["x", "y"][$0 % 2])\n" }
            try command.write(("a,b,y\n" + rows.joined()).utf8, to: "t.csv")
            // Of two words nothing is left to predict a number from.
            for target in count == 2 ? ["y"] : ["y", "a"] {
                let result = try train(command, target: target, ranks: ranks)
                if count == 1 {
                    #expect(result.status == 66, "\(result.errors)")
                    continue
                }
                #expect(result.status == 0, "\(count) rows, \(target): \(result.errors)")
                #expect(
                    result.output.contains("batch        all \(count - count / 5) training rows"), "\(result.output)")
                #expect(try history(command).rowCount == 2)
            }
        }
    }

    @Test("the run ends early, and keeps the best epoch's model")
    func trackers() throws {
        let command = try command()
        let early = try train(command, "--epochs", "30", "--early-stop", "2", "--lr", "0.3")
        #expect(early.status == 0 && early.output.contains("early stopping"), "\(early.errors)")
        let rows = try history(command)
        let losses = try rows.column("valid_loss").doubles ?? []
        #expect(losses.count < 30 && losses.dropLast(2).min() == losses.min())
        let noise = (0..<90).map { "\(Double($0 * 37 % 91) / 9),\(Double($0 * 53 % 89) / 8),\($0 * $0 % 11 % 2)\n" }
        try command.write(("x,z,y\n" + noise.joined()).utf8, to: "noise.csv")
        let best = try train(command, "--epochs", "15", "--best", "--lr", "0.05", target: "y", file: "noise.csv")
        #expect(best.status == 0 && best.output.contains(" of the best epoch, trained"), "\(best.errors)")
        let table = try history(command)
        let all = try table.column("valid_loss").doubles ?? []
        let place = try #require(all.firstIndex(of: all.min() ?? 0))
        #expect(place < 14, "the last epoch is the best: the test shows nothing")
        let accuracy = try #require(try table.column("accuracy").doubles?[place])
        #expect(
            best.output.contains("accuracy \(String(format: "%.4f", accuracy)) of the best epoch"), "\(best.output)")
        let digits = try command.finish(
            command.start([
                "train", "digits", "--epochs", "3", "--best", "--early-stop", "9", "--ranks", "2", "--run", "d",
            ]))
        #expect(digits.status == 0 && digits.output.contains(" of the best epoch"), "\(digits.errors)")
        expectRefused(
            try train(command, "--valid-fraction", "0", "--best"), 64, "--best: there is nothing for validation")
    }

    @Test("options that do not fit each other or the table are refused by name")
    func refused() throws {
        let command = try command()
        let cases: [([String], Int32, [String])] = [
            (["--categorical", "a", "--ignore", "b,a"], 64, ["--ignore a", "--categorical"]),
            (["--split-column", "is_valid", "--stratify"], 64, ["--split-column is_valid", "--stratify"]),
            (["--split-column", "word"], 66, ["t.csv", "“word” does not say which rows"]),
            (["--split-column", "label"], 64, ["--split-column label", "the column to predict"]),
            (["--split-column", "none"], 66, ["t.csv", "no column “none”"]),
            (["--valid-fraction", "1"], 64, ["--valid-fraction 1.0", "less than 1"]),
            (["--decimal", "comma", "--delimiter", ","], 64, ["--decimal comma", "--delimiter"]),
            (["--delimiter", "::"], 64, ["--delimiter ::", "one ASCII character"]),
            (["--metric", "rmse"], 64, ["--metric rmse", "for numbers", "accuracy"]),
            (["--metric", "brier"], 64, ["--metric brier", "two classes", "has 3"]),
            (["--metric", "speed"], 64, ["speed"]), (["--layers", "20,0"], 64, ["--layers 20,0", "between 1"]),
            (["--layers", "x"], 64, ["--layers", "x"]), (["--dropout", "1"], 64, ["--dropout 1", "less than 1"]),
            (["--dropout", "0.1,0.2,0.3"], 64, ["--dropout 0.1,0.2,0.3", "2 layers"]),
            (["--task", "counts", "--class-weights", "balanced"], 64, ["--class-weights balanced", "--task counts"]),
            (["--task", "regression", "--stratify"], 64, ["--stratify", "--task regression"]),
            (["--early-stop", "0"], 64, ["--early-stop 0"]), (["--ignore", "a,\"b"], 64, ["--ignore"]),
            (["--dates", "word"], 66, ["t.csv: line 2", "“word” is to hold dates", "red"]),
            (["--ignore", "nope"], 66, ["t.csv", "no column “nope”"]),
            (["--ignore", "a,b,word", "--split-column", "is_valid"], 0, []),
            (["--ignore", "a,b,word,count"], 66, ["no column is left"]),
        ]
        for (words, status, said) in cases {
            let result = try command.finish(
                command.start(["train", "csv", "--data", "t.csv", "--target", "label", "--epochs", "1"] + words))
            if status == 0 {
                #expect(result.status == 0, "\(result.errors)")
                continue
            }
            expectRefused(result, status)
            for word in said { #expect(result.errors.contains(word), "\(words): \(result.errors)") }
        }
        for (target, words, said) in [
            ("a", ["--metric", "accuracy"], "for classes, and the target is a number"),
            ("a", ["--class-weights", "balanced"], "has no classes"), ("a", ["--stratify"], "“a” is a number"),
        ] {
            let result = try command.finish(
                command.start(["train", "csv", "--data", "t.csv", "--target", target, "--epochs", "1"] + words))
            #expect(
                result.status == (words[0] == "--stratify" ? 66 : 64) && result.errors.contains(said),
                "\(result.errors)")
        }
    }

    @Test("every metric has its name, for two classes, for more, and for numbers")
    func metrics() throws {
        let command = try command()
        func names(_ target: String, _ words: String...) throws -> [Substring] {
            let refused = try command.finish(
                command.start(["train", "csv", "--data", "t.csv", "--target", target, "--metric", words[0]]))
            return refused.errors.split(separator: "choose among ").last?.split(separator: ";").first?.split(
                separator: ","
            )
            .map { $0.trimmingPrefix(" ") }.map { Substring($0.trimmingCharacters(in: .newlines)) } ?? []
        }
        let numbers = try names("a", "accuracy"), classes = try names("label", "rmse")
        #expect(
            numbers.count == 8 && classes.count == 9 && Set(numbers).isDisjoint(with: classes), "\(numbers) \(classes)")
        for (target, choices) in [
            ("a", numbers), ("label", classes), ("is_valid", classes + ["brier", "average_precision"]),
        ] {
            for name in choices {
                let result = try train(command, "--metric", String(name), "--split-seed", "3", target: target)
                #expect(result.status == 0, "\(name): \(result.errors)")
                let isOfOne = ["f1", "precision", "recall", "roc_auc", "average_precision", "brier"].contains(name)
                let says = result.output.contains("\(name) of “") && result.output.contains("the last class")
                #expect(says == (isOfOne && target == "is_valid"), "\(name): \(result.output)")
            }
        }
    }
}
