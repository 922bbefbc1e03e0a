// SPDX-License-Identifier: Apache-2.0
// Tests of dates: what pandas reads and fastai makes of it; what is no date.

import LockstepChecks
import LockstepTesting
import Testing

@testable import LockstepData

@Suite("Tables: dates")
struct DateTests {
    struct File: Decodable {
        struct Case: Decodable { let texts: [String: [String]], parts: [String: [Int?]] }
        let days: Case, times: Case, gaps: [String: [Int?]], cyclic: [String: [Double]]
    }

    /// A table with the texts in a column `saleDate`.
    private func table(_ texts: [String]) throws -> CSVTable {
        let lines = texts.enumerated().map { "\"\($1)\",\($0)\n" }
        return try CSV.parse(Array(("saleDate,y\n" + lines.joined()).utf8), file: "d.csv")
    }

    /// What the columns that stand for `saleDate` hold, and how it is said to be written.
    private func parts(
        _ texts: [String], isCyclic: Bool = false, isTold: Bool = false
    ) throws -> (date: DateColumn, columns: [CSVColumn]) {
        let table = try table(texts)
        var options = TabularOptions()
        options.cyclicDates = isCyclic
        if isTold { options.dates = ["saleDate"] }
        let rows = Array(0..<table.rowCount)
        let date = try #require(try table.dates(options, training: rows, except: ["y"]).first, "\(texts.prefix(3))")
        return (date, try table.expanded([date]).columns.dropLast())
    }

    private func integers(_ column: CSVColumn) -> [Int?] {
        guard case .integers(let values) = column.values else { return [] }
        return values.indices.map { column.missing?[$0] == true ? nil : values[$0] }
    }

    @Test(
        "dates in ten forms, and with times in four, have fastai's parts under fastai's names",
        arguments: [false, true])
    func forms(hasTimes: Bool) throws {
        let file = try Reference.decode(File.self, from: "dates")
        let expected = hasTimes ? file.times : file.days
        #expect(expected.texts.count == (hasTimes ? 4 : 10) && expected.parts.count == (hasTimes ? 16 : 13))
        for (name, texts) in expected.texts.sorted(by: { $0.key < $1.key }) {
            let (date, columns) = try parts(texts)
            #expect(columns.map(\.name) == date.columns, "\(name)")
            #expect(Set(columns.map(\.name)) == Set(expected.parts.keys), "\(name)")
            for column in columns {
                #expect(integers(column) == expected.parts[column.name], "\(name): \(column.name)")
            }
            let order: DateForm =
                switch name {
                case "points", "dashes": .dayFirst
                case "american", "halves": .monthFirst
                default: .yearFirst
                }
            #expect(date.form == order, "\(name)")
        }
    }

