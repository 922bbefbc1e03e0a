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
        let names = Set(try CSV.parse(bytes, file: path).names)
        var options = CSV.Options()
        for column in categorical where column.marksMissing == nil && names.contains(column.name) {
            // An integer column may have become real since: 7.0 is then another category than 7, and so unknown.
            if column.kind == .text { options.types[column.name] = .text }
        }
        for column in continuous where names.contains(column.name) { options.types[column.name] = .real }
        return try CSV.parse(bytes, file: path, options: options)
    }

    /// The names of the classes; nil when a number is predicted.
    public var classes: [String]? {
        guard case .classification(let classes) = target.kind else { return nil }
        return classes
    }
}
