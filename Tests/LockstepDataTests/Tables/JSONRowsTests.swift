// SPDX-License-Identifier: Apache-2.0
// Tests of rows that come as JSON objects.

import LockstepTensor
import Testing

@testable import LockstepData

@Suite("Tables: rows of JSON")
struct JSONRowsTests {
    private static let text =
        "age,zip,day,member,y\n"
        + (0..<40).map { index in
            "\(index % 7 == 3 ? "" : "\(20 + index).5"),x\(1000 + index % 3),2024-01-\(10 + index % 20),\(index % 2 == 0 ? "True" : "False"),\(index % 5 < 2 ? "a" : "b")\n"
        }.joined()

    /// As read from a file with this between fields, and the decimal comma where that is a semicolon.
    private func columns(_ delimiter: String = ",") throws -> TabularColumns {
        var text = Self.text
        if delimiter != "," { text = text.replacing(",", with: delimiter).replacing(".5", with: ",5") }
        return try withTemporaryFolder { folder in
            try Files.writeAtomically([Array(text.utf8)], to: folder + "/t.csv")
            return try DataLoaders.csv(path: folder + "/t.csv", target: "y").columns
        }
    }

    private func fields(_ rows: JSONRows, _ text: String) throws -> [[String]] {
        var scanner = JSONScanner(Array(text.utf8), base: 0, file: "body")
        guard case .array(let nodes) = try scanner.document().value else { return [] }
        return try nodes.enumerated().map { try rows.fields(of: $1, row: $0, file: "body") }
    }

    @Test("values are those of the same row in a file, whatever its delimiter and decimal sign", arguments: [",", ";"])
    func equalToFile(delimiter: String) throws {
        let columns = try columns(delimiter)
        let rows = JSONRows(columns)
        let json = """
            [{"age": 30.5, "zip": "x1001", "day": "2024-01-12", "member": true, "y": "a"},
             {"member": "False", "age": " 4.1e1 ", "day": "2024-01-29", "zip": "x1002", "other": [[]]},
             {"age": null, "zip": null, "day": null, "member": null}, {"zip": "a, \\"b\\"\\n;c", "age": "NA"},
             {"age": 7, "zip": 1000, "member": false}, {"age": -0.0, "member": ""}]
            """
        let csv = """
            zip,age,day,member
            x1001,30.5,2024-01-12,True
            x1002, 4.1e1 ,2024-01-29,False
            ,,,
            "a, ""b""
            ;c",NA,,
            1000,7,,False
            ,-0.0,,

            """
        let table = try rows.table(fields(rows, json), file: "body")
        let read = try columns.parseRows(Array(csv.utf8), file: "r.csv")
        let (own, other) = try (
            columns.dataset(table, rows: Array(0..<6), withTarget: false),
            columns.dataset(read, rows: Array(0..<6), withTarget: false)
        )
        #expect(own.inputs.count == 2 && other.inputs.count == 2)
        #expect(own.inputs[0].ints == other.inputs[0].ints)
        #expect(own.inputs[1].floats == other.inputs[1].floats)
        #expect(try columns.unseen(in: table, rows: [0, 1]).isEmpty)
        #expect(try columns.unseen(in: table, rows: [3]).map(\.column).contains("zip"))
        #expect(try rows.table([], file: "body").rowCount == 0)
    }

    @Test("what cannot be a value of its column is refused with row, column and byte")
    func refuses() throws {
        let rows = JSONRows(try columns())
        for (json, words) in [
            (#"[{"age": 1}, 3]"#, "byte 13: row 1 is no object"), ("[{}]", "row 0 has none of the columns"),
            (#"[{"Age": 1}]"#, "has none of the columns"),
            (#"[{"age": "old"}]"#, "row 0 has “old” in the column “age”"),
            (#"[{"age": false}]"#, "“age”, which is not a number"),
            (#"[{"zip": {}}]"#, "has an object in the column “zip”"),
            (#"[{"day": [1]}]"#, "has a list in the column “day”"), (#"[{"age": "1,5"}]"#, "“1,5”"),
        ] {
            let error = #expect(throws: DataError.self) { try fields(rows, json) }
            #expect(error?.description.contains(words) ?? false, "\(json): \(String(describing: error))")
        }
        var scanner = JSONScanner(Array("[1, 2, 3]".utf8), base: 0, file: "body", mostValues: 3)
        #expect(throws: DataError.self) { try scanner.document() }
        var enough = JSONScanner(Array("[1, 2, 3]".utf8), base: 0, file: "body", mostValues: 4)
        #expect(throws: Never.self) { try enough.document() }
    }
}
