// SPDX-License-Identifier: Apache-2.0
// Tensors made of the columns of a table, a block of rows at a time: large ones lie on the disk.

import LockstepTensor

/// Tensors whose rows are the rows of a table.
enum RowTensor {
    /// One column of the tensor.
    struct Column<Element> {
        /// Puts what it has for some rows of the table into `values`, one every `stride`; the first row that has nothing.
        let fill: (_ rows: [Int], _ values: UnsafeMutablePointer<Element>, _ stride: Int) -> Int?
        /// What is wrong with a row that has nothing.
        let failure: (_ row: Int) -> DataError

        init(
            fill: @escaping ([Int], UnsafeMutablePointer<Element>, _ stride: Int) -> Int?,
            failure: @escaping (_ row: Int) -> DataError
        ) {
            (self.fill, self.failure) = (fill, failure)
        }

        /// A column that has something for every row.
        init(_ value: @escaping (_ row: Int) -> Element) {
            fill = { rows, values, stride in
                for (index, row) in rows.enumerated() { values[index * stride] = value(row) }
                return nil
            }
            failure = { row in preconditionFailure("RowTensor: row \(row) has nothing") }
        }
    }

    /// Beyond so many bytes a tensor is on the disk, and read as it is looked at.
    private static let memoryLimit = ColumnStore.usualLimit
    /// Bytes of a block: few enough to stay in a cache while they are filled.
    private static let blockBytes = 1 << 18

    /// The tensor [rows.count, width] of `columns` over `rows`; `Element` is what `dtype` says.
    ///
    /// - Throws: `DataError` of a column, or where neither the disk nor memory has room.
    static func filled<Element: BitwiseCopyable>(
        _ rows: some RandomAccessCollection<Int>, width: Int, _ dtype: DType, _ columns: [Column<Element>],
        of table: CSVTable, memoryLimit: Int = memoryLimit
    ) throws(DataError) -> Tensor {
        defer { table.release() }
        let rowBytes = width * MemoryLayout<Element>.stride
        if rows.count * rowBytes > memoryLimit {
            do throws(DataError) {
                return try onDisk(rows, width: width, dtype, columns, of: table)
            } catch {
                // A disk without room is no reason to stop where memory has some.
                let isRefused = error.code == .unwritten || error.code == .unwritable
                guard isRefused, Room.exists(for: rows.count * rowBytes) else { throw error }
            }
        }
        let result = Tensor.uninitialized([rows.count, width], dtype: dtype)
        let values = UnsafeMutableBufferPointer(
            start: result.unsafePointer.assumingMemoryBound(to: Element.self), count: rows.count * width)
        var place = 0
        try eachBlock(rows, rowBytes, of: table) { part throws(DataError) in
            let end = place + part.count * width
            try fill(UnsafeMutableBufferPointer(rebasing: values[place..<end]), part, columns)
            place = end
        }
        return result
    }

    private static func onDisk<Element: BitwiseCopyable>(
        _ rows: some RandomAccessCollection<Int>, width: Int, _ dtype: DType, _ columns: [Column<Element>],
        of table: CSVTable
    ) throws(DataError) -> Tensor {
        let (file, rowBytes) = (try SpillFile(), width * MemoryLayout<Element>.stride)
        let block = UnsafeMutableBufferPointer<Element>.allocate(capacity: max(1, blockBytes / rowBytes) * width)
        defer { block.deallocate() }
        try eachBlock(rows, rowBytes, of: table) { part throws(DataError) in
            try fill(block, part, columns)
            try file.append(
                UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(block)[..<(part.count * rowBytes)]))
        }
        guard let base = try file.map() else { return .zeros([rows.count, width], dtype: dtype) }
        return Tensor(
            foreign: UnsafeMutableRawPointer(mutating: base), shape: [rows.count, width], dtype: dtype, owner: file)
    }

    /// Calls `body` with some rows after another, whose blocks of the table are read before, and given back behind.
    private static func eachBlock<Rows: RandomAccessCollection<Int>>(
        _ rows: Rows, _ rowBytes: Int, of table: CSVTable, _ body: (Rows.SubSequence) throws(DataError) -> Void
    ) throws(DataError) {
        let length = max(1, blockBytes / rowBytes)
        var (start, current) = (rows.startIndex, -1)
        while start < rows.endIndex {
            let end = rows.index(start, offsetBy: length, limitedBy: rows.endIndex) ?? rows.endIndex
            let part = rows[start..<end]
            if let row = part.first, row / ColumnStore.blockLength != current {
                current = row / ColumnStore.blockLength
                table.release()
                for next in [current, current + 1] { table.columns.forEach { $0.willNeed(block: next) } }
            }
            try body(part)
            start = end
        }
    }

    /// Column by column: each is looked at where it lies together.
    private static func fill<Element>(
        _ block: UnsafeMutableBufferPointer<Element>, _ rows: some Collection<Int>, _ columns: [Column<Element>]
    ) throws(DataError) {
        guard let base = block.baseAddress else { return }
        let rows = Array(rows)
        for (position, column) in columns.enumerated() {
            if let row = column.fill(rows, base + position, columns.count) { throw column.failure(row) }
        }
    }
}
