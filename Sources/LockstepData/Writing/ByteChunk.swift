// SPDX-License-Identifier: Apache-2.0
// Bytes to be written, in an array or where they lie.

/// A stretch of bytes.
package enum ByteChunk: @unchecked Sendable {
    case array([UInt8])
    /// Memory that `owner` keeps alive. Nobody writes to it while it is being written out.
    case memory(UnsafeRawBufferPointer, owner: AnyObject)

    package var count: Int {
        switch self {
        case .array(let bytes): bytes.count
        case .memory(let bytes, _): bytes.count
        }
    }

    package func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        switch self {
        case .array(let bytes): try bytes.withUnsafeBytes(body)
        case .memory(let bytes, let owner): try withExtendedLifetime(owner) { try body(bytes) }
        }
    }
}

extension Safetensors {
    /// A tensor to be written whose bytes may lie elsewhere: row-major, little endian.
    package struct Part: Sendable {
        package let name: String
        package let type: ElementType
        package let shape: [Int]
        package let bytes: ByteChunk

        package init(name: String, type: ElementType, shape: [Int], bytes: ByteChunk) {
            (self.name, self.type, self.shape, self.bytes) = (name, type, shape, bytes)
        }

        /// The same in memory of its own.
        package var copied: Part {
            switch bytes {
            case .array: self
            case .memory: Part(name: name, type: type, shape: shape, bytes: .array(bytes.withUnsafeBytes { Array($0) }))
            }
        }

        /// A tensor that is written from an array.
        package init(_ item: Item) {
            self.init(name: item.name, type: item.type, shape: item.shape, bytes: .array(item.bytes))
        }
    }
}
