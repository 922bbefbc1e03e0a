// SPDX-License-Identifier: Apache-2.0
// Turning rows of a table into tensors with columns that were fitted before.

import LockstepTensor

extension TabularColumns {
    /// The rows `rows` of `table` as tensors: categories int64 [N, categorical.count] and numbers float32
    /// [N, continuous.count] (a kind without columns is left out), and the target: int64 [N] for classes, float32 [N, 1]
    /// for a number.
    ///
    /// A category is what it means: `7.0` is 7, `true` is True. One that is unknown counts as missing, a missing number is
    /// the median; ``unseen(in:rows:)`` says where. Numbers that float32 cannot hold, and infinity, are errors.
    ///
    /// - Parameter withTarget: false for rows whose answer is not known; the table then needs no target column.
    /// - Throws: `DataError` when a column is missing or holds text instead of numbers, a number cannot be held, or a class
    ///   is unknown.
    public func dataset(
        _ table: CSVTable, rows: [Int], withTarget: Bool = true
    ) throws(DataError) -> TensorDataset {
        try tensors(table.expanded(dates), rows, withTarget: withTarget)
    }

    private func tensors(
        _ table: CSVTable, _ rows: [Int], withTarget: Bool
    ) throws(DataError) -> TensorDataset {
        var inputs: [Tensor] = []
        if !categorical.isEmpty { inputs.append(try categories(table, rows)) }
        if !continuous.isEmpty { inputs.append(try numbers(table, rows)) }
        return TensorDataset(inputs: inputs, targets: withTarget ? [try targets(table, rows)] : [])
    }

    private func categories(_ table: CSVTable, _ rows: [Int]) throws(DataError) -> Tensor {
        let width = categorical.count
        var codes = [Int](repeating: 0, count: rows.count * width)
        for (position, column) in categorical.enumerated() {
            if let marked = column.marksMissing {
                let missing = try table.column(marked).missing
                for (index, row) in rows.enumerated() {
                    codes[index * width + position] = missing?[row] == true ? 2 : 1
                }
                continue
            }
            var lookup = column.lookup
            try table.column(column.name).forEachText(in: rows) {
                lookup.place(of: $0)
            } _: {
                codes[$0 * width + position] = ($1 ?? nil) ?? 0
            }
        }
        return Tensor(codes, shape: [rows.count, width])
    }

    private func numbers(_ table: CSVTable, _ rows: [Int]) throws(DataError) -> Tensor {
        let width = continuous.count
        var values = [Float](repeating: 0, count: rows.count * width)
        for (position, column) in continuous.enumerated() {
            let source = try table.column(column.name)
            guard let numbers = ColumnNumbers(source) else {
                throw DataError(.mismatch, file: table.file, "the column “\(column.name)” holds text, not numbers")
            }
            try table.checkHeld(numbers.values, rows, of: column.name, "column")
            for (index, row) in rows.enumerated() {
                let value = column.standardised(numbers[row])
                guard value.isFinite else {
                    throw DataError(
                        .mismatch, file: table.file, at: .line(table.lines[row]),
                        "the column “\(column.name)” is \(numbers.values[row]): standardised with the training rows' mean \(short(column.mean)) and deviation \(short(column.deviation)) it is beyond float32, the type of models",
                        remedy: "Correct such rows, or remove them")
                }
                values[index * width + position] = value
            }
        }
        return Tensor(values, shape: [rows.count, width])
    }

    private func targets(_ table: CSVTable, _ rows: [Int]) throws(DataError) -> Tensor {
        let column = try table.column(target.name)
        guard case .classification(let classes) = target.kind else {
            guard let numbers = column.doubles else {
                throw DataError(.mismatch, file: table.file, "the target “\(target.name)” holds text, not numbers")
            }
            if let row = rows.first(where: { numbers[$0].isNaN }) {
                throw DataError(
                    .mismatch, file: table.file, at: .line(table.lines[row]), "the target “\(target.name)” is missing",
                    remedy: "Remove such rows, or fill them in")
            }
            try table.checkHeld(numbers, rows, of: target.name, "target")
            if target.kind == .counts { try table.checkCounts(numbers, rows, of: target.name) }
            return Tensor(rows.map { Float(numbers[$0]) }, shape: [rows.count, 1])
        }
        var lookup = CategoryLookup(classes)
        var codes = [Int](repeating: -1, count: rows.count)
        column.forEachText(in: rows) {
            lookup.place(of: $0)
        } _: {
            codes[$0] = ($1 ?? nil) ?? -1
        }
        if let unknown = codes.firstIndex(of: -1) {
            throw DataError(
                .mismatch, file: table.file, at: .line(table.lines[rows[unknown]]),
                "the class “\(column.text(at: rows[unknown]) ?? "")” of “\(target.name)” does not occur in the training table: "
                    + CSV.list(classes, of: nil))
        }
        return Tensor(codes, shape: [codes.count])
    }
}
