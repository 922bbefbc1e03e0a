// SPDX-License-Identifier: Apache-2.0
// Tests of dates in a table that is learnt from: their columns, new rows, what is kept in a file.

import Foundation
import LockstepTensor
import Testing

@testable import LockstepData

@Suite("Tables: columns of dates")
struct DateColumnTests {
    private func table(_ text: String) throws -> CSVTable { try CSV.parse(Array(text.utf8), file: "d.csv") }

    /// Sixty days; every seventh has no date when `gaps`.
    private func days(gaps: Bool = false) throws -> CSVTable {
        let rows = (0..<60).map { day -> String in
            let moment = Moment(elapsed: (19_700 + day) * 86_400)
            return "\(gaps && day % 7 == 3 ? "" : "\(moment)"),\(Double(day % 7) + 0.5)\n"
        }
        return try table("date,y\n" + rows.joined())
    }

    @Test("whole numbers of few values are categories, others numbers; it is printed in one line")
    func fitting() throws {
        let columns = try TabularColumns(fitting: days(), target: "y", training: Array(0..<60))
        #expect(columns.continuous.map(\.name) == ["Day", "Dayofyear", "Elapsed"])
        #expect(
            columns.categorical.map(\.name) == [
                "Year", "Month", "Week", "Dayofweek", "Is_month_end", "Is_month_start", "Is_quarter_end",
                "Is_quarter_start", "Is_year_end", "Is_year_start",
            ])
        #expect(
            columns.description
                == "target       y: a number\ndate         date: 2023-12-09 to 2024-02-06, year first; 13 columns Year, Month, Week, …"
        )
        let rows = try columns.dataset(days(), rows: [0, 23])
        #expect(rows.inputs.map(\.shape) == [[2, 10], [2, 3]])
        // 1 January: 2024, the first month, the first week, a Monday, a first of everything.
        #expect(rows.inputs[0].ints.suffix(10) == [2, 1, 1, 1, 1, 2, 1, 2, 1, 2])
    }

    @Test("a date that is missing is marked once, and so it is in new rows")
    func gaps() throws {
        let columns = try TabularColumns(fitting: days(gaps: true), target: "y", training: Array(0..<60))
        #expect(columns.categorical.filter { $0.marksMissing != nil }.map(\.name) == ["Elapsed_na"])
        #expect(columns.needed == ["date"])
        let new = try table("date\n\n2024-01-01\n\"\"\nnever\n")
        #expect(
            try columns.unseen(in: new).map(\.description) == [
                "the column “date” holds no date in 1 row, which counts as missing: “never”"
            ])
        let rows = try columns.dataset(new, rows: [1, 2], withTarget: false)
        #expect(rows.inputs[0].ints.suffix(11) == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2])
        #expect(rows.inputs[1].doubles.allSatisfy { $0.isFinite })
    }

    @Test("what is kept in a file treats new rows alike, also those of one value or in another order")
    func kept() throws {
        for gaps in [false, true] {
            let table = try days(gaps: gaps)
            let columns = try TabularColumns(fitting: table, target: "y", training: Array(0..<50))
            let read = try JSONDecoder().decode(TabularColumns.self, from: JSONEncoder().encode(columns))
            #expect(read == columns)
            try withTemporaryFolder { folder in
                let path = folder + "/new.csv"
                try Files.writeAtomically([Array("more,date\nx,2024-01-01 00:00\nx,20240102\n".utf8)], to: path)
                let rows = try read.readRows(path)
                let again = try read.dataset(rows, rows: [0, 1], withTarget: false)
                let own = try columns.dataset(table, rows: [23, 25])
                #expect(again.inputs[0].ints.prefix(10) == own.inputs[0].ints.prefix(10))
                #expect(again.inputs[1].floats.prefix(3) == own.inputs[1].floats.prefix(3))
            }
            // Rows one by one, as a learner's predict takes them.
            let one = try TabularDataset(columns: read).testSet(
                ItemList([["date": "2024-01-01"] as [String: String]]), withLabels: false)
            #expect(try one.item(at: 0).inputs.first?.ints.first == 2)
        }
    }

    @Test("gaps of dates that are few, and so categories, are nothing new where training had some")
    func fewDates() throws {
        let dates = (0..<48).map { $0 % 6 == 5 ? "" : "2024-\($0 % 12 < 9 ? "0" : "")\($0 % 12 + 1)-01" }
        let table = try table("date,y\n" + dates.enumerated().map { "\($1),\($0).5\n" }.joined())
        let columns = try TabularColumns(fitting: table, target: "y", training: Array(0..<48))
        #expect(columns.categorical.contains { $0.name == "Elapsed" && $0.hadMissing == true })
        #expect(try columns.unseen(in: table).isEmpty)
        let whole = try self.table("date,y\n" + dates.filter { !$0.isEmpty }.map { "\($0),1.5\n" }.joined())
        let strict = try TabularColumns(fitting: whole, target: "y", training: Array(0..<40))
        #expect(try strict.unseen(in: table).map(\.description).contains { $0.contains("date") })
    }

    @Test("columns that name one another's parts keep theirs; what is called otherwise is no date")
    func collisions() throws {
        let both = try table(
            "day,dayMonth,Date,date,y\n2024-01-01,x,2024-01-01,2024-02-01,0.5\n2024-01-02,y,2024-01-02,2024-02-03,1.5\n"
        )
        let columns = try TabularColumns(fitting: both, target: "y", training: [0, 1])
        let names = columns.categorical.map(\.name) + columns.continuous.map(\.name)
        #expect(Set(names).count == names.count && columns.dates.map(\.name) == ["day", "Date"], "\(names)")
        #expect(columns.ignored.map(\.name) == ["dayMonth", "date"])
        var options = TabularOptions()
        options.categorical = ["day"]
        options.dates = []
        let none = try TabularColumns(fitting: both, target: "y", training: [0, 1], options: options)
        #expect(none.dates.isEmpty && none.categorical.map(\.name) == ["day"])
    }

    @Test("further columns of new rows that are called as parts are do not stand in for these")
    func namesakes() throws {
        let columns = try TabularColumns(fitting: days(), target: "y", training: Array(0..<60))
        let new = try table("Year,date,Elapsed\n1,2024-01-01,x\n")
        let plain = try columns.dataset(table("date\n2024-01-01\n"), rows: [0], withTarget: false)
        let same = try columns.dataset(new, rows: [0], withTarget: false)
        #expect(same.inputs.map(\.doubles) == plain.inputs.map(\.doubles) && columns.needed == ["date"])
        #expect(try columns.unseen(in: new).isEmpty)
    }

    @Test("a file whose dates have parts that there are none of is refused")
    func hostile() throws {
        let columns = try TabularColumns(fitting: days(), target: "y", training: Array(0..<60))
        let json = String(decoding: try JSONEncoder().encode(columns), as: UTF8.self)
        for (old, new) in [
            ("\"Year\",\"Month\"", "\"Year\",\"Moon\""), ("\"Year\",\"Month\"", "\"Year\",\"Year\""),
            ("yearFirst", "noFirst"),
        ] {
            let bad = json.replacing(old, with: new, maxReplacements: 1)
            try #require(bad != json)
            #expect(throws: (any Error).self, "\(new)") {
                try JSONDecoder().decode(TabularColumns.self, from: Data(bad.utf8))
            }
        }
    }
}
