// SPDX-License-Identifier: Apache-2.0
// Tests of the CSV reader: RFC 4180, types, missing values, and errors with line numbers.

import LockstepTesting
import Testing

@testable import LockstepData

@Suite("CSV")
struct ReadersCSVTests {
    func parse(_ text: String, _ options: CSV.Options = CSV.Options()) throws -> CSVTable {
        try CSV.parse(Array(text.utf8), file: "table.csv", options: options)
    }

    @Test("columns get the narrowest type that holds all their values")
    func types() throws {
        let table = try parse("a,b,c,d\n1,1,x,1\n-2,2.5,,2\n+3,1e3,z,zwei\n")
        #expect(table.rowCount == 3)
        #expect(table.names == ["a", "b", "c", "d"])
        #expect(table.columns[0].values == .integers([1, -2, 3]))
        #expect(table.columns[1].values == .reals([1, 2.5, 1000]))
        #expect(table.columns[2].values == .texts(["x", "", "z"]))
        #expect(table.columns[2].missing == [false, true, false])
        #expect(table.columns[3].values == .texts(["1", "2", "zwei"]))
        #expect(table.columns.map(\.kind) == [.integer, .real, .text, .text])
    }

    @Test("equal texts are held once, whatever their number, and every row keeps its bytes")
    func wordsOfColumns() throws {
        // Twice as many words as a table of them begins with, several times over; quotes, and spellings that Unicode takes for equal.
        let words =
            (0..<1000).map { "word \($0)" } + [
                "", " ", "a\"b", "a,b", "é", "e\u{301}", "long enough for the heap, longer than fifteen",
            ]
        var random = SplitMix64(seed: 3)
        let rows = (0..<20_000).map { _ in words[Int.random(in: words.indices, using: &random)] }
        let quoted = rows.map { "\"" + $0.replacing("\"", with: "\"\"") + "\"" }
        let table = try parse("t\n" + quoted.joined(separator: "\n") + "\n", CSV.Options(missing: []))
        guard case .texts(let texts) = table.columns[0].values else {
            Issue.record("\(table.columns[0].kind)")
            return
        }
        #expect(texts.words.count == words.count && texts.count == rows.count)
        #expect(zip(texts, rows).allSatisfy { Array($0.utf8) == Array($1.utf8) })
        #expect(texts == CSVTexts(rows) && texts.codes.first == 0)
        #expect(table.columns[0].texts == rows)
    }

    @Test("what is asked of every text is asked once for each distinct one", arguments: ["a", "1", "1.5"])
    func askedOnce(_ first: String) throws {
        let table = try parse(
            "v,w\n" + (0..<90).map { "\($0 % 3 == 0 ? first : $0 % 3 == 1 ? "2" : "NA"),x" }.joined(separator: "\n"))
        var asked: [String] = []
        var made = [Int?](repeating: 7, count: 60)
        table.columns[0].forEachText(in: Array(0..<60)) {
            asked.append($0)
            return $0.count
        } _: {
            made[$0] = $1
        }
        // The empty text stands where one is missing.
        #expect(asked.filter { !$0.isEmpty }.sorted() == Set(table.columns[0].texts.compactMap { $0 }).sorted())
        #expect(made == table.columns[0].texts.prefix(60).map { $0?.count })
    }

    @Test("a column that turns to text late keeps the spelling of its numbers")
    func lateText() throws {
        let table = try parse("code,n\n007,1\n1.50,2\n,3\n 12 ,4\nA7,5\n")
        #expect(table.columns[0].values == .texts(["007", "1.50", "", " 12 ", "A7"]))
        #expect(table.columns[0].missing == [false, false, true, false, false])
        #expect(table.columns[1].values == .integers([1, 2, 3, 4, 5]))
    }

    @Test("missing values before, between and after numbers")
    func missing() throws {
        let table = try parse("i,r,t,none\n,NA,?,\n1,0.5,x,NaN\nnull,,n/a,\n2,1,y,None\n")
        #expect(table.columns[0].values == .integers([0, 1, 0, 2]))
        #expect(table.columns[0].missing == [true, false, true, false])
        #expect(table.columns[0].missingCount == 2)
        #expect(table.columns[0].doubles?.map(\.isNaN) == [true, false, true, false])
        #expect(table.columns[1].doubles?.filter { !$0.isNaN } == [0.5, 1])
        #expect(table.columns[2].texts == [nil, "x", nil, "y"])
        #expect(table.columns[3].kind == .real)
        #expect(table.columns[3].missingCount == 4)
    }

