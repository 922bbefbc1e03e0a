// SPDX-License-Identifier: Apache-2.0
// The values of one column of a table, one per row, wherever they lie.

import Glibc

/// The values of a column; those of a table larger than memory lie on the disk and are read when they are looked at.
public struct CSVValues<Element: BitwiseCopyable & Equatable & Sendable>: RandomAccessCollection, @unchecked Sendable {
    private let blocks: [UnsafePointer<Element>]
    /// Keeps the blocks.
    private let store: ColumnStore

    /// The number of rows.
    public let endIndex: Int
    /// The first row: 0.
    public var startIndex: Int { 0 }

    fileprivate init(_ count: Int, _ blocks: [UnsafePointer<Element>], _ store: ColumnStore) {
        (endIndex, self.blocks, self.store) = (count, blocks, store)
    }

    /// The same values, in memory.
    public init(_ values: some Sequence<Element>) {
        let store = ColumnStore(memoryLimit: .max)
        let builder = Builder(store)
        do throws(DataError) {
            for value in values { try builder.append(value) }
            try builder.seal()
            self = builder.values()
        } catch {
            preconditionFailure("CSVValues: \(error)")
        }
    }

    /// `count` values, each made from its row; a large column lies on the disk.
    ///
    /// - Throws: `DataError` where there is no room for them.
    init(count: Int, _ value: (_ row: Int) -> Element) throws(DataError) {
        let store = ColumnStore()
        let builder = Builder(store)
        for row in 0..<count { try builder.append(value(row)) }
        try builder.seal()
        try store.finish()
        self = builder.values()
    }

    /// The value of a row.
    public subscript(_ row: Int) -> Element {
        @inline(__always) get {
            precondition(row >= 0 && row < endIndex, "CSVValues: there is no such row")
            return blocks[row / ColumnStore.blockLength][row % ColumnStore.blockLength]
        }
    }

    /// Calls `body` with the value of each of `rows`.
    @inline(__always)
    func forEach(in rows: some Sequence<Int>, _ body: (_ row: Int, Element) -> Void) {
        var block = -1
        for row in rows {
            if row / ColumnStore.blockLength != block {
                block = row / ColumnStore.blockLength
                willNeed(block: block)
                willNeed(block: block + 1)
            }
            body(row, self[row])
        }
    }

    /// Has a block read that is about to be looked at, where it lies on the disk.
    func willNeed(block: Int) {
        guard store.isBeyondMemory, blocks.indices.contains(block) else { return }
        let length = Swift.min(ColumnStore.blockLength, endIndex - block * ColumnStore.blockLength)
        Pages.willNeed(UnsafeRawPointer(blocks[block]), length * MemoryLayout<Element>.stride)
    }

    /// Gives back the memory of what was looked at and lies on the disk.
    func release() { store.release() }

    /// What keeps the values, perhaps with those of other columns.
    var keeper: ColumnStore { store }

    /// Takes values one after another.
    final class Builder {
        private let store: ColumnStore
        private var places: [ColumnStore.Place] = []
        private var block: UnsafeMutablePointer<Element>?
        private var (filled, capacity) = (0, 0)
        /// How many were taken; nil until all are.
        private var count: Int?

        init(_ store: ColumnStore) { self.store = store }
        deinit { block.map { free($0) } }

        /// - Throws: `DataError` where neither the disk nor memory has room.
        @inline(__always)
        func append(_ value: Element) throws(DataError) {
            if filled == capacity { try makeRoom() }
            block?[filled] = value
            filled += 1
        }

        /// Takes `value` so many times.
        func append(repeating value: Element, count: Int) throws(DataError) {
            for _ in 0..<count { try append(value) }
        }