    @Test("points on circles are those of fastai's formula")
    func cyclic() throws {
        let file = try Reference.decode(File.self, from: "dates")
        let (_, columns) = try parts(try #require(file.times.texts["iso"]), isCyclic: true)
        #expect(columns.count == 16 + 10)
        for (name, values) in file.cyclic.sorted(by: { $0.key < $1.key }) {
            let column = try #require(columns.first { $0.name == name }, "\(name)")
            for (value, expected) in zip(column.doubles ?? [], values) { #expect(abs(value - expected) < 1e-12) }
        }
    }

    @Test("where no date is, no part is; a few words that are none do not make a column one of text")
    func gaps() throws {
        let file = try Reference.decode(File.self, from: "dates")
        let (_, columns) = try parts(["2020-01-01", "2020-02-28", "", "2020-03-01"])
        for column in columns {
            var expected = try #require(file.gaps[column.name], "\(column.name)")
            // A day that is not known is no day within a month either, which pandas takes it for.
            if column.name.contains("Is_") { expected[2] = nil }
            #expect(integers(column) == expected, "\(column.name)")
        }
        let days = (1...28).map { "2024-02-\($0 < 10 ? "0" : "")\($0)" }
        let (date, some) = try parts(days + ["unknown"])
        #expect(date.form == .yearFirst && integers(some[0]).last == .some(nil as Int?))
        #expect(try table(days + ["a", "b", "c"]).dates(TabularOptions(), training: Array(0..<31), except: []).isEmpty)
    }

    @Test("the parts are those of the clock, what has elapsed is UTC's")
    func zones() throws {
        let texts = [
            "2024-01-01T00:30:00+02:00", "2023-12-31 22:30Z", "2023-12-31T17:30:00.25-0500", "2023-12-31 22:30 UTC",
        ]
        let (_, columns) = try parts(texts)
        func of(_ name: String) -> [Int?] { columns.first { $0.name == name }.map(integers) ?? [] }
        #expect(of("saleYear") == [2024, 2023, 2023, 2023] && of("saleHour") == [0, 22, 17, 22])
        #expect(of("saleElapsed") == [1_704_061_800, 1_704_061_800, 1_704_061_800, 1_704_061_800])
    }

    @Test("seconds and milliseconds since 1970 are dates where the column's name or whole minutes say so")
    func epochs() throws {
        func form(_ header: String, _ values: [String], _ told: [String]? = nil) throws -> DateForm? {
            let text = header + ",y\n" + values.map { $0 + ",1\n" }.joined()
            var options = TabularOptions()
            options.dates = told
            let table = try CSV.parse(Array(text.utf8), file: "e.csv")
            return try table.dates(options, training: Array(values.indices), except: ["y"]).first?.form
        }
        let days = (0..<30).map { "\(1_577_836_800 + 86_400 * $0)" }
        let seconds = (0..<30).map { "\(1_577_836_817 + 7919 * $0)" }
        #expect(try form("a", days) == .seconds)
        #expect(try form("a", days.map { $0 + "000" }) == .milliseconds)
        #expect(try form("a", days.map { $0 + ".0" } + [""]) == .seconds)
        #expect(try form("created_at", seconds) == .seconds && form("timestamp", seconds) == .seconds)
        // Numbers of orders, phone numbers, nanoseconds.
        #expect(try form("order", seconds) == nil && form("order", seconds, []) == nil)
        #expect(try form("order", seconds, ["order"]) == .seconds)
        #expect(try form("stamp", (0..<30).map { "\(1_700_000_000_000_000 + 3 * $0)" }) == nil)
        #expect(try form("date", ["20240101", "20240229", "20241231"]) == .yearFirst)
        #expect(try form("number", ["20240101", "20240230", "20241231"]) == nil)
    }

    @Test(
        "what looks like a date and is none stays text",
        arguments: [
            "10.4.11,10.15.7,11.2.3", "192.168.0.1,10.0.0.1,172.16.0.1", "555-1234,555-9876,555-0000", "3-2,1-0,2-2",
            "May,June,July", "2024-13-01,2024-14-01,2024-15-01", "1/2,3/4,5/8", "12:30,13:45,14:00",
            "March 2024 was cold,May 2024 was not,June", "a 2024-01-01,b 2024-01-02,c 2024-01-03",
        ])
    func others(_ words: String) throws {
        let texts = words.split(separator: ",").map(String.init)
        #expect(try table(texts).dates(TabularOptions(), training: Array(texts.indices), except: ["y"]).isEmpty)
    }

    @Test(
        "dates of either order are the firsts of months if they can be, and else what slashes or points are customary for"
    )
    func ambiguous() throws {
        #expect(try parts(["01/01/2024", "01/02/2024", "01/12/2024"]).date.form == .dayFirst)
        #expect(try parts(["1/1/2024", "2/1/2024", "12/1/2024"]).date.form == .monthFirst)
        #expect(try parts(["01/02/2024", "03/04/2024"]).date.form == .monthFirst)
        #expect(try parts(["01.02.2024", "03.04.2024"]).date.form == .dayFirst)
        #expect(try parts(["01/02/2024", "13/04/2024"]).date.form == .dayFirst)
        #expect(try integers(parts(["31.12.99", "01.01.00", "05.11.68"]).columns[0]) == [1999, 2000, 2068])
        #expect(try integers(parts(["2024-01", "2024-02"]).columns[1]) == [1, 2])
    }

    @Test("a column that is to hold dates and does not is an error with the line")
    func told() throws {
        let table = try CSV.parse(Array("d,y\n2024-01-01,1\nsoon,2\nlater,3\n".utf8), file: "t.csv")
        var options = TabularOptions()
        options.dates = ["d"]
        let error = dataError {
            try TabularColumns(fitting: table, target: "y", training: [0, 1, 2], options: options)
        }
        #expect(
            error?.description.hasPrefix("t.csv: line 3: the column “d” is to hold dates, but “soon” is none") == true)
        options.dates = ["e"]
        #expect(
            dataError { try TabularColumns(fitting: table, target: "y", training: [0], options: options) }?.description
                .contains("no column “e”") == true)
    }

    @Test("the calendar agrees with itself from the year 1000 to 2999")
    func calendar() throws {
        var moment = try #require(Moment(year: 1000, month: 1, day: 1))
        var (weekday, dayOfYear, year) = (moment.weekday, 0, 1000)
        while year < 3000 {
            let date = moment.date
            if date.year != year { (year, dayOfYear) = (date.year, 0) }
            dayOfYear += 1
            if year == 3000 { break }
            guard moment.dayOfYear == dayOfYear, moment.weekday == weekday,
                Moment(year: date.year, month: date.month, day: date.day) == moment, (1...53).contains(moment.week)
            else {
                Issue.record("\(moment)")
                break
            }
            moment = Moment(elapsed: moment.elapsed + 86_400)
            weekday = (weekday + 1) % 7
        }
        #expect(year == 3000)
    }
}
