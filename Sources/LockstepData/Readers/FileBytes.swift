// SPDX-License-Identifier: Apache-2.0
// The bytes of a file, mapped or in an array, of which readers look at small pieces.

import Glibc

/// Bytes that are looked at a piece at a time: a reader of large files copies what it parses, and no more.
package enum FileBytes: @unchecked Sendable {
    case array([UInt8])
    /// Nobody writes to what is mapped here.
    case mapped(MappedFile)

    /// The bytes of the file at `path`: mapped, but for small ones and what is no regular file.
    ///
    /// - Throws: `DataError` (`.unreadable`; of what is not mapped `.tooLarge`).
    package static func opened(_ path: String) throws(DataError) -> FileBytes {
        guard let size = size(path), size >= 1 << 20 else { return .array(try Files.read(path)) }
        return .mapped(try MappedFile(path))
    }

    /// The same of a regular file; nil for what is none, which only one process may read, or cannot be opened.
    package static func openedFile(_ path: String) -> FileBytes? { size(path) == nil ? nil : try? opened(path) }

    /// All bytes, where a file may have so many in memory.
    ///
    /// - Throws: `DataError` (`.tooLarge`) as `Files.read`.
    package func whole(_ path: String) throws(DataError) -> [UInt8] {
        guard count <= Files.defaultLimit else {
            throw DataError(
                .tooLarge, file: path, "holds \(count) bytes, the limit is \(Files.defaultLimit)",
                remedy: ReadLimits.moreBytes)
        }
        try Room.require(count, for: "cannot be read", file: path)
        return copy(0..<count)
    }

    /// Bytes of the regular file at `path`; nil where there is none.
    static func size(_ path: String) -> Int? {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG ? Int(status.st_size) : nil
    }

    /// What another process has to find for its bytes to be the same.
    package var identity: String {
        switch self {
        case .array: "\(count) \(checksum(0..<count))"
        case .mapped(let file): file.identity
        }
    }

    package var count: Int {
        switch self {
        case .array(let bytes): bytes.count
        case .mapped(let file): file.bytes.count
        }
    }

    /// A copy of the bytes of `range`, which must lie in the file.
    package func copy(_ range: Range<Int>) -> [UInt8] {
        switch self {
        case .array(let bytes): Array(bytes[range])
        case .mapped(let file): Array(UnsafeRawBufferPointer(file.bytes)[range])
        }
    }

    /// Calls `body` with the bytes of `range`, which must lie in the file; not aligned for any type.
    package func withUnsafeBytes<Result>(
        _ range: Range<Int>, _ body: (UnsafeRawBufferPointer) throws -> Result
    ) rethrows -> Result {
        switch self {
        case .array(let bytes): try bytes[range].withUnsafeBytes(body)
        case .mapped(let file):
            try withExtendedLifetime(file) {
                try body(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(file.bytes)[range]))
            }
        }
    }

    /// The CRC-32 of the bytes of `range`.
    func checksum(_ range: Range<Int>, seed: UInt32 = 0) -> UInt32 {
        withUnsafeBytes(range) { Zlib.crc32($0, seed: seed) }
    }
}
