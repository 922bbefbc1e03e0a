// SPDX-License-Identifier: Apache-2.0
// What new rows hold that the training rows had none of: it is treated by a rule, and somebody should be told.

/// Values of one column that the training rows had none of.
///
/// Unknown categories count as missing ones do, missing numbers are filled with the median: a model has learned nothing
/// about either. `description` is a sentence.
public struct UnseenValues: Sendable, Equatable, CustomStringConvertible {
    /// What the values are.
    public enum Kind: Sendable, Equatable {
        /// Categories that are not in the vocabulary.
        case category
        /// Missing values in a column that had none.
        case missing
    }

    /// The column's name.
    public let column: String
    /// What its rows hold.
    public let kind: Kind
    /// How many rows have such a value.
    public let count: Int
    /// The first few different ones; none where they are missing.
    public let examples: [String]
    /// Whether the column holds numbers.
    public let isContinuous: Bool

    public var description: String {
        let rows = count == 1 ? "1 row" : "\(count) rows"
        switch kind {
        case .category:
            return
                "the column “\(column)” has categories in \(rows) that training did not have, which count as unknown: "
                + examples.map { "“\($0)”" }.joined(separator: ", ")
        case .missing:
            return "the column “\(column)”, which had no gaps in training, has no value in \(rows); "
                + (isContinuous ? "the median stands in" : "it counts as unknown")
        }
    }
}

extension TabularColumns {
    /// What rows of `table` hold that the training rows had none of: per column, in the order of the columns.
    ///
    /// - Parameter rows: nil: all.
    /// - Throws: `DataError` when a column is missing.
    public func unseen(in table: CSVTable, rows: [Int]? = nil) throws(DataError) -> [UnseenValues] {
        let rows = rows ?? Array(0..<table.rowCount)
        var found: [UnseenValues] = []
        func add(_ column: String, _ kind: UnseenValues.Kind, _ count: Int, _ examples: [String], _ isNumber: Bool) {
            guard count > 0 else { return }
            found.append(
                UnseenValues(column: column, kind: kind, count: count, examples: examples, isContinuous: isNumber))
        }
        for column in categorical where column.marksMissing == nil {
            var lookup = column.lookup
            var (unknown, missing, examples) = (0, 0, [String]())
            try table.column(column.name).forEachText(in: rows) {
                lookup.place(of: $0) == nil ? $0 : nil
            } _: {
                guard let word = $1 else {
                    missing += 1
                    return
                }
                guard let word else { return }
                unknown += 1
                if examples.count < 3, !examples.contains(word) { examples.append(word) }
            }
            add(column.name, .category, unknown, examples, false)
            if column.hadMissing == false { add(column.name, .missing, missing, [], false) }
        }
        let marked = Set(categorical.compactMap(\.marksMissing))
        for column in continuous where !marked.contains(column.name) {
            guard let marks = try table.column(column.name).missing else { continue }
            add(column.name, .missing, rows.count { marks[$0] }, [], true)
        }
        return found
    }
}
