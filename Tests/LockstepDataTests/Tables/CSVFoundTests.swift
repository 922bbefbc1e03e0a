// SPDX-License-Identifier: Apache-2.0
// Tests of finding a file's delimiter and decimal sign.

import Testing

@testable import LockstepData

@Suite("CSV: delimiter and decimal sign")
struct CSVFoundTests {
    private func found(_ text: String, columns: Set<String> = []) -> String {
        let options = CSV.Options().found(in: Array(text.utf8), columns: columns)
        return "\(options.delimiter == "\t" ? "tab" : String(options.delimiter))\(options.decimal)"
    }

    @Test("the delimiter is what cuts all lines alike; decimal commas are those that are more than points")
    func cases() {
        let files: [(String, String)] = [
            ("a,b\n1,2\n3,4\n", ",."), ("a;b\n1;2\n", ";."), ("a\tb\n1\t2\n", "tab."), ("a|b\n1|2\n", "|."),
            // As many commas as semicolons in the rows, none in the header.
            ("size;price\n2,89;25,6\n4,69;27,6\n", ";,"), ("size;price\n2.89;25.6\n", ";."),
            ("size\tprice\n2,89\t-0,5\n", "tab,"), ("size;price\n1e3;1,5e-3\n", ";,"),
            // Thousands are parted, not fractions.
            ("a;b\n1,000;12,500\n3;4\n", ";."), ("a;b\n1,000;12,5\n", ";,"), ("a;b\n0,125;0,250\n", ";,"),
            ("a;b\n-1,234;+2,345\n", ";."),
            // Text with commas in it.
            ("a;b\nx, y;1\nz, w;2\n", ";."), ("a,b\n\"x;y\",1\n\"z;w\",2\n", ",."), ("a;b\n\"1,5\";2,5\n", ";,"),
            // Nothing to go by: one column, no line, lines of different lengths.
            ("a\n1\n", ",."), ("", ",."), ("a;b,c\n1\n", ",."), ("a,b\n1,2\n3\n", ",."), ("a;b\n", ";."),
            // A date has no decimals.
            ("a;b\n01.02.2024;3,5\n02.02.2024;4,5\n", ";,"),
        ]
        for (text, expected) in files { #expect(found(text) == expected, "\(text)") }
        #expect(found("a;b,c;d\n1;2,3;4\n") == ";,")
        #expect(found("a;b,c;d\n1;2,3;4\n", columns: ["c;d"]) == ",.")
    }

    @Test("numbers with decimal commas are those with points, to the bit")
    func numbers() throws {
        let words = ["0,1", "-2,5e-3", "1234567,125", "3", ",5", "123456789012345678901,5", "1e400", "-0,0", "5,"]
        let text = "a;b\n" + words.map { "\($0);1\n" }.joined()
        let commas = try CSV.parse(Array(text.utf8), file: "c", options: CSV.Options(delimiter: ";", decimal: ","))
        let points = try CSV.parse(
            Array(text.replacing(",", with: ".").utf8), file: "p", options: CSV.Options(delimiter: ";"))
        #expect(commas.columns[0].kind == .real)
        #expect(commas.columns[0].doubles?.map(\.bitPattern) == points.columns[0].doubles?.map(\.bitPattern))
        let mixed = try CSV.parse(
            Array("a;b\n1,5;1.5\n".utf8), file: "m", options: CSV.Options(delimiter: ";", decimal: ","))
        #expect(mixed.columns.map(\.kind) == [.real, .text])
        let error = dataError { try CSV.parse(Array("a;b\n1;2\n".utf8), file: "m", options: CSV.Options(decimal: "'")) }
        #expect(error?.code == .unsupported)
    }

    @Test("loaders of a file find both; new rows are read by what they are, and by what training was")
    func newRows() throws {
        try withTemporaryFolder { folder in
            let rows = (0..<60).map { "\($0),5;\($0 % 7),25;\($0 % 2 == 0 ? "ja" : "nein")\n" }.joined()
            try Files.writeAtomically([Array(("x;z;y\n" + rows).utf8)], to: folder + "/t.csv")
            let columns = try DataLoaders.csv(path: folder + "/t.csv", target: "y").columns
            #expect(columns.continuous.map(\.name) == ["x", "z"] && columns.classes == ["ja", "nein"])
            func numbers(_ text: String) throws -> [Double] {
                let table = try columns.parseRows(Array(text.utf8), file: "r")
                return try (table.column("x").doubles ?? []) + (table.column("z").doubles ?? [])
            }
            #expect(try numbers("z;x\n1,25;3,5\n") == [3.5, 1.25])
            // Three digits behind all commas: that they part no thousands is known.
            #expect(try numbers("z;x\n1,250;3,500\n") == [3.5, 1.25])
            #expect(try numbers("z,x\n1.25,3.5\n") == [3.5, 1.25])
            #expect(try numbers("z,x\n\"1,25\",\"3,5\"\n") == [3.5, 1.25])
            #expect(try numbers("z\tx\n1.25\t3.5\n") == [3.5, 1.25])
            #expect(try numbers("z;x\n1;3\n") == [3, 1])
        }
    }

    @Test("what else was said of a file holds for new rows: no header, words for what is missing")
    func kept() throws {
        var options = TabularOptions()
        options.csv = CSV.Options(header: .none, delimiter: "^", missing: ["-999"])
        let text = (0..<40).map { "\($0 % 9 == 4 ? "-999" : "\(Double($0) / 2)")^\($0 % 2)\n" }.joined()
        let table = try CSV.parse(Array(text.utf8), file: "t", options: options.csv)
        let columns = try TabularColumns(
            fitting: table, target: "column2", training: Array(0..<40), options: options)
        let new = try columns.parseRows(Array("-999^\n1.5^\n".utf8), file: "n")
        #expect(new.rowCount == 2 && new.columns[0].missing == [true, false])
        #expect(try columns.unseen(in: new).isEmpty)
    }
}
