// SPDX-License-Identifier: Apache-2.0
// Tests of what a target is: counts or classes, classes that the split leaves no row to train on.

import LockstepTensor
import Testing

@testable import LockstepData

@Suite("Tables: targets and splits")
struct TableTargetTests {
    private func column(_ frequencies: [Int]) -> CSVColumn {
        let values = frequencies.enumerated().flatMap { Array(repeating: $0, count: $1) }
        return CSVColumn(name: "y", values: .integers(CSVValues(values)), missing: nil)
    }

    @Test(
        "counts fall from their most frequent value to a rare largest one",
        arguments: [
            [124, 197, 213, 183, 92, 50, 20, 10, 8, 3], [608, 171, 120, 40, 12, 4, 0, 1],
            [900, 80, 15, 4, 0, 0, 1], [50, 61, 48, 30, 11, 4, 1],
        ])
    func counts(_ frequencies: [Int]) {
        let column = column(frequencies)
        #expect(TabularColumns.looksLikeCounts(column, Array(0..<column.count)))
    }

    @Test(
        "classes do not: digits, marks from 1, severities, two or three classes, the last one frequent",
        arguments: [
            Array(repeating: 178, count: 10), [606, 209, 28, 68, 15, 5, 5], [0, 10, 53, 681, 638, 199, 18],
            [164, 55, 36, 35, 13], [500, 268],
            [50, 50, 50],
            [900, 90, 10], [300, 200, 100, 50, 40], [10, 20, 30, 40, 60], [0, 500, 300, 100, 20, 3],
            [100, 0, 80, 0, 60, 0, 40, 0, 2], [5, 5, 5, 5, 5, 5],
        ])
    func classes(_ frequencies: [Int]) {
        let column = column(frequencies)
        #expect(!TabularColumns.looksLikeCounts(column, Array(0..<column.count)))
    }

    private func table(_ text: String) throws -> CSVTable { try CSV.parse(Array(text.utf8), file: "t.csv") }

