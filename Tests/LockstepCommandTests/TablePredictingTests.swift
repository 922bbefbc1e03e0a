// SPDX-License-Identifier: Apache-2.0
// `lockstep predict` of tables: standard input, JSON, rows that are not as training's were.
import Foundation
import Testing

@Suite("Command: tables, predicting", .serialized)
struct TablePredictingTests {
    /// A trained export of a table with dates, categories with a comma and a quote in their names, and numbers.
    private static func trained(classes: Bool = true) throws -> Command {
        let command = try Command()
        let rows = (0..<120).map { row -> String in
            let day = "2024-0\(1 + row % 3)-\(10 + row % 19)"
            let kind = ["plain", "\"a, b\"", "\"c \"\"d\"\"\""][row % 3]
            let answer = classes ? ["\"x, y\"", "z"][(row + row / 7) % 2] : "\(Double(row % 9) + 0.25)"
            return "\(day),\(kind),\(Double(row % 13) / 3),\(answer)\n"
        }
        try command.write(("day,kind,x,answer\n" + rows.joined()).utf8, to: "t.csv")
        let result = try command("train", "csv", "--data", "t.csv", "--target", "answer", "--epochs", "2", "--run", "r")
        #expect(result.status == 0, "\(result.errors)")
        return command
    }

    /// The command with what stands in a file for its input.
    private func predict(_ command: Command, _ input: String, _ words: String...) throws -> Command.Result {
        try command.write(input.utf8, to: "input")
        let script = "exec \"$0\" predict r/export.bundle \"$@\" < input"
        let lockstep = try #require(Command.program)
        return try command.finish(command.start(["-c", script, lockstep] + words, program: "/bin/sh"))
    }

    @Test(
        "rows come from standard input, of one rank or more",
        arguments: [["--ranks", "1"], ["--ranks", "2"], ["--in-process", "3"]])
    func standardInput(_ kind: [String]) throws {
        let command = try Self.trained()
        let text = try String(contentsOf: command.folder.appending(path: "t.csv"), encoding: .utf8)
        let expected = try String(contentsOf: command.folder.appending(path: "r/predictions.csv"), encoding: .utf8)
        let result = try predict(command, text, "-", kind[0], kind[1])
        #expect(result.status == 0 && result.output == expected && result.errors.isEmpty, "\(result.errors)")
        expectRefused(try predict(command, "", "-", kind[0], kind[1]), 66, "standard input", "the file is empty")
        expectRefused(
            try predict(command, "x,day\n1,2024-01-01\none,\n", "-", kind[0], kind[1]), 66, "standard input: line 3",
            "one")
    }

    @Test("a table that is predicted in several parts has the lines of one, in its order, of one rank or more")
    func parts() throws {
        let command = try Self.trained(classes: false)
        let rows = (0..<600_000).map { "2024-02-\(10 + $0 % 19),plain,\(Double($0 % 1009) / 8)\n" }
        try command.write(("day,kind,x\n" + rows.joined()).utf8, to: "many.csv")
        try command.write(("day,kind,x\n" + rows.prefix(19 * 1009).joined()).utf8, to: "few.csv")
        let few = try command("predict", "r/export.bundle", "few.csv").lines
        #expect(few.count == 1 + 19 * 1009)
        for ranks in [["--ranks", "1"], ["--in-process", "3"]] {
            let many = try command(
                "predict", "r/export.bundle", "many.csv", "--output", "out.csv", ranks[0], ranks[1])
            #expect(many.status == 0 && many.lines == ["600000 predictions are in out.csv"], "\(many.errors)")
            let lines = try String(contentsOf: command.folder.appending(path: "out.csv"), encoding: .utf8)
                .split(separator: "\n")
            // To rounding: where there is no AVX-512, products of few rows are made otherwise than those of many.
            let differing = lines.dropFirst().enumerated().first { row, line in
                guard let own = Double(line), let first = Double(few[1 + row % (19 * 1009)]) else { return true }
                return abs(own - first) > 1e-5 * max(1, abs(first))
            }
            #expect(lines.count == 600_001 && differing == nil, "\(String(describing: differing))")
        }
    }

    @Test("JSON has an object in each line, with the probabilities of all classes by name", arguments: [true, false])
    func json(classes: Bool) throws {
        let command = try Self.trained(classes: classes)
        let lines = try command("predict", "r/export.bundle", "t.csv", "--json").lines
        let table = try String(contentsOf: command.folder.appending(path: "r/predictions.csv"), encoding: .utf8)
        let expected = table.split(separator: "\n").dropFirst()
        #expect(lines.count == 120 && expected.count == 120)
        for (line, row) in zip(lines, expected) {
            let object = try #require(
                try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any], "\(line)")
            guard classes else {
                #expect("\((object["prediction"] as? Double).map { Float($0) } ?? .nan)" == row)
                continue
            }
            let shares = try #require(object["probabilities"] as? [String: Double])
            #expect(shares.keys.sorted() == ["x, y", "z"] && abs(shares.values.reduce(0, +) - 1) < 1e-5)
            let best = shares.max { $0.value < $1.value }?.key ?? ""
            #expect(object["prediction"] as? String == best && row.hasPrefix(best == "z" ? "z," : "\"x, y\","))
        }
        let file = try command(
            "predict", "r/export.bundle", "t.csv", "--json", "--output", "p.jsonl", "--in-process", "2")
        #expect(file.output == "120 predictions are in p.jsonl\n", "\(file.errors)")
        let written = try String(contentsOf: command.folder.appending(path: "p.jsonl"), encoding: .utf8)
        #expect(written.split(separator: "\n") == lines)
    }

    @Test("missing columns, unknown categories, gaps and no dates are counted by column, and refused when strict")
    func unseen() throws {
        let command = try Self.trained()
        let text = "kind,more,day\nplain,1,2024-01-12\nother,2,2024-01-12\nplain,3,soon\n,4,2024-01-12\n"
        let result = try predict(command, text, "-")
        #expect(result.status == 0 && result.lines.count == 5, "\(result.errors)")
        #expect(
            result.errors.split(separator: "\n") == [
                "lockstep: standard input: the column “x” is missing, in 4 rows; the median stands in",
                "lockstep: standard input: the column “day” holds no date in 1 row, which counts as missing: “soon”",
                "lockstep: standard input: the column “kind” has categories in 1 row that training did not have, which count as unknown: “other”",
                "lockstep: standard input: the column “kind”, which had no gaps in training, has no value in 1 row; it counts as unknown",
            ])
        expectRefused(
            try predict(command, text, "-", "--strict"), 66, "standard input: --strict", "“x” is missing", "“other”",
            "“soon”")
        expectRefused(try predict(command, text, "-", "--strict", "--in-process", "2"), 66, "--strict")
        let good = try predict(command, "x,day,kind\n1.5,2024-01-12,\"a, b\"\n", "-", "--strict")
        #expect(good.status == 0 && good.errors.isEmpty && good.lines.count == 2, "\(good.errors)")
        expectRefused(try predict(command, "more\n1\n", "-"), 66, "standard input", "there is no column “day”")
    }
}
