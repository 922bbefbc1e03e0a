// SPDX-License-Identifier: Apache-2.0
// Reading new rows for columns that were fitted before, and saying what a model's answers mean.

import LockstepTensor

extension TabularColumns {
    /// The table in a CSV file, read as the training table was: a column that was text is text, though a few new rows may
    /// look like numbers. Delimiter and decimal sign are found.
    ///
    /// - Throws: `DataError` naming the file, and the line or the column.
    public func readRows(_ path: String) throws(DataError) -> CSVTable {
        try parseRows(CSVSource.opened(path), file: path)
    }

    /// The table in `bytes`, plain or gzip, read so; `file` is the name errors carry.
    public func parseRows(_ bytes: [UInt8], file: String) throws(DataError) -> CSVTable {
        try parseRows(.bytes(Gzip.isGzip(bytes) ? try Gzip.decompress(bytes, file: file) : bytes), file: file)
    }

    private func parseRows(_ source: CSVSource, file: String) throws(DataError) -> CSVTable {
        let found = reading.options.foundAgain(in: source, file: file, columns: Set(needed))
        let names = Set(try CSV.names(source, file: file, options: found))
        return try CSV.parse(source, file: file, options: readingOptions(names, found))
    }

    /// The table with those columns that it lacks, without values: see ``unseen(in:rows:)`` for which these are.
    ///
    /// - Throws: `DataError` when it has none of the columns.
    public func completed(_ table: CSVTable) throws(DataError) -> CSVTable {
        let known = Set(table.names)
        let absent = needed.filter { !known.contains($0) }
        if absent.isEmpty { return table }
        if absent.count == needed.count { _ = try table.column(absent[0]) }
        let (nothing, marks) = (
            try CSVValues(count: table.rowCount) { _ in Double.nan }, try CSVValues(count: table.rowCount) { _ in true }
        )
        let columns = absent.map { CSVColumn(name: $0, values: .reals(nothing), missing: marks) }
        return CSVTable(
            file: table.file, rowCount: table.rowCount, columns: table.columns + columns, lines: table.lines)
    }

    /// How columns of new rows are read: text as text, so that `007` stays what it is, and numbers as numbers of either kind.
    func readingOptions(_ names: Set<String>, _ options: CSV.Options? = nil) -> CSV.Options {
        var options = options ?? reading.options
        let parts = partNames
        for column in categorical where column.marksMissing == nil && names.contains(column.name) {
            // What was read as numbers is looked up by what it means, however it is written now.
            if column.kind == .text { options.types[column.name] = .text }
        }
        for date in dates where !date.form.isNumber && names.contains(date.name) { options.types[date.name] = .text }
        options.numbers = Set(
            (continuous.map(\.name).filter { !parts.contains($0) } + dates.filter(\.form.isNumber).map(\.name))
                .filter(names.contains))
        return options
    }

    /// The names of the classes; nil when a number is predicted.
    public var classes: [String]? {
        guard case .classification(let classes) = target.kind else { return nil }
        return classes
    }
}
