// SPDX-License-Identifier: Apache-2.0
// Reading new rows for columns that were fitted before, and saying what a model's answers mean.

import LockstepTensor

extension TabularColumns {
    /// The table in a CSV file, read as the training table was: a column that was text is text, though a few new rows may
    /// look like numbers.
    ///
    /// - Throws: `DataError` naming the file, and the line or the column.
    public func readRows(_ path: String) throws(DataError) -> CSVTable {
        let bytes = try Gzip.readFile(path)
        let names = Set(try CSV.names(bytes, file: path))
        return try CSV.parse(bytes, file: path, options: readingOptions(names))
    }

    /// How columns of new rows are read: text as text, so that `007` stays what it is, and numbers as numbers of either kind.
    func readingOptions(_ names: Set<String>) -> CSV.Options {
        var options = CSV.Options()
        for column in categorical where column.marksMissing == nil && names.contains(column.name) {
            // What was read as numbers is looked up by what it means, however it is written now.
            if column.kind == .text { options.types[column.name] = .text }
        }
        options.numbers = Set(continuous.map(\.name).filter(names.contains))
        return options
    }

    /// The names of the classes; nil when a number is predicted.
    public var classes: [String]? {
        guard case .classification(let classes) = target.kind else { return nil }
        return classes
    }
}