        /// Columns may be many and short: a block begins small.
        private func makeRoom() throws(DataError) {
            if filled == ColumnStore.blockLength { try endBlock() }
            capacity = block != nil ? 2 * capacity : places.isEmpty ? 16 : ColumnStore.blockLength
            let grown = realloc(block, capacity * MemoryLayout<Element>.stride)
            guard let grown else { preconditionFailure("CSVValues: there is no memory for \(capacity) values more") }
            block = grown.assumingMemoryBound(to: Element.self)
        }

        private func endBlock() throws(DataError) {
            guard let full = block, filled > 0 else { return }
            (block, capacity) = (nil, 0)
            let bytes = filled * MemoryLayout<Element>.stride
            filled = 0
            places.append(try store.keep(realloc(full, bytes) ?? UnsafeMutableRawPointer(full), count: bytes))
        }

        /// Ends the last block.
        func seal() throws(DataError) {
            count = places.count * ColumnStore.blockLength + filled
            try endBlock()
        }

        /// What was taken, after ``seal()`` and the store's `finish()`.
        func values() -> CSVValues {
            let blocks = places.compactMap { store.address(of: $0)?.assumingMemoryBound(to: Element.self) }
            guard let count, blocks.count == places.count else {
                preconditionFailure("CSVValues: values are asked for before all were taken")
            }
            return CSVValues(count, blocks, store)
        }

        /// Calls `body` with the values that were taken, a block at a time; nothing may be sealed.
        func forEachBlock(
            _ body: (_ number: Int, UnsafeBufferPointer<Element>) throws(DataError) -> Void
        ) throws(DataError) {
            for number in 0...places.count {
                try withBlock(number) { values throws(DataError) in try body(number, values) }
            }
        }

        /// Calls `body` with the values of one block.
        func withBlock(
            _ number: Int, _ body: (UnsafeBufferPointer<Element>) throws(DataError) -> Void
        ) throws(DataError) {
            guard number < places.count else { return try body(UnsafeBufferPointer(start: block, count: filled)) }
            try store.withBytes(of: places[number], count: Self.fullBlock) { bytes throws(DataError) in
                try body(bytes.assumingMemoryBound(to: Element.self))
            }
        }

        /// Gives up what was taken.
        func drop() {
            for place in places { store.drop(place, count: Self.fullBlock) }
            block.map { free($0) }
            (places, block, filled, capacity) = ([], nil, 0, 0)
        }

        private static var fullBlock: Int { ColumnStore.blockLength * MemoryLayout<Element>.stride }
    }
}

extension CSVValues: Equatable {
    /// Whether all values are equal.
    public static func == (a: CSVValues, b: CSVValues) -> Bool { a.count == b.count && a.elementsEqual(b) }
}

extension CSVValues: ExpressibleByArrayLiteral {
    /// The same values, in memory.
    public init(arrayLiteral values: Element...) { self.init(values) }
}

/// The lines of a file on which rows start: mostly one after the other.
public struct CSVLines: RandomAccessCollection, Sendable, Equatable, ExpressibleByArrayLiteral {
    /// Rows from which on lines differ from their rows by another number.
    private var starts: [Int] = []
    private var shifts: [Int] = []

    /// The number of rows.
    public private(set) var endIndex = 0
    /// The first row: 0.
    public var startIndex: Int { 0 }

    /// The same lines.
    public init(_ lines: some Sequence<Int>) { for line in lines { append(line) } }
    /// The same lines.
    public init(arrayLiteral lines: Int...) { self.init(lines) }

    mutating func append(_ line: Int) {
        if shifts.last != line - endIndex {
            starts.append(endIndex)
            shifts.append(line - endIndex)
        }
        endIndex += 1
    }

    /// The line on which a row starts.
    public subscript(_ row: Int) -> Int {
        precondition(row >= 0 && row < endIndex, "CSVLines: there is no such row")
        // The last start that is not behind the row.
        var (low, high) = (0, starts.count)
        while high - low > 1 {
            let middle = (low + high) / 2
            if starts[middle] <= row { low = middle } else { high = middle }
        }
        return row + shifts[low]
    }
}
