// SPDX-License-Identifier: Apache-2.0
// The bytes of a file, mapped or in an array, of which readers look at small pieces.

/// Bytes that are looked at a piece at a time: a reader of large files copies what it parses, and no more.
enum FileBytes: @unchecked Sendable {
    case array([UInt8])
    /// Nobody writes to what is mapped here.
    case mapped(MappedFile)

    var count: Int {
        switch self {
        case .array(let bytes): bytes.count
        case .mapped(let file): file.bytes.count
        }
    }

    /// A copy of the bytes of `range`, which must lie in the file.
    func copy(_ range: Range<Int>) -> [UInt8] {
        switch self {
        case .array(let bytes): Array(bytes[range])
        case .mapped(let file): Array(UnsafeRawBufferPointer(file.bytes)[range])
        }
    }

    /// Calls `body` with the bytes of `range`, which must lie in the file; not aligned for any type.
    func withUnsafeBytes<Result>(_ range: Range<Int>, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        switch self {
        case .array(let bytes): bytes[range].withUnsafeBytes(body)
        case .mapped(let file):
            withExtendedLifetime(file) {
                body(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(file.bytes)[range]))
            }
        }
    }

    /// The CRC-32 of the bytes of `range`.
    func checksum(_ range: Range<Int>) -> UInt32 { withUnsafeBytes(range) { Zlib.crc32($0) } }
}
