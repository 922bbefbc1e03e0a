// SPDX-License-Identifier: Apache-2.0
// Writing .npy files: version 1.0, little endian, row-major, data aligned to 64 bytes as NumPy does.

extension NPY {
    /// Writes `array` to `path`, all or nothing.
    ///
    /// - Throws: `DataError` (`.unwritable`).
    public static func write(_ array: NumericArray, to path: String) throws(DataError) {
        try Files.writeAtomically([encode(array)], to: path)
    }

    /// `array` as the bytes of a `.npy` file.
    public static func encode(_ array: NumericArray) -> [UInt8] {
        let sizes = array.shape.map(String.init).joined(separator: ", ")
        let tuple = array.shape.count == 1 ? "(\(sizes),)" : "(\(sizes))"
        var header = "{'descr': '\(descr(array.elements))', 'fortran_order': False, 'shape': \(tuple), }"
        let prefix = magic.count + 4
        header += String(repeating: " ", count: 63 - (prefix + header.utf8.count) % 64) + "\n"
        var bytes = magic + [1, 0, UInt8(header.utf8.count & 0xFF), UInt8(header.utf8.count >> 8)]
        bytes += header.utf8
        array.elements.appendLittleEndian(to: &bytes)
        return bytes
    }

    private static func descr(_ elements: NumericArray.Elements) -> String {
        switch elements {
        case .bool: "|b1"
        case .uint8: "|u1"
        case .int8: "|i1"
        case .int16: "<i2"
        case .int32: "<i4"
        case .int64: "<i8"
        case .float32: "<f4"
        case .float64: "<f8"
        }
    }
}

extension NumericArray.Elements {
    /// Appends the elements' bytes, least significant first.
    func appendLittleEndian(to bytes: inout [UInt8]) {
        switch self {
        case .bool(let values): bytes.append(contentsOf: values.lazy.map { $0 ? 1 : 0 })
        case .uint8(let values): bytes.append(contentsOf: values)
        case .int8(let values): append(values, to: &bytes)
        case .int16(let values): append(values.map { $0.littleEndian }, to: &bytes)
        case .int32(let values): append(values.map { $0.littleEndian }, to: &bytes)
        case .int64(let values): append(values.map { $0.littleEndian }, to: &bytes)
        case .float32(let values): append(values.map { $0.bitPattern.littleEndian }, to: &bytes)
        case .float64(let values): append(values.map { $0.bitPattern.littleEndian }, to: &bytes)
        }
    }

    private func append<Value: BitwiseCopyable>(_ values: [Value], to bytes: inout [UInt8]) {
        values.withUnsafeBytes { bytes.append(contentsOf: $0) }
    }
}
