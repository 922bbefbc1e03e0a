// SPDX-License-Identifier: Apache-2.0
// Rows that come as JSON objects, such as those that a server is asked about: checked one by one, predicted together.

/// How the values of JSON objects become the fields of rows. It is made once: a server reads many rows.
package struct JSONRows: Sendable {
    /// The columns that a row should have.
    package let names: [String]
    private let mustBeNumber: [Bool]
    /// How a truth is written, where the training table had it as a word.
    private let truths: [(yes: String, no: String)]
    private let missing: CSVMissing
    /// What stands for a value that is not there.
    private let gap: String
    private let options: CSV.Options

    package init(_ columns: TabularColumns) {
        names = columns.needed
        var marks = columns.reading.options.missing
        gap = marks.contains("") ? "" : "\u{1}"
        if gap != "" { marks.append(gap) }
        missing = CSVMissing(marks)
        options = columns.readingOptions(Set(names), CSV.Options(header: .names(names), missing: marks))
        mustBeNumber = names.map { [numbers = options.numbers] in numbers.contains($0) }
        truths = names.map { name in
            let words = columns.categorical.first { $0.name == name }?.vocabulary ?? []
            return [("true", "false"), ("True", "False"), ("TRUE", "FALSE")].first {
                words.contains($0.0) || words.contains($0.1)
            } ?? ("true", "false")
        }
    }

    /// The fields of one row in the order of `names`. Members that are no column are not looked at.
    ///
    /// - Throws: `DataError` for what is no object, has none of the columns, or has a value that cannot be one of its column.
    package func fields(of node: JSONNode, row: Int, file: String) throws(DataError) -> [String] {
        func problem(_ words: String) -> DataError {
            DataError(.mismatch, file: file, at: .byte(node.offset), "row \(row) \(words)")
        }
        guard case .object(let members) = node.value else {
            throw problem("is no object with the values of columns: {\"\(names[0])\": …}")
        }
        var isKnown = false
        var fields: [String] = []
        for (place, name) in names.enumerated() {
            guard let member = members.first(where: { $0.key == name }) else {
                fields.append(gap)
                continue
            }
            isKnown = true
            let field = field(of: member.value, place)
            guard let field, !mustBeNumber[place] || isNumber(field) else {
                let found =
                    switch member.value.value {
                    case .object: "an object"
                    case .array: "a list"
                    default: "“\((field ?? "").prefix(40))”"
                    }
                let wanted = mustBeNumber[place] ? "a number" : "a value"
                throw problem("has \(found) in the column “\(name)”, which is not \(wanted)")
            }
            fields.append(field)
        }
        if !isKnown { throw problem("has none of the columns \(CSV.list(names, of: nil))") }
        return fields
    }

    /// The table of such rows.
    package func table(_ rows: [[String]], file: String) throws(DataError) -> CSVTable {
        var bytes: [UInt8] = []
        for row in rows {
            for (place, field) in row.enumerated() {
                if place > 0 { bytes.append(UInt8(ascii: ",")) }
                bytes.append(UInt8(ascii: "\""))
                for byte in field.utf8 {
                    if byte == UInt8(ascii: "\"") { bytes.append(byte) }
                    bytes.append(byte)
                }
                bytes.append(UInt8(ascii: "\""))
            }
            bytes.append(UInt8(ascii: "\n"))
        }
        return try CSV.parse(bytes, file: file, options: options)
    }

    /// Nil for what is no single value.
    private func field(of node: JSONNode, _ place: Int) -> String? {
        switch node.value {
        case .null: gap
        case .string(let text): text
        case .integer(let value): "\(value)"
        case .real(let value): "\(value)"
        case .bool(let value): value ? truths[place].yes : truths[place].no
        case .object, .array: nil
        }
    }

    private func isNumber(_ field: String) -> Bool {
        let bytes = Array(field.utf8)
        let (start, end) = CSVNumber.trimmed(bytes, 0, bytes.count)
        return missing.contains(bytes, start, end) || CSVNumber.real(bytes, start, end) != nil
    }
}