    @Test("a missing integer stays missing when its column becomes real")
    func widening() throws {
        let column = try parse("a\nNA\n1\nNA\n2.5\n").columns[0]
        #expect(column.doubles?.map { $0.isNaN ? -1 : $0 } == [-1, 1, -1, 2.5])
        let huge = try parse("a\n9223372036854775807\n9223372036854775808\n-9223372036854775808\n").columns[0]
        #expect(huge.values == .reals([9223372036854775808, 9223372036854775808, -9223372036854775808]))
        #expect(try parse("a\n-9223372036854775808\n").columns[0].values == .integers([.min]))
    }

    @Test("quotes protect delimiters, line ends and doubled quotes")
    func quotes() throws {
        let table = try parse("\"a\",\"b \"\"c\"\"\"\n\"x,y\",\"1\"\n\"two\nlines\",\"\"\n\"\"\"\",3\n")
        #expect(table.names == ["a", "b \"c\""])
        #expect(table.columns[0].values == .texts(["x,y", "two\nlines", "\""]))
        #expect(table.columns[1].values == .integers([1, 0, 3]))
    }

    @Test(
        "line ends of every kind, a byte order mark, blank lines and a missing last line end",
        arguments: [
            "a,b\n1,2\n3,4\n", "a,b\r\n1,2\r\n3,4", "a,b\r1,2\r3,4\r", "\u{FEFF}a,b\n1,2\n\n\n3,4\n\n",
            "\n\na,b\n1,2\n3,4",
        ])
    func lineEnds(text: String) throws {
        let table = try parse(text)
        #expect(table.names == ["a", "b"])
        #expect(table.columns.map(\.values) == [.integers([1, 3]), .integers([2, 4])])
    }

    @Test("empty fields at the end of a line count")
    func emptyFields() throws {
        let table = try parse("a,b,c\n,,\n1,,3\n")
        #expect(table.rowCount == 2)
        #expect(table.columns.map(\.missingCount) == [1, 2, 1])
    }

    @Test("without a header, with given names, another delimiter, an unnamed column")
    func headers() throws {
        #expect(try parse("1,2\n3,4", .init(header: .none)).names == ["column1", "column2"])
        #expect(try parse("1,2\n3,4", .init(header: .names(["x", "y"]))).column("y").values == .integers([2, 4]))
        #expect(try parse("a;b\n1,5;2\n", .init(delimiter: ";")).columns[0].values == .texts(["1,5"]))
        #expect(try parse(",x\n0,5\n").names == ["column1", "x"])
        #expect(try parse("a,b\n").rowCount == 0)
        #expect(try parse("", .init(header: .names(["x"]))).rowCount == 0)
    }

    @Test("a type can be demanded")
    func forcedTypes() throws {
        let table = try parse("zip,n\n01234,1\n99999,2\n", .init(types: ["zip": .text, "n": .real]))
        #expect(table.columns.map(\.values) == [.texts(["01234", "99999"]), .reals([1, 2])])
        let error = try #require(dataError { try parse("n\n1\n\n2.5\n", .init(types: ["n": .integer])) })
        #expect(error.description == "table.csv: line 4: column “n” must be integer, found “2.5”")
        #expect(dataError { try parse("n\n1\n", .init(types: ["m": .text])) }?.code == .mismatch)
    }

    @Test(
        "mistakes are errors that name the file and the line",
        arguments: [
            ("a,b\n1,2\n3\n", "line 3: 1 field, expected 2"),
            ("a,b\r\n1,2\r\n\r\n3,4,5\r\n", "line 4: 3 fields, expected 2"),
            ("a,b\n\"x\ny\nz\",1\n5\n", "line 5: 1 field, expected 2"),
            ("a\n1\n\"open\nstill\n", "line 3: the quote opened on this line is never closed"),
            ("a\n\"x\"y\n", "line 2: text follows the closing quote"),
            ("a\nx\"y\"\n", "line 2: a quote in the middle of an unquoted field"),
            ("a,a\n1,2\n", "line 1: two columns are called “a”"),
            ("", "line 1: the file is empty"),
            ("\n\n", "line 1: the file is empty"),
        ])
    func mistakes(text: String, message: String) throws {
        let error = try #require(dataError { try parse(text) })
        #expect(error.description.hasPrefix("table.csv: " + message), "\(error)")
    }

    @Test("text that is not UTF-8 is an error with its line and a remedy")
    func encodings() throws {
        let latin = Array("name\nok\nM".utf8) + [0xFC] + Array("ller\n".utf8)
        let error = try #require(dataError { try CSV.parse(latin, file: "latin.csv") })
        #expect(error.description.hasPrefix("latin.csv: line 3: a field is not UTF-8 text. Convert the file first"))
        #expect(dataError { try CSV.parse([0xFF, 0xFE, 0x61, 0], file: "wide.csv") }?.code == .unsupported)
    }

