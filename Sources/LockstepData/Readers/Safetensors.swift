// SPDX-License-Identifier: Apache-2.0
// The safetensors format as names, element types, shapes and bytes (https://github.com/huggingface/safetensors).

/// Reading and writing safetensors files: named tensors as raw little-endian bytes, readable without running code and
/// shared with Python.
///
/// Layout: the length of the header (8 bytes, little endian), the header (JSON: name → `dtype`, `shape`, `data_offsets`;
/// `__metadata__` → strings), then the data of all tensors without gaps.
public enum Safetensors {
    /// An element type, spelled as the format spells it.
    public enum ElementType: String, Sendable, CaseIterable {
        case float64 = "F64"
        case float32 = "F32"
        case float16 = "F16"
        case bfloat16 = "BF16"
        case int64 = "I64"
        case int32 = "I32"
        case int16 = "I16"
        case int8 = "I8"
        case uint64 = "U64"
        case uint32 = "U32"
        case uint16 = "U16"
        case uint8 = "U8"
        case bool = "BOOL"

        /// Bytes of one element.
        public var byteCount: Int {
            switch self {
            case .float64, .int64, .uint64: 8
            case .float32, .int32, .uint32: 4
            case .float16, .bfloat16, .int16, .uint16: 2
            case .int8, .uint8, .bool: 1
            }
        }
    }

    /// A tensor to be written.
    public struct Item: Sendable {
        /// The tensor's name.
        public let name: String
        /// The type of its elements.
        public let type: ElementType
        /// Its extents.
        public let shape: [Int]
        /// The elements, row-major and little endian.
        public let bytes: [UInt8]

        /// A tensor of little-endian bytes.
        public init(name: String, type: ElementType, shape: [Int], bytes: [UInt8]) {
            self.name = name
            self.type = type
            self.shape = shape
            self.bytes = bytes
        }
    }

    /// One tensor of a file that was read.
    public struct Entry: Sendable, Equatable {
        /// The tensor's name.
        public let name: String
        /// The type of its elements.
        public let type: ElementType
        /// Its extents.
        public let shape: [Int]
        /// Where the tensor lies in the whole file's bytes.
        public let range: Range<Int>
    }

    /// A file that was read and checked.
    public struct Archive: Sendable {
        /// The path or name it was read from.
        public let file: String
        /// The tensors in the order of the header.
        public let entries: [Entry]
        /// The header's `__metadata__`, in its order.
        public let metadata: [(key: String, value: String)]
        package let bytes: FileBytes
        /// Where in ``entries`` a name stands.
        private let places: [String: Int]
        /// Whether the file carries the checksum of every byte of it, which agreed: whatever it says is what was written.
        public let isSealed: Bool

        init(
            file: String, entries: [Entry], metadata: [(key: String, value: String)], bytes: FileBytes, isSealed: Bool
        ) {
            (self.file, self.entries, self.metadata, self.bytes, self.isSealed) =
                (file, entries, metadata, bytes, isSealed)
            places = Dictionary(zip(entries.map(\.name), entries.indices), uniquingKeysWith: { first, _ in first })
        }

        /// The tensor called `name`.
        public func entry(_ name: String) -> Entry? { places[name].map { entries[$0] } }

        /// The bytes of `entry`: a part of the file's, or a copy where the file is mapped.
        public func bytes(of entry: Entry) -> ArraySlice<UInt8> {
            switch bytes {
            case .array(let bytes): bytes[entry.range]
            case .mapped: bytes.copy(entry.range)[...]
            }
        }

        /// Calls `body` with the bytes of `entry`, valid only until it returns, and not always aligned for the type.
        public func withUnsafeBytes<Result>(
            of entry: Entry, _ body: (UnsafeRawBufferPointer) throws -> Result
        ) rethrows -> Result {
            try bytes.withUnsafeBytes(entry.range, body)
        }

        /// The metadata's value for `key`.
        public func metadata(_ key: String) -> String? { metadata.first { $0.key == key }?.value }
    }

    /// The name under which the header holds its metadata.
    static let metadataKey = "__metadata__"
    /// The version of what Lockstep adds to the format: the metadata keys below.
    static let versionKey = "lockstep.format"
    static let version = "2"
    /// CRC-32 over the whole file with eight zeros in its own place, eight hexadecimal digits. In version 1, over every tensor's
    /// description and bytes.
    static let checksumKey = "lockstep.crc32"
    /// The reference implementation's limit.
    static let headerLimit = 100_000_000

    /// The checksum of a file of these pieces, with zeros where the checksum of the first one stands.
    package static func checksum(ofFile pieces: some Sequence<ArraySlice<UInt8>>) -> UInt32 {
        pieces.reduce(0) { crc, piece in piece.withUnsafeBytes { Zlib.crc32($0, seed: crc) } }
    }

    /// What stands for a checksum that is not known yet.
    static let noChecksum = "00000000"

    /// The version 1 checksum of the tensors `entries`: of each its name, type and shape as text, then its bytes.
    static func checksum(
        _ parts: some Sequence<(name: String, type: ElementType, shape: [Int], bytes: ArraySlice<UInt8>)>
    ) -> String {
        var crc: UInt32 = 0
        for part in parts {
            let description = Array("\(part.name)\0\(part.type.rawValue)\(part.shape)\n".utf8)
            crc = description.withUnsafeBytes { Zlib.crc32($0, seed: crc) }
            crc = part.bytes.withUnsafeBytes { Zlib.crc32($0, seed: crc) }
        }
        return hex(crc)
    }

    /// Eight hexadecimal digits.
    static func digits(_ crc: UInt32) -> String { hex(crc) }

    /// The CRC-32 of a text, eight hexadecimal digits: for what the metadata hold.
    package static func checksum(of text: String) -> String {
        hex(Array(text.utf8).withUnsafeBytes { Zlib.crc32($0) })
    }
}
