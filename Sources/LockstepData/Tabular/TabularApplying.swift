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
        _ table: CSVTable, rows: some RandomAccessCollection<Int>, withTarget: Bool = true
    ) throws(DataError) -> TensorDataset {
        let table = try table.expanded(dates)
        var inputs: [Tensor] = []
        if !categorical.isEmpty {
            inputs.append(
                try RowTensor.filled(rows, width: categorical.count, .int64, try categories(table), of: table))
        }
        if !continuous.isEmpty {
            inputs.append(try RowTensor.filled(rows, width: continuous.count, .float32, try numbers(table), of: table))
        }
        return TensorDataset(inputs: inputs, targets: withTarget ? [try targets(table, rows)] : [])
    }

    /// What stands in a row for each categorical column.
    private func categories(_ table: CSVTable) throws(DataError) -> [RowTensor.Column<Int64>] {
        var columns: [RowTensor.Column<Int64>] = []
        for column in categorical {
            if let marked = column.marksMissing {
                let missing = try table.column(marked).missing
                columns.append(.init { row in missing?[row] == true ? 2 : 1 })
                continue
            }
            var lookup = column.lookup
            let made = MadeOfTexts(try table.column(column.name)) { lookup.place(of: $0).map(Int64.init) }
            columns.append(.init { row in (made[row] ?? nil) ?? 0 })
        }
        return columns
    }

    /// What stands in a row for each column of numbers.
    private func numbers(_ table: CSVTable) throws(DataError) -> [RowTensor.Column<Float>] {
        var columns: [RowTensor.Column<Float>] = []
        for column in continuous {
            guard let numbers = ColumnNumbers(try table.column(column.name)) else {
                throw DataError(.mismatch, file: table.file, "the column “\(column.name)” holds text, not numbers")
            }
            let limit = Double(Float.greatestFiniteMagnitude)
            columns.append(
                .init { rows, values, stride in
                    var (place, bad) = (0, nil as Int?)
                    numbers.forEach(in: rows) { row, number in
                        let value = column.standardised(number)
                        if number.value.magnitude > limit || !value.isFinite, bad == nil { bad = row }
                        values[place] = value
                        place += stride
                    }
                    return bad
                } failure: { row in
                    do throws(DataError) {
                        try table.checkHeld(numbers, CollectionOfOne(row), of: column.name, "column")
                    } catch {
                        return error
                    }
                    return DataError(
                        .mismatch, file: table.file, at: .line(table.lines[row]),
                        "the column “\(column.name)” is \(numbers.value(row)): standardised with the training rows' mean \(short(column.mean)) and deviation \(short(column.deviation)) it is beyond float32, the type of models",
                        remedy: "Correct such rows, or remove them")
                })
        }
        return columns
    }

    private func targets(_ table: CSVTable, _ rows: some RandomAccessCollection<Int>) throws(DataError) -> Tensor {
        let column = try table.column(target.name)
        guard case .classification(let classes) = target.kind else {
            guard let numbers = ColumnNumbers(column) else {
                throw DataError(.mismatch, file: table.file, "the target “\(target.name)” holds text, not numbers")
            }
            if let row = rows.first(where: { numbers.value($0).isNaN }) {
                throw DataError(
                    .mismatch, file: table.file, at: .line(table.lines[row]), "the target “\(target.name)” is missing",
                    remedy: "Remove such rows, or fill them in")
            }
            try table.checkHeld(numbers, rows, of: target.name, "target")
            if target.kind == .counts { try table.checkCounts(numbers, rows, of: target.name) }
            return Tensor(rows.map { Float(numbers.value($0)) }, shape: [rows.count, 1])
        }
        var lookup = CategoryLookup(classes)
        let made = MadeOfTexts(column) { lookup.place(of: $0).map(Int64.init) }
        let places = RowTensor.Column<Int64> { rows, values, stride in
            for (index, row) in rows.enumerated() {
                guard let place = made[row] ?? nil else { return row }
                values[index * stride] = place
            }
            return nil
        } failure: { row in
            DataError(
                .mismatch, file: table.file, at: .line(table.lines[row]),
                "the class “\(column.text(at: row) ?? "")” of “\(target.name)” does not occur in the training table: "
                    + CSV.list(classes, of: nil))
        }
        return try RowTensor.filled(rows, width: 1, .int64, [places], of: table).reshaped([rows.count])
    }
}