    @Test(
        "tables that are no text are told apart, with the line that converts them; PAR1 may be a name",
        arguments: [
            ("PAR1\u{15}\u{4}\u{15}\u{6}", "is Parquet, not text", "read_parquet"),
            ("ARROW1\0\0\u{10}", "is Arrow, not text", "read_feather"),
            ("FEA1\0\0\0\0", "is Feather, not text", "read_feather"),
            ("PK\u{3}\u{4}\u{14}\0", "is a workbook (xlsx, ods), not text", "read_excel"),
        ])
    func otherFormats(start: String, message: String, line: String) throws {
        let error = try #require(dataError { try CSV.parse(Array(start.utf8), file: "t.bin") })
        #expect(error.code == .unsupported)
        #expect(error.description.hasPrefix("t.bin: byte 0: \(message). Convert it first: python3"))
        #expect(error.description.contains("pandas.\(line)(\"t.bin\")"))
        #expect(try parse("PAR1,FEA1\n1,2\n").names == ["PAR1", "FEA1"])
    }

    @Test("an unknown column lists the known ones and suspects the delimiter")
    func unknownColumn() throws {
        let table = try parse("a,b\n1,2\n")
        #expect(
            dataError { try table.column("c") }?.description
                == "table.csv: there is no column “c”. Its columns are: a, b")
        let semicolons = try parse("a;b\n1;2\n")
        #expect(dataError { try semicolons.column("a") }?.description.contains("Is the delimiter “;”?") == true)
    }

    @Test("numbers are rounded as the standard library rounds them")
    func numbers() {
        let spellings = [
            "0", "-0.0", "1", ".5", "3.", "1e5", "1E+5", "1e-5", "123456789012345678901234567890", "0.1", "2.5e-3",
            "4.9e-324", "1.7976931348623157e308", "1e400", "-1e400", "1e-400", "9007199254740993",
            "0.3000000000000000166",
            "179769313486231580793e289", "1.00000000000000011102230246251565", "inf", "-Infinity", "1e22", "1e23",
            "72057594037927945.5",
        ]
        for spelling in spellings {
            let bytes = Array(spelling.utf8)
            #expect(CSVNumber.real(bytes, 0, bytes.count)?.bitPattern == Double(spelling)?.bitPattern, "\(spelling)")
        }
        for word in [
            "", "-", "+", ".", "e5", "1e", "1e+", "1.2.3", "0x10", "1_000", "1,5", "nan", "infinit", "--1", "1 2",
            "1e5.0",
        ] {
            let bytes = Array(word.utf8)
            #expect(CSVNumber.real(bytes, 0, bytes.count) == nil, "\(word)")
        }
        var generator = SplitMix(seed: 3)
        for _ in 0..<2000 {
            let value = Double(bitPattern: generator.next())
            guard value.isFinite else { continue }
            let bytes = Array("\(value)".utf8)
            #expect(CSVNumber.real(bytes, 0, bytes.count) == value)
            let short = Array("\(Double(Int64(truncatingIfNeeded: generator.next()) >> 40) / 1000)".utf8)
            #expect(CSVNumber.real(short, 0, short.count) == Double(String(decoding: short, as: UTF8.self)))
        }
    }

    @Test("prefixes and changed bytes never crash, nor does random text")
    func damage() {
        let valid = Array(
            "\u{FEFF}id,\"na\"\"me\",x\r\n1,\"a,b\",0.5\r\n2,\"two\nlines\",\r\n3,plain,1e9\r\nx,é,NA".utf8)
        withstandsDamage(valid, flips: 800) { bytes, file in _ = try CSV.parse(bytes, file: file) }
        let alphabet = Array("ab\",\"\r\n\n1.e-,".utf8)
        for seed in 0..<500 {
            var generator = SplitMix(seed: UInt64(seed))
            let text = (0..<40).map { _ in alphabet.randomElement(using: &generator)! }
            _ = try? CSV.parse(text, file: "random")
        }
    }

    @Test("a file is read from disk, plain or gzip")
    func files() throws {
        try withTemporaryFolder { folder in
            let text = Array("a,b\n1,x\n".utf8)
            try Files.writeAtomically([text], to: folder + "/plain.csv")
            try Files.writeAtomically([Gzip.compress(text)], to: folder + "/packed.csv.gz")
            #expect(try CSV.read(folder + "/plain.csv").columns == CSV.read(folder + "/packed.csv.gz").columns)
            #expect(dataError { try CSV.read(folder + "/absent.csv") }?.code == .unreadable)
        }
    }
}
