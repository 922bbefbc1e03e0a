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
        /// Categories that are not in a vocabulary of the most frequent ones (`TabularOptions.mostCategories`); training may have
        /// had them.
        case rare
        /// Missing values in a column that had none.
        case missing
        /// Words in a column of dates that are none.
        case date
        /// The whole column is not there.
        case absent
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
        let words = examples.map { "“\($0)”" }.joined(separator: ", ")
        let filling = isContinuous ? "the median stands in" : "it counts as unknown"
        return switch kind {
        case .category:
            "the column “\(column)” has categories in \(rows) that training did not have, which count as unknown: \(words)"
        case .rare:
            "the column “\(column)” has categories in \(rows) that are not among the most frequent of training, which count as unknown: \(words)"
        case .missing:
            "the column “\(column)”, which had no gaps in training, has no value in \(rows); \(filling)"
        case .date: "the column “\(column)” holds no date in \(rows), which counts as missing: \(words)"
        case .absent: "the column “\(column)” is missing, in \(rows); \(filling)"
        }
    }
}

extension TabularColumns {
    /// What rows of `table` hold that the training rows had none of: per column, in the order of the columns. Of a column that is
    /// missing altogether that is said.
    ///
    /// - Parameter rows: nil: all.
    /// - Throws: `DataError` when no column is there.
    public func unseen(in table: CSVTable, rows: [Int]? = nil) throws(DataError) -> [UnseenValues] {
        let rows = rows ?? Array(0..<table.rowCount)
        let known = Set(table.names)
        let table = try completed(table)
        var found = UnseenList()
        let numbers = Set(continuous.map(\.name)).union(dates.map(\.name))
        for name in needed where !known.contains(name) {
            found.add(name, .absent, rows.count, isContinuous: numbers.contains(name))
        }
        for date in dates where known.contains(date.name) { try findDates(date, table, rows, &found) }
        let expanded = try table.expanded(dates)
        let parts = partNames
        for column in categorical where column.marksMissing == nil {
            if !parts.contains(column.name), !known.contains(column.name) { continue }
            try findCategories(column, expanded, rows, &found, isPart: parts.contains(column.name))
        }
        let marked = Set(categorical.compactMap(\.marksMissing))
        for column in continuous
        where !marked.contains(column.name) && known.contains(column.name) && !parts.contains(column.name) {
            guard let marks = try table.column(column.name).missing else { continue }
            found.add(column.name, .missing, rows.count { marks[$0] }, isContinuous: true)
        }
        return found.values
    }

    private func findCategories(
        _ column: CategoricalColumn, _ table: CSVTable, _ rows: [Int], _ found: inout UnseenList, isPart: Bool
    ) throws(DataError) {
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
        found.add(column.name, column.isCut == true ? .rare : .category, unknown, examples)
        // Where a date is missing is said once.
        if column.hadMissing == false, !isPart { found.add(column.name, .missing, missing) }
    }

    private func findDates(
        _ date: DateColumn, _ table: CSVTable, _ rows: [Int], _ found: inout UnseenList
    ) throws(DataError) {
        let column = try table.column(date.name)
        let moments = try date.moments(column)
        let wrong = rows.filter { moments[$0] == nil && column.missing?[$0] != true }
        var examples: [String] = []
        for row in wrong where examples.count < 3 {
            if let word = column.text(at: row), !examples.contains(word) { examples.append(word) }
        }
        found.add(date.name, .date, wrong.count, examples, isContinuous: true)
        // The last part says whether training had gaps: by a column of marks, or as a category.
        let last = date.columns.last
        let hadGaps = categorical.contains {
            $0.marksMissing.map { $0 == last } ?? ($0.name == last && $0.hadMissing == true)
        }
        if hadGaps { return }
        found.add(
            date.name, .missing, rows.count { column.missing?[$0] == true }, isContinuous: true)
    }
}

/// What has been found so far.
private struct UnseenList {
    private(set) var values: [UnseenValues] = []

    mutating func add(
        _ column: String, _ kind: UnseenValues.Kind, _ count: Int, _ examples: [String] = [], isContinuous: Bool = false
    ) {
        guard count > 0 || kind == .absent else { return }
        values.append(
            UnseenValues(column: column, kind: kind, count: count, examples: examples, isContinuous: isContinuous))
    }
}
