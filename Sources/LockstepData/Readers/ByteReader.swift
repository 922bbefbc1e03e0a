// SPDX-License-Identifier: Apache-2.0
// Bounds-checked decoding of numbers from bytes in either byte order.

/// The byte order of multi-byte numbers in a file.
enum ByteOrder { case big, little }

/// A cursor over a file's bytes: every read is checked and an error names the file and the byte.
struct ByteReader {
    let bytes: [UInt8]
    let file: String
    private(set) var position = 0

    init(_ bytes: [UInt8], file: String) {
        self.bytes = bytes
        self.file = file
    }

    var remaining: Int { bytes.count - position }

    /// Takes `count` bytes; `what` names them in the error.
    mutating func take(_ count: Int, _ what: String) throws(DataError) -> ArraySlice<UInt8> {
        guard count <= remaining else {
            throw DataError(
                .truncated, file: file, at: .byte(position),
                "the file ends inside \(what): \(count) bytes needed, \(remaining) left")
        }
        defer { position += count }
        return bytes[position..<position + count]
    }

    mutating func integer<Value: FixedWidthInteger>(
        _ type: Value.Type, _ order: ByteOrder, _ what: String
    ) throws(DataError) -> Value {
        let slice = try take(MemoryLayout<Value>.size, what)
        let raw = slice.withUnsafeBytes { $0.loadUnaligned(as: Value.self) }
        return order == .big ? Value(bigEndian: raw) : Value(littleEndian: raw)
    }

    func error(_ code: DataError.Code, at offset: Int? = nil, _ reason: String, remedy: String? = nil) -> DataError {
        DataError(code, file: file, at: .byte(offset ?? position), reason, remedy: remedy)
    }
}

/// Whole arrays of numbers out of raw bytes; the byte count must be a multiple of the element size.
enum Decoding {
    /// Single bytes, which have no order.
    static func bytes(_ slice: ArraySlice<UInt8>) -> [UInt8] { Array(slice) }

    static func integers<Value: FixedWidthInteger & BitwiseCopyable>(
        _ slice: ArraySlice<UInt8>, _ order: ByteOrder, as type: Value.Type
    ) -> [Value] {
        var values = copied(slice, as: Value.self)
        if isForeign(order), MemoryLayout<Value>.size > 1 {
            for index in values.indices { values[index] = values[index].byteSwapped }
        }
        return values
    }

    static func floats(_ slice: ArraySlice<UInt8>, _ order: ByteOrder) -> [Float] {
        if isForeign(order) {
            return integers(slice, order, as: UInt32.self).map(Float.init(bitPattern:))
        }
        return copied(slice, as: Float.self)
    }

    static func doubles(_ slice: ArraySlice<UInt8>, _ order: ByteOrder) -> [Double] {
        if isForeign(order) {
            return integers(slice, order, as: UInt64.self).map(Double.init(bitPattern:))
        }
        return copied(slice, as: Double.self)
    }

    private static func isForeign(_ order: ByteOrder) -> Bool {
        #if _endian(little)
            order == .big
        #else
            order == .little
        #endif
    }

    private static func copied<Value: BitwiseCopyable>(_ slice: ArraySlice<UInt8>, as type: Value.Type) -> [Value] {
        let count = slice.count / MemoryLayout<Value>.size
        if count == 0 { return [] }
        return [Value](unsafeUninitializedCapacity: count) { values, filled in
            slice.withUnsafeBytes { source in
                UnsafeMutableRawBufferPointer(values).copyMemory(
                    from: UnsafeRawBufferPointer(rebasing: source[..<(count * MemoryLayout<Value>.size)]))
            }
            filled = count
        }
    }
}
