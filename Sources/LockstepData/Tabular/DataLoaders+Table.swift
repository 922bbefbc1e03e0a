// SPDX-License-Identifier: Apache-2.0
// Loaders of a table: a CSV file and the name of the column to predict.

import LockstepTensor

/// A table made ready for training.
public struct TabularData {
    /// Loaders of the two parts.
    public let loaders: DataLoaders
    /// What the columns are; print it.
    public let columns: TabularColumns
}

extension DataLoaders {
    /// Training and validation loaders of the CSV file at `path`.
    ///
    /// Columns are inferred (see `TabularColumns.init(fitting:target:training:options:)`). Missing numbers are filled with the
    /// median of the training rows and marked in an extra categorical column, categories become indices with 0 for
    /// missing or unknown, numbers are standardised with the statistics of the training rows. A file that does not have the delimiter
    /// of `options` is read with its own (`CSV.Options.found(in:)`).
    ///
    /// - Parameters:
    ///   - target: the column to predict.
    ///   - batchSize: the training rows are one batch where there are fewer.
    ///   - validFraction: the random part kept for validation; the split follows from `seed`. A class that would have no row to train
    ///     on keeps one.
    /// - Throws: `DataError` naming the file, and the line where there is one.
    public static func csv(
        path: String, target: String, batchSize: Int = 64, seed: UInt64 = 42, validFraction: Double = 0.2,
        options: TabularOptions = TabularOptions(), file: StaticString = #fileID, line: UInt = #line
    ) throws -> TabularData {
        var options = options
        let table = try CSV.read(path, target: target, options: &options.csv)
        return try self.table(
            table, target: target, batchSize: batchSize, seed: seed,
            split: TableSplit(table, target: target, options).random(validFraction, seed: seed), options: options,
            file: file, line: line)
    }

    /// Training and validation loaders of a table that has been read.
    ///
    /// The training rows are one batch where there are fewer than `batchSize`.
    public static func table(
        _ table: CSVTable, target: String, batchSize: Int = 64, seed: UInt64 = 42, split splitter: Splitter = .random(),
        options: TabularOptions = TabularOptions(), file: StaticString = #fileID, line: UInt = #line
    ) throws -> TabularData {
        let split = try splitter(ItemList(rowsOf: table))
        let columns = try TabularColumns(fitting: table, target: target, training: split.train, options: options)
        // Both parts look into the same tensors, in the order of the file: nothing is copied, and a large table is read through once.
        let (rows, places) = split.used(of: table.rowCount)
        let all = try columns.dataset(table, rows: rows)
        func loader(_ rows: [Int], _ splitIndex: Int) throws -> TransformedDataLoader {
            var settings = DataLoader.Options()
            (settings.batchSize, settings.seed) = (splitIndex == 0 ? min(batchSize, rows.count) : batchSize, seed)
            (settings.shuffle, settings.dropLast) = (splitIndex == 0, splitIndex == 0)
            let data = TabularDataset(all, columns: columns, splitIndex: splitIndex, selection: places(rows))
            return TransformedDataLoader(data, options: settings, file: file, line: line)
        }
        return TabularData(
            loaders: DataLoaders(try loader(split.train, 0), try loader(split.valid, 1)), columns: columns)
    }
}

extension Split {
    /// The items of either part in their own order, of `count`; and where items stand among these.
    fileprivate func used(of count: Int) -> (rows: [Int], places: ([Int]) -> [Int]) {
        var isUsed = [Bool](repeating: false, count: count)
        for row in train { isUsed[row] = true }
        for row in valid { isUsed[row] = true }
        let rows = (0..<count).filter { isUsed[$0] }
        if rows.count == count { return (rows, { $0 }) }
        var places = [Int](repeating: 0, count: count)
        for (place, row) in rows.enumerated() { places[row] = place }
        return (rows, { $0.map { places[$0] } })
    }
}

extension TabularData {
    /// A loader with the validation loader's settings over every row of another table with the same columns.
    public func testLoader(for table: CSVTable, withTarget: Bool = false) throws -> DataLoader {
        try loaders.testLoader(for: table, withTarget: withTarget)
    }
}

extension DataLoaders {
    /// What the columns of a table are, when that is what the items come from: how new rows become inputs.
    public var columns: TabularColumns? {
        loaders.lazy.compactMap { ($0.dataset as? TabularDataset)?.columns }.first
    }

    /// A loader with the validation loader's settings over every row of another table with the same columns.
    ///
    /// - Throws: `DataError` when these are not the loaders of a table, or the table does not have its columns.
    public func testLoader(for table: CSVTable, withTarget: Bool = false) throws(DataError) -> DataLoader {
        guard let columns else {
            throw DataError(
                .mismatch, file: table.file, "rows of a table cannot be used: the loaders are not those of a table")
        }
        let rows = try columns.dataset(table, rows: 0..<table.rowCount, withTarget: withTarget)
        // Without a target there is none to leave out, and the columns stay to decode with.
        return testLoader(for: TabularDataset(rows, columns: columns, splitIndex: 1) as any Dataset, withLabels: true)
    }
}

extension CSV {
    /// The table at `path`; where it does not have the usual delimiter, `options` become those it has.
    static func read(_ path: String, target: String, options: inout Options) throws(DataError) -> CSVTable {
        let source = try CSVSource.opened(path)
        if options.delimiter == ",", options.decimal == "." { options = options.found(in: source, columns: [target]) }
        return try parse(source, file: path, options: options)
    }
}
