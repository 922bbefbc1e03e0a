// SPDX-License-Identifier: Apache-2.0
// Numbers of tables: exact statistics, and values that float32, the type of models, cannot hold.

import Foundation
import LockstepChecks
import LockstepTensor
import LockstepTesting
import Testing

@testable import LockstepData

@Suite("Tabular: numbers")
struct TabularNumbersTests {
    struct File: Decodable {
        struct Column: Decodable {
            let values: [String], standardised: [Double], mean: Double, median: Double, deviation: Double
        }
        let columns: [String: Column]
    }

    func table(_ text: String) throws -> CSVTable { try CSV.parse(Array(text.utf8), file: "n.csv") }

    @Test(
        "mean, deviation and median are those of fractions, and so is what a model is given",
        arguments: ["stamps", "nanoseconds", "shifted", "wide", "tiny"])
    func statistics(_ name: String) throws {
        let expected = try #require(try Reference.decode(File.self, from: "numbers").columns[name])
        let rows = expected.values.enumerated().map { "\($1),\($0 % 2 == 0 ? "a" : "b")" }
        let data = try table("x,y\n" + rows.joined(separator: "\n") + "\n")
        let columns = try TabularColumns(fitting: data, target: "y", training: Array(rows.indices))
        let column = try #require(columns.continuous.first)
        expectClose(column.mean, expected.mean, relative: 4e-16, absolute: 0)
        expectClose(column.median, expected.median, relative: 4e-16, absolute: 0)
        expectClose(column.deviation, expected.deviation, relative: 1e-12, absolute: 0)
        let given = try columns.dataset(data, rows: Array(rows.indices)).inputs[0]
        expectClose(given.doubles, expected.standardised, relative: 1e-7, absolute: 1e-7)
        // New rows read from a file give the same, although they do not say what kind of numbers they are.
        try withTemporaryFolder { folder in
            try Files.writeAtomically(
                [Array(("x\n" + expected.values.joined(separator: "\n")).utf8)], to: folder + "/r.csv")
            let read = try columns.readRows(folder + "/r.csv")
            let again = try columns.dataset(read, rows: Array(rows.indices), withTarget: false).inputs[0]
            #expect(again.floats == given.floats)
        }
    }

    @Test("what is printed of a column has four digits that are its own")
    func shown() {
        let pairs: [(Double, String)] = [
            (346.41016, "346.4"), (1e-13, "1e-13"), (128, "128"), (-0.000123456, "-0.0001235"), (2.5, "2.5"),
            (0, "0.0"), (123_456.7, "123457"), (0.99999, "1"),
            (1.23456e-200, "1.235e-200"),
        ]
        for (value, text) in pairs { #expect(short(value) == text) }
    }

    @Test("a missing number is the median, of nanoseconds too")
    func filling() throws {
        let base = 1_700_000_000_000_000_000
        let rows = (0..<30).map { "\($0 == 7 ? "" : "\(base + $0)"),\($0 % 2)" }.joined(separator: "\n")
        let data = try table("t,y\n" + rows + "\n")
        let columns = try TabularColumns(fitting: data, target: "y", training: Array(0..<30))
        let given = try columns.dataset(data, rows: Array(0..<30)).inputs[1].doubles
        let median = (0..<30).filter { $0 != 7 }.sorted()[14]
        #expect(given[7] == given[median] && given[7] != given[median - 1])
    }

    @Test("infinity and what is beyond float32 are errors with line and column", arguments: [0, 1])
    func beyond(_ place: Int) throws {
        for word in ["1e300", "-1e39", "inf", "-inf", "1e400", "3.5e38"] {
            for column in ["x", "y"] {
                let rows = (0..<6).map { row in
                    let shown = { row == 2 + place && $0 == column ? word : "\(Double(row) + 0.5)" }
                    return "\(shown("x")),\(shown("y"))"
                }
                // Line 5 is trained on, line 4 is not: it is looked at when it is used.
                let text = "x,y\n" + rows.joined(separator: "\n") + "\n"
                let error = dataError {
                    let data = try table(text)
                    let columns = try TabularColumns(fitting: data, target: "y", training: [0, 1, 3, 4])
                    return try columns.dataset(data, rows: [2])
                }
                #expect(
                    error?.description.hasPrefix("n.csv: line \(4 + place): the ") == true,
                    "\(error?.description ?? "")")
                #expect(error?.description.contains("“\(column)” is ") == true, "\(error?.description ?? "")")
            }
        }
    }

