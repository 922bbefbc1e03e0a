// SPDX-License-Identifier: Apache-2.0
// Tests of columns that would harm: text of nearly as many values as rows, more categories than anybody learns.

import Foundation
import LockstepTensor
import Testing

@testable import LockstepData

@Suite("Tables: columns that would harm")
struct HarmfulColumnsTests {
    private func table(_ text: String) throws -> CSVTable { try CSV.parse(Array(text.utf8), file: "t.csv") }

    /// A column of text in which `distinct` values come in turn.
    private func words(_ distinct: Int, rows: Int = 200) throws -> CSVTable {
        try table("w,x,y\n" + (0..<rows).map { "w\($0 % distinct),\(Double($0) / 4),\($0 % 2)\n" }.joined())
    }

    @Test("text is ignored by the share of its values, and it is said how many there are")
    func nearUnique() throws {
        let all = Array(0..<200)
        func reason(_ distinct: Int, _ change: (inout TabularOptions) -> Void = { _ in }) throws -> String? {
            var options = TabularOptions()
            change(&options)
            return try TabularColumns(fitting: words(distinct), target: "y", training: all, options: options).ignored
                .first?
                .reason
        }
        #expect(try reason(200) == "text that differs in every row")
        #expect(try reason(190) == "text that differs in nearly every row: 190 values in 200")
        #expect(try reason(101) == "text that differs in nearly every row: 101 values in 200")
        #expect(try reason(100) == nil && reason(20) == nil)
        #expect(try reason(190) { $0.categorical = ["w"] } == nil)
        #expect(try reason(190) { $0.mostDistinct = 0.96 } == nil)
        #expect(try reason(30) { $0.mostDistinct = 0.1 } == "text that differs in nearly every row: 30 values in 200")
        // Few values are few, however few rows there are.
        let few = try TabularColumns(fitting: words(12, rows: 15), target: "y", training: Array(0..<15))
        #expect(few.categorical.map(\.name) == ["w"])
    }

    @Test("the most frequent categories are kept, the others count as unknown, in training and after")
    func cut() throws {
        // w0 comes 20 times, w1 19 times, …, w19 once.
        let names = (0..<20).flatMap { Array(repeating: "w\($0)", count: 20 - $0) }
        let table = try table("w,k,y\n" + names.enumerated().map { "\($1),\(96 + $0 % 5),\($0 % 2)\n" }.joined())
        var options = TabularOptions()
        options.mostCategories = 3
        let columns = try TabularColumns(
            fitting: table, target: "y", training: Array(names.indices), options: options)
        #expect(columns.categorical[0].vocabulary == ["#na#", "w0", "w1", "w2"])
        // Equally frequent ones: the smallest, in the order of numbers.
        #expect(columns.categorical[1].vocabulary == ["#na#", "96", "97", "98"])
        #expect(columns.description.contains("categorical  w: the most frequent 3 categories, embedding 4 × 3"))
        #expect(try columns.dataset(table, rows: [0, 20, 39, 60, 209]).inputs[0][.all, 0].ints == [1, 2, 3, 0, 0])
        let read = try JSONDecoder().decode(TabularColumns.self, from: JSONEncoder().encode(columns))
        let new = try read.unseen(in: self.table("w,k\nw0,96\nw7,96\nother,96\n"))
        #expect(new.map(\.kind) == [.rare] && new[0].count == 2)
        #expect(new[0].description.contains("not among the most frequent of training"))
        options.mostCategories = 20
        let whole = try TabularColumns(
            fitting: table, target: "y", training: Array(names.indices), options: options)
        #expect(whole.categorical[0].vocabulary.count == 21 && whole.categorical[0].isCut == nil)
    }

    @Test(
        "rows with columns missing, in another order, with more of them, and with unknown categories are never an error"
    )
    func newRows() throws {
        let rows = (0..<80).map {
            "\("abc".map(String.init)[$0 % 3]),\($0 % 5),\(Double($0) / 8),2024-01-\(10 + $0 % 9),\($0 % 2)\n"
        }
        let table = try table("k,n,x,d,y\n" + rows.joined())
        let columns = try TabularColumns(fitting: table, target: "y", training: Array(0..<80))
        for text in [
            "x,n,k,d\n0.5,1,a,2024-01-10\n", "k\nz\n\n", "more,d\n1,2024-01-11\n", "n,k\n2.0,b\n7,\n", "x\n1e3\n-5\n",
            "k,n,x,d\n,,,\n?,NA,nan,\n", "d,x\nyesterday,1\n",
        ] {
            let new = try columns.parseRows(Array(text.utf8), file: "n.csv")
            let unseen = try columns.unseen(in: new)
            let data = try columns.dataset(columns.completed(new), rows: Array(0..<new.rowCount), withTarget: false)
            #expect(
                data.inputs.allSatisfy { $0.dim(0) == new.rowCount && $0.doubles.allSatisfy { $0.isFinite } }, "\(text)"
            )
            let limits = columns.embeddingSizes.map(\.count)
            for (place, limit) in limits.enumerated() {
                #expect(data.inputs[0][.all, place].ints.allSatisfy { (0..<limit).contains($0) }, "\(text)")
            }
            let absent = columns.needed.filter { !new.names.contains($0) }
            #expect(unseen.filter { $0.kind == .absent }.map(\.column) == absent, "\(text)")
        }
        let none = try columns.parseRows(Array("more\n1\n".utf8), file: "n.csv")
        #expect(
            dataError { try columns.completed(none) }?.description.hasPrefix("n.csv: there is no column “d”") == true)
        #expect(dataError { try columns.unseen(in: none) }?.code == .mismatch)
        #expect(
            try columns.unseen(in: columns.parseRows(Array("n,k,d\n1,a,2024-01-11\n".utf8), file: "n")).map(
                \.description) == [
                    "the column “x” is missing, in 1 row; the median stands in"
                ])
    }
}
