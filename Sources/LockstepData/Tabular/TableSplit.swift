// SPDX-License-Identifier: Apache-2.0
// Splitting the rows of a table: at random, but so that every class can be learned; by classes; by a column that says it.

import LockstepTensor

/// Splits of a table that know its target.
package struct TableSplit: Sendable {
    private let table: CSVTable
    private let target: String
    private let isRegression: Bool

    /// - Throws: `DataError` when there is no such target.
    package init(_ table: CSVTable, target: String, _ options: TabularOptions) throws(DataError) {
        (self.table, self.target) = (table, target)
        let column = try table.column(target)
        isRegression = TabularColumns.targetKind(column, 0..<table.rowCount, options) != .classification
    }

    /// A random part is for validation; a class none of whose rows is left to train on gets one back.
    package func random(_ fraction: Double, seed: UInt64) -> Splitter {
        Splitter { [classes] (count: Int) -> Split in
            var split = Splitter.random(fraction, seed: seed)(count)
            guard let classes else { return split }
            var isMissing = [Bool](repeating: true, count: classes.count)
            for row in split.train { isMissing[Int(classes.ofRows[row])] = false }
            guard isMissing.contains(true) else { return split }
            split.valid.removeAll { row in
                let number = Int(classes.ofRows[row])
                guard isMissing[number] else { return false }
                isMissing[number] = false
                split.train.append(row)
                return true
            }
            return split
        }
    }

    /// A random part of every class is for validation.
    /// - Throws: `DataError` when the target is no class.
    package func stratified(_ fraction: Double, seed: UInt64) throws(DataError) -> Splitter {
        .stratified(fraction, labels: try classLabels.map { String($0) }, seed: seed)
    }

    /// A fold of the rows is for validation, where asked with the same share of every class.
    /// - Throws: `DataError` when rows are to be shared out by classes and the target is no class.
    package func fold(
        _ fold: Int, of count: Int, isStratified: Bool, seed: UInt64
    ) throws(DataError) -> Splitter {
        guard isStratified else { return .kFold(count, fold: fold, seed: seed) }
        return .stratifiedKFold(count, fold: fold, labels: try classLabels.map { $0 }, seed: seed)
    }

    /// The number of the class of every row.
    /// - Throws: `DataError` when the target is no class.
    private var classLabels: [Int32] {
        get throws(DataError) {
            if let classes { return classes.ofRows }
            throw DataError(
                .mismatch, file: table.file, "rows cannot be shared out by classes: the target “\(target)” is a number")
        }
    }

    /// Rows for which a column is true, or not 0, are for validation.
    /// - Throws: `DataError` when the column is missing or leaves nothing to train on.
    package func column(_ name: String) throws(DataError) -> Splitter {
        let column = try table.column(name)
        guard let marks = TableSplit.marks(column) else {
            throw DataError(
                .mismatch, file: table.file,
                "the column “\(name)” does not say which rows are for validation: it must be true or false, or 0 or 1")
        }
        guard marks.contains(false) else {
            throw DataError(.mismatch, file: table.file, "the column “\(name)” leaves no row to train on")
        }
        return .mask(marks)
    }

    /// Whether the table has a column `is_valid` that says which rows are for validation, some and not all.
    package var hasOwn: Bool {
        guard target != TableSplit.ownColumn, let column = try? table.column(TableSplit.ownColumn),
            let marks = TableSplit.marks(column)
        else { return false }
        return Set(marks).count == 2
    }
    /// fastai's name.
    package static let ownColumn = "is_valid"

    /// What each row says; nil when one says neither yes nor no. Where nothing stands it is no.
    private static func marks(_ column: CSVColumn) -> [Bool]? {
        let words: [String: Bool] = [
            "true": true, "false": false, "1": true, "0": false, "1.0": true, "0.0": false, "yes": true, "no": false,
            "t": true, "f": false,
        ]
        let meanings = MadeOfTexts(column) { words[$0.lowercased()] }
        var marks: [Bool] = []
        for row in 0..<column.count {
            switch meanings[row] {
            case .none: marks.append(false)
            case .some(.none): return nil
            case .some(.some(let mark)): marks.append(mark)
            }
        }
        return marks
    }

    /// The number of the class of every row, and how many classes there are; nil when the target is a number.
    private var classes: (ofRows: [Int32], count: Int)? {
        guard !isRegression, let column = try? table.column(target) else { return nil }
        var numbers: [String: Int32] = [:]
        func number(_ text: String) -> Int32 {
            if let known = numbers[text] { return known }
            let next = Int32(numbers.count)
            numbers[text] = next
            return next
        }
        let made = MadeOfTexts(column, number)
        let ofRows = (0..<column.count).map { made[$0] ?? number("") }
        return (ofRows, numbers.count)
    }
}
