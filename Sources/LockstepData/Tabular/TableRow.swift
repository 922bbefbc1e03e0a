// SPDX-License-Identifier: Apache-2.0
// One row of a table as an item: values by the name of their column.

import LockstepTensor

/// A row of a table.
public struct TableRow: Sendable {
    /// The table the row is of.
    public let table: CSVTable
    /// The row's number in it, from 0.
    public let index: Int

    /// - Precondition: the table has such a row.
    public init(_ table: CSVTable, _ index: Int, file: StaticString = #fileID, line: UInt = #line) {
        require(
            index >= 0 && index < table.rowCount, "TableRow: there is no row \(index) among \(table.rowCount)",
            file: file, line: line)
        (self.table, self.index) = (table, index)
    }

    /// A row of its own, its columns in the order of their names. Values are text, as in a file: the empty string and its
    /// like are missing.
    public init(_ values: [String: String], options: CSV.Options = CSV.Options()) throws(DataError) {
        let names = values.keys.sorted()
        var options = options
        options.header = .names(names)
        func quoted(_ text: String) -> String { "\"" + text.replacing("\"", with: "\"\"") + "\"" }
        let line = names.map { quoted(values[$0] ?? "") }.joined(separator: String(options.delimiter))
        self.init(try CSV.parse(Array(line.utf8), file: "row", options: options), 0)
    }

    /// The value as text; nil where it is missing.
    /// - Throws: `DataError` listing the columns there are.
    public func text(_ column: String) throws(DataError) -> String? { try table.column(column).text(at: index) }

    /// The value: `Int`, `Double` or `String` as the column has it; where one is missing, not-a-number or `"#na#"`.
    /// - Throws: `DataError` listing the columns there are.
    public func value(_ column: String) throws(DataError) -> Any {
        let column = try table.column(column)
        let isMissing = column.missing?[index] == true
        switch column.values {
        case .integers(let values): return isMissing ? Double.nan : values[index]
        case .reals(let values): return isMissing ? Double.nan : values[index]
        case .texts(let values): return isMissing ? Labels.missing : values[index]
        }
    }
}

extension CSVColumn {
    /// The value of one row as text, nil where it is missing.
    func text(at row: Int) -> String? {
        if missing?[row] == true { return nil }
        switch values {
        case .integers(let values): return String(values[row])
        case .reals(let values): return String(values[row])
        case .texts(let values): return values[row]
        }
    }
}

extension ItemList {
    /// The rows of a table, each a ``TableRow``.
    public init(rowsOf table: CSVTable) { self.init(count: table.rowCount) { TableRow(table, $0) } }
}

extension TableRow {
    /// A table of this row only.
    var alone: CSVTable {
        CSVTable(
            file: table.file, rowCount: 1, columns: table.columns.map { $0.row(index) },
            lines: CSVLines(CollectionOfOne(table.lines[index])))
    }
}

extension CSVColumn {
    fileprivate func row(_ index: Int) -> CSVColumn {
        let value: Values =
            switch values {
            case .integers(let values): .integers([values[index]])
            case .reals(let values): .reals([values[index]])
            case .texts(let values): .texts([values[index]])
            }
        return CSVColumn(name: name, values: value, missing: missing.map { [$0[index]] })
    }
}
