// SPDX-License-Identifier: Apache-2.0
// Categories are what they mean, however they are written; what training did not have is counted.

import LockstepChecks
import LockstepTensor
import LockstepTesting
import Testing

@testable import LockstepData

@Suite("Tabular: categories")
struct CategoryIndexTests {
    struct File: Decodable {
        struct Case: Decodable { let training: [String], rows: [String], codes: [Int] }
        let categories: [String: Case]
    }

    private func table(_ column: [String]) throws -> CSVTable {
        let rows = column.enumerated().map { "\($1),\($0 % 2)" }
        return try CSV.parse(Array(("k,y\n" + rows.joined(separator: "\n") + "\n").utf8), file: "k.csv")
    }

    private func columns(_ training: [String]) throws -> TabularColumns {
        var options = TabularOptions()
        options.categorical = ["k"]
        return try TabularColumns(
            fitting: table(training), target: "y", training: Array(training.indices), options: options)
    }

    private func codes(_ columns: TabularColumns, _ rows: [String]) throws -> [Int] {
        try withTemporaryFolder { folder in
            try Files.writeAtomically(
                [Array(("k\n" + rows.joined(separator: "\n") + "\n").utf8)], to: folder + "/r.csv")
            let read = try columns.readRows(folder + "/r.csv")
            return try columns.dataset(read, rows: Array(0..<read.rowCount), withTarget: false).inputs[0].ints
        }
    }

    @Test("integers that became floats, and floats that became integers, have fastai's codes")
    func fastai() throws {
        let cases = try Reference.decode(File.self, from: "numbers").categories
        #expect(cases.count == 2)
        for (name, item) in cases { #expect(try codes(columns(item.training), item.rows) == item.codes, "\(name)") }
    }

    @Test("a number is one category, however it is written, alone or beside words")
    func numbers() throws {
        let whole = try columns(["7", "-3", "12", "7", "0", "-3"])
        #expect(
            try codes(whole, ["7", "7.0", "7.00", " 7 ", "+7", "07", "7e0", "0.7e1", "7."])
                == .init(repeating: 3, count: 9))
        #expect(try codes(whole, ["-3.0", "0.0", "-0", "12.0", "1.2e1"]) == [1, 2, 2, 4, 4])
        #expect(try codes(whole, ["7.5", "70", "1e300", "inf", "8"]) == [0, 0, 0, 0, 0])
        // A column in which there is a word is text; its numbers are still numbers.
        #expect(try codes(whole, ["7.0", "old", " 7 ", "-3"]) == [3, 0, 3, 1])
        let reals = try columns(["1.5", "7.0", "1.5", "7.0"])
        #expect(try codes(reals, ["7", "1.50", "15e-1", "2"]) == [2, 1, 1, 0])
    }

    @Test("text is what it says: a postal code is no number, but 7.0 is 7")
    func text() throws {
        let words = try columns(["7", "a", "007", "a", "7"])
        #expect(words.categorical[0].vocabulary == ["#na#", "007", "7", "a"])
        #expect(try codes(words, ["7", "7.0", "007", "07", "+7", "a", "A"]) == [2, 2, 1, 0, 0, 3, 0])
        #expect(try codes(words, ["7.0", "7.0"]) == [2, 2])
        // Two words that mean the same are two categories; a third is neither.
        let both = try columns(["7", "7.0", "a", "7", "7.0", "a"])
        #expect(try codes(both, ["7", "7.0", "7.00"]) == [1, 2, 0])
    }

    @Test(
        "booleans",
        arguments: [["True", "False"], ["true", "false"], ["1", "0"], ["1.0", "0.0"], ["TRUE", "FALSE"]])
    func booleans(_ pair: [String]) throws {
        let found = try columns([pair[0], pair[1], pair[0], pair[0]])
        let (yes, no) = (try codes(found, [pair[0]])[0], try codes(found, [pair[1]])[0])
        #expect(yes != no && yes > 0 && no > 0)
        for (word, code) in [
            ("True", yes), ("true", yes), ("1", yes), ("1.0", yes), ("FALSE", no), ("0", no), ("0.0", no),
        ] {
            #expect(try codes(found, [word, word]) == [code, code], "\(pair): \(word)")
        }
        #expect(try codes(found, ["yes", "2", "NA"]) == [0, 0, 0])
    }

    @Test("integers that doubles cannot tell apart stay themselves, or are unknown")
    func large() throws {
        let found = try columns(["9007199254740992", "9007199254740993", "1", "9007199254740992"])
        #expect(try codes(found, ["9007199254740993", "9007199254740992"]) == [3, 2])
        #expect(try codes(found, ["9007199254740992.0", "1.0"]) == [0, 1])
    }

    @Test("a class may be written as a float, too")
    func classes() throws {
        let found = try columns(["a", "b", "a", "b"])
        let test = try CSV.parse(Array("k,y\na,1.0\nb,0.0\n".utf8), file: "t.csv")
        #expect(try found.dataset(test, rows: [0, 1]).targets[0].ints == [1, 0])
    }

    @Test("what training did not have is counted per column")
    func unseen() throws {
        let training = try CSV.parse(
            Array("k,j,x,z,y\n1,u,0.5,1.5,a\n2,,1.5,,b\n1,v,2.5,2.5,a\n2,u,3.5,0.5,b\n".utf8), file: "t.csv")
        let columns = try TabularColumns(fitting: training, target: "y", training: [0, 1, 2, 3])
        let text = "k,j,x,z\n3,u,,\n1.0,w,1.5,\n,,,\n4,q,1,1\n9,w,1,1\n5.5,w,1,1\n"
        let rows = try CSV.parse(Array(text.utf8), file: "r.csv")
        #expect(
            try columns.unseen(in: rows).map(\.description) == [
                "the column “k” has categories in 4 rows that training did not have, which count as unknown: “3.0”, “4.0”, “9.0”",
                "the column “k”, which had no gaps in training, has no value in 1 row; it counts as unknown",
                "the column “j” has categories in 4 rows that training did not have, which count as unknown: “w”, “q”",
                "the column “x”, which had no gaps in training, has no value in 2 rows; the median stands in",
            ])
        #expect(try columns.unseen(in: training).isEmpty)
        #expect(try columns.unseen(in: rows, rows: [1]).map(\.column) == ["j"])
    }

    @Test("a row given as a dictionary is read as the column was")
    func dictionaries() throws {
        let found = TabularDataset(columns: try columns(["007", "a", "7", "a"]))
        let items = ItemList([["k": "7"], ["k": "007"], ["k": "7.0"]])
        let set = try #require(try found.testSet(items, withLabels: false) as? TabularDataset)
        #expect(set.rows.inputs[0].ints == [2, 1, 2])
    }

    @Test("labels of items likewise")
    func labels() throws {
        var categorize = Categorize(addNA: true)
        try categorize.setup(ItemList([3, 1, 3]))
        #expect(categorize.vocabulary == ["#na#", "1", "3"])
        #expect(categorize == Categorize(vocab: ["1", "3"], addNA: true))
        for (label, index) in [("3", 2), ("3.0", 2), ("4.0", 0), (3, 2), (3.0, 2), (4.5, 0)] as [(Any, Int)] {
            let found = try TypedFunction.call(categorize.encodes, on: label, context: TransformContext())
            #expect(found as? Int == index, "\(label)")
        }
    }
}
