// SPDX-License-Identifier: Apache-2.0
// Where the values of a table's columns lie: in memory, and beyond a limit in a file without a name.

import Glibc

/// The blocks of all columns of a table. Filled by one thread, then only looked at.
final class ColumnStore: @unchecked Sendable {
    /// Values of a block; the last one of a column may have fewer.
    static let blockLength = 1 << 16
    /// What tables hold in memory before they go on on the disk.
    static let usualLimit = 256 << 20

    /// Where a block lies.
    enum Place {
        case memory(UnsafeMutableRawPointer)
        /// So many bytes from the file's beginning.
        case file(Int)
    }

    private let memoryLimit: Int
    private let folder: String?
    private var blocks: Set<UnsafeMutableRawPointer> = []
    private var bytesInMemory = 0
    private var spill: SpillFile?
    private var base: UnsafeRawPointer?
    /// Why the disk takes nothing more.
    private var refusal: DataError?

    /// - Parameters:
    ///   - memoryLimit: Bytes that are kept in memory.
    ///   - folder: Where the others go, if not into the temporary folder.
    init(memoryLimit: Int = usualLimit, folder: String? = nil) {
        (self.memoryLimit, self.folder) = (memoryLimit, folder)
    }

    deinit { for block in blocks { free(block) } }

    /// Takes a block of `count` bytes, which must not be freed by anybody else.
    ///
    /// - Throws: `DataError` where neither the disk nor memory has room for it.
    func keep(_ block: UnsafeMutableRawPointer, count: Int) throws(DataError) -> Place {
        if bytesInMemory + count > memoryLimit, refusal == nil {
            defer { if refusal == nil { free(block) } }
            do throws(DataError) {
                if spill == nil { spill = try SpillFile(in: folder) }
                let place = spill?.count ?? 0
                try spill?.append(UnsafeRawBufferPointer(start: block, count: count))
                return .file(place)
            } catch {
                refusal = error
            }
        }
        // A disk without room is no reason to stop where memory has some.
        if let refusal, bytesInMemory >> 26 != (bytesInMemory + count) >> 26, !Room.exists(for: 64 << 20) {
            free(block)
            throw refusal
        }
        blocks.insert(block)
        bytesInMemory += count
        return .memory(block)
    }

    /// Gives up a block of `count` bytes that nobody will look at.
    func drop(_ place: Place, count: Int) {
        // What has been written stays on the disk until all of it goes.
        guard case .memory(let block) = place, blocks.remove(block) != nil else { return }
        free(block)
        bytesInMemory -= count
    }

    /// Calls `body` with a block's bytes, also before ``finish()``.
    func withBytes(
        of place: Place, count: Int, _ body: (UnsafeRawBufferPointer) throws(DataError) -> Void
    ) throws(DataError) {
        switch place {
        case .memory(let block): try body(UnsafeRawBufferPointer(start: block, count: count))
        case .file(let offset):
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 16)
            defer { buffer.deallocate() }
            try spill?.read(buffer, at: offset)
            try body(UnsafeRawBufferPointer(buffer))
        }
    }

    /// Makes all blocks fit to be looked at; nothing is taken any more.
    ///
    /// - Throws: `DataError` (`.unreadable`).
    func finish() throws(DataError) { base = try spill?.map() }

    /// Where a block's bytes are, for as long as this object lives. After ``finish()``.
    func address(of place: Place) -> UnsafeRawPointer? {
        switch place {
        case .memory(let block): UnsafeRawPointer(block)
        case .file(let offset): base.map { $0 + offset }
        }
    }

    /// Whether blocks have to be asked for before they are looked at (``MappedPages``).
    var isBeyondMemory: Bool { spill?.isBeyondMemory ?? false }

    /// Gives the memory of what was looked at in the file back; looking again reads it again.
    func release() { spill?.release() }
}
