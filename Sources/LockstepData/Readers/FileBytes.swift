// SPDX-License-Identifier: Apache-2.0
// The bytes of a file, mapped or in an array, of which readers look at small pieces.

/// Bytes that are looked at a piece at a time: a reader of large files copies what it parses, and no more.
package enum FileBytes: @unchecked Sendable {
    case array([UInt8])
    /// Nobody writes to what is mapped here.
    case mapped(MappedFile)

    /// The bytes of the file at `path`: mapped, but for small ones and what is no regular file.
    ///
    /// - Throws: `DataError` (`.unreadable`, `.tooLarge`).
    package static func opened(_ path: String) throws(DataError) -> FileBytes {
        guard let size = FileIdentity(path)?.size, size >= 1 << 20 else { return .array(try Files.read(path)) }
        return .mapped(try MappedFile(path))
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