    @Test("the largest float32 is none of them; new rows that standardising takes beyond it are")
    func largest() throws {
        let data = try table("x,y\n3.4028234e38,a\n-3.4028234e38,b\n1.5,a\n")
        let columns = try TabularColumns(fitting: data, target: "y", training: [0, 1, 2])
        let given = try columns.dataset(data, rows: [0, 1, 2]).inputs[0].floats
        #expect(abs(given[0] - 1.2247449) < 1e-6 && given[0] == -given[1])
        let tiny = try table("x,y\n1e-30,a\n2e-30,b\n3e-30,a\n")
        let narrow = try TabularColumns(fitting: tiny, target: "y", training: [0, 1, 2])
        let error = dataError { try narrow.dataset(table("x\n1e-30\n1e10\n"), rows: [0, 1], withTarget: false) }
        #expect(error?.description.hasPrefix("n.csv: line 3: the column “x” is 10000000000.0: standardised") == true)
    }

    @Test("targets that float32 cannot tell apart are an error, those it can are none")
    func resolution() throws {
        func fit(_ targets: [Int]) throws -> TabularColumns {
            let rows = targets.enumerated().map { "\(Double($0) + 0.5),\($1)" }.joined(separator: "\n")
            var options = TabularOptions()
            options.target = .regression
            return try TabularColumns(
                fitting: table("x,y\n" + rows + "\n"), target: "y", training: Array(targets.indices), options: options)
        }
        let error = dataError { try fit((0..<30).map { 1_700_000_000 + $0 }) }
        #expect(
            error?.description.contains("the targets “y” differ by 8.655 about 1700000015") == true,
            "\(error?.description ?? "")")
        #expect(error?.description.contains("holds every 128 only") == true)
        _ = try fit((0..<30).map { 1_700_000_000 + 1_000_000 * $0 })
        _ = try fit((0..<30).map { $0 })
    }

    @Test("the statistics of an older version, without what doubles could not hold, are read")
    func older() throws {
        let data = try table("x,k,y\n0.5,u,a\n1.5,v,b\n2.5,u,a\n")
        let columns = try TabularColumns(fitting: data, target: "y", training: [0, 1, 2])
        let json = String(decoding: try JSONEncoder().encode(columns), as: UTF8.self)
        let old = json.replacing(#","hadMissing":false"#, with: "").replacing(#""hadMissing":false,"#, with: "")
        #expect(old != json)
        let read = try JSONDecoder().decode(TabularColumns.self, from: Data(old.utf8))
        #expect(read.continuous == columns.continuous && read.categorical[0].hadMissing == nil)
        #expect(try JSONDecoder().decode(TabularColumns.self, from: Data(json.utf8)) == columns)
        // Nobody knows whether there were gaps: nothing is said of them.
        let gaps = try table("x,k\n,\n")
        #expect(try read.unseen(in: gaps).map(\.column) == ["x"])
        #expect(try columns.unseen(in: gaps).map(\.column) == ["k", "x"])
    }

    @Test("numbers of items that are beyond float32 are errors, too")
    func items() throws {
        #expect(dataError { try Sample(ItemTuple([1e300]), inputCount: 1) }?.reason.contains("1e+300") == true)
        #expect(dataError { try Sample(ItemTuple([[1, 1e39]]), inputCount: 1) }?.code == .item)
        #expect(try Sample(ItemTuple([Double.infinity]), inputCount: 1).inputs[0].item() == .infinity)
        #expect(try Sample(ItemTuple([[1, 3.4e38]]), inputCount: 1).inputs[0].floats == [1, 3.4e38])
    }
}