    @Test("a target of counts is a number for a model; what counts nothing is refused with its line")
    func counting() throws {
        let rows = [124, 197, 213, 183, 92, 50, 20, 10, 8, 3].enumerated().flatMap { Array(repeating: $0, count: $1) }
        let table = try table("x,y\n" + rows.enumerated().map { "\(Double($0) / 3),\($1)\n" }.joined())
        let all = Array(rows.indices)
        let columns = try TabularColumns(fitting: table, target: "y", training: all)
        #expect(columns.target.kind == .counts && columns.target.outputCount == 1 && columns.classes == nil)
        #expect(columns.description.hasPrefix("target       y: a count\n"))
        let data = try columns.dataset(table, rows: [0, 899])
        #expect(data.targets[0].shape == [2, 1] && data.targets[0].floats == [0, 9])
        for (kind, expected) in [(TabularOptions.Target.classification, 10), (.regression, 1)] {
            var options = TabularOptions()
            options.target = kind
            let told = try TabularColumns(fitting: table, target: "y", training: all, options: options)
            #expect(told.target.outputCount == expected && told.target.kind != .counts)
        }
        var options = TabularOptions()
        options.target = .counts
        for (word, shown) in [("-1", "-1"), ("1.5", "1.5")] {
            let other = try self.table("x,y\n1,2\n2,\(word)\n")
            let error = dataError {
                try TabularColumns(fitting: other, target: "y", training: [0, 1], options: options)
            }
            #expect(
                error?.description.hasPrefix("t.csv: line 3: the target “y” is \(shown), which counts nothing") == true)
            let column = try self.table("x,y\n1,\(word)\n")
            #expect(dataError { try columns.dataset(column, rows: [0]) }?.place == .line(2))
        }
    }

    @Test("a class without a row to train on is one nevertheless, and no split of the whole table ends in an error")
    func rareClasses() throws {
        // Three classes of one row each, two of many.
        let words = (0..<57).map { $0 % 2 == 0 ? "a" : "b" } + ["c", "d", "e"]
        let table = try table("x,y\n" + words.enumerated().map { "\(Double($0 * 7 % 13) / 4),\($1)\n" }.joined())
        let alone = try TabularColumns(fitting: table, target: "y", training: Array(0..<50))
        #expect(alone.classes == ["a", "b", "c", "d", "e"])
        #expect(try alone.dataset(table, rows: [57, 59]).targets[0].ints == [2, 4])
        let rule = try TableSplit(table, target: "y", TabularOptions())
        for seed in 0..<40 as Range<UInt64> {
            let (plain, split) = (Splitter.random(0.2, seed: seed)(60), rule.random(0.2, seed: seed)(60))
            #expect(Set(split.train.map { words[$0] }).count == 5)
            #expect((split.train + split.valid).sorted() == Array(0..<60))
            #expect(Array(split.train.prefix(48)) == plain.train && split.valid.count >= 9)
            let data = try DataLoaders.table(table, target: "y", seed: seed, split: .random(0.2, seed: seed))
            #expect(data.columns.classes?.count == 5)
            #expect(try data.loaders.valid?.indexed?.batch(of: [0], epoch: 0).targets.count == 1)
        }
        #expect(TabularDataset(columns: alone).newEmpty().count == 0)
        let unknown = try self.table("x,y\n1,f\n")
        #expect(
            dataError { try alone.dataset(unknown, rows: [0]) }?.description
                == "t.csv: line 2: the class “f” of “y” does not occur in the training table: a, b, c, d, e")
    }

    @Test("rows are split by classes, or by a column of their own, which is no split when it says otherwise")
    func splits() throws {
        let lines = (0..<40).map { "\($0),\($0 % 4 == 0 ? "p" : "n"),\($0 % 5 == 0 ? "True" : "False"),\($0 % 3)\n" }
        let table = try table("x,y,is_valid,part\n" + lines.joined())
        let rule = try TableSplit(table, target: "y", TabularOptions())
        let fair = try rule.stratified(0.2, seed: 3)(40)
        #expect(fair.valid.count == 8 && fair.valid.count { $0 % 4 == 0 } == 2)
        #expect(rule.hasOwn)
        #expect(try rule.column("is_valid")(40).valid == [0, 5, 10, 15, 20, 25, 30, 35])
        #expect(dataError { try rule.column("part") }?.description.contains("“part” does not say which rows") == true)
        #expect(dataError { try rule.column("none") }?.description.contains("no column “none”") == true)
        let numbers = try TableSplit(table, target: "x", TabularOptions())
        #expect(dataError { try numbers.stratified(0.2, seed: 3) }?.description.contains("“x” is a number") == true)
        for (words, expected) in [
            ("1,0,1", true), ("1.0,0.0,", true), ("yes,NO,no", true), ("1,1,1", false), ("a,b,a", false),
        ] {
            let rows = words.split(separator: ",", omittingEmptySubsequences: false).enumerated().map {
                "\($0),\($1)\n"
            }
            let own = try self.table("y,is_valid\n" + rows.joined())
            #expect(try TableSplit(own, target: "y", TabularOptions()).hasOwn == expected, "\(words)")
            #expect(try !TableSplit(own, target: "is_valid", TabularOptions()).hasOwn)
        }
        let all = try self.table("y,v\n1,1\n2,1\n")
        let nothing = try TableSplit(all, target: "y", TabularOptions())
        #expect(dataError { try nothing.column("v") }?.description.contains("leaves no row to train on") == true)
    }

    @Test("a table of a few rows makes loaders of them", arguments: 2...7)
    func tiny(count: Int) throws {
        try withTemporaryFolder { folder in
            let rows = (0..<count).map { "\(Double($0) / 2),\($0 % 2 == 0 ? "a" : "b"),\($0 % 2)\n" }.joined()
            try Files.writeAtomically([Array(("x,k,y\n" + rows).utf8)], to: folder + "/t.csv")
            let data = try DataLoaders.csv(path: folder + "/t.csv", target: "y", seed: UInt64(count))
            let (train, valid) = (data.loaders.trainDataset?.count ?? 0, data.loaders.validDataset?.count ?? 0)
            #expect(train + valid == count && train >= 2)
            #expect(data.loaders.train.batchCount == 1)
            #expect(try data.loaders.oneBatch().targets[0].shape == [train])
        }
    }
}
