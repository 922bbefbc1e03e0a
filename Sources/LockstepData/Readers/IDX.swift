// SPDX-License-Identifier: Apache-2.0
// The IDX format of the MNIST files (Y. LeCun, http://yann.lecun.com/exdb/mnist/), plain or gzip.

import LockstepTensor

/// Reading IDX files: two zero bytes, an element type, the number of axes, their lengths, then the elements, all big endian.
public enum IDX {
    /// The array in the file at `path`; gzip is recognised by its magic number, not by the name.
    ///
    /// - Throws: `DataError` naming the file and the byte.
    public static func read(_ path: String) throws(DataError) -> NumericArray {
        try parse(Gzip.readFile(path), file: path)
    }

    /// The array in `bytes`, which must hold exactly one uncompressed IDX file.
    public static func parse(_ bytes: [UInt8], file: String) throws(DataError) -> NumericArray {
        var reader = ByteReader(bytes, file: file)
        let (code, shape) = try header(&reader, fileSize: bytes.count)
        let data = try reader.take(reader.remaining, "the data")
        guard let array = NumericArray(shape: shape, elements: decode(data, code)) else {
            throw reader.error(.malformed, at: 4, "shape \(shape) does not fit \(data.count) bytes")
        }
        return array
    }

    /// Reads the header of a file of `fileSize` bytes and checks that its data are just as long as it says.
    static func header(_ reader: inout ByteReader, fileSize: Int) throws(DataError) -> (code: UInt8, shape: [Int]) {
        let zeros = try reader.integer(UInt16.self, .big, "the magic number")
        guard zeros == 0 else {
            throw reader.error(.malformed, at: 0, "not IDX: the file starts with \(hex(zeros)), expected 0000")
        }
        let code = try reader.integer(UInt8.self, .big, "the element type")
        guard let size = elementSize(code) else {
            throw reader.error(.malformed, at: 2, "unknown IDX element type 0x\(hex(code))")
        }
        let rank = Int(try reader.integer(UInt8.self, .big, "the number of axes"))
        guard rank > 0 else { throw reader.error(.malformed, at: 3, "an IDX file has at least one axis, this one 0") }
        guard rank <= Shape.maxRank else {
            throw reader.error(.unsupported, at: 3, "\(rank) axes, at most \(Shape.maxRank) are read here")
        }
        var shape: [Int] = []
        for axis in 0..<rank {
            shape.append(Int(try reader.integer(UInt32.self, .big, "the length of axis \(axis) of \(rank)")))
        }
        guard let count = NumericArray.product(shape), let needed = NumericArray.product([count, size]) else {
            throw reader.error(.tooLarge, at: 4, "the header claims more elements than a computer can count: \(shape)")
        }
        let (dataStart, there) = (reader.position, fileSize - reader.position)
        guard needed <= there else {
            throw reader.error(
                .truncated, "shape \(shape) needs \(needed) bytes of data, the file has \(there)",
                remedy: "The file was probably cut short while it was copied or downloaded; fetch it again")
        }
        guard there == needed else {
            throw reader.error(
                .malformed, at: dataStart + needed, "\(there - needed) bytes follow the data of shape \(shape)")
        }
        return (code, shape)
    }

    private static func elementSize(_ code: UInt8) -> Int? {
        switch code {
        case 0x08, 0x09: 1
        case 0x0B: 2
        case 0x0C, 0x0D: 4
        case 0x0E: 8
        default: nil
        }
    }

    private static func decode(_ data: ArraySlice<UInt8>, _ code: UInt8) -> NumericArray.Elements {
        switch code {
        case 0x08: .uint8(Decoding.bytes(data))
        case 0x09: .int8(Decoding.integers(data, .big, as: Int8.self))
        case 0x0B: .int16(Decoding.integers(data, .big, as: Int16.self))
        case 0x0C: .int32(Decoding.integers(data, .big, as: Int32.self))
        case 0x0D: .float32(Decoding.floats(data, .big))
        default: .float64(Decoding.doubles(data, .big))
        }
    }
}

/// `value` as hexadecimal digits, all of them.
func hex<Value: FixedWidthInteger & UnsignedInteger>(_ value: Value) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: Value.bitWidth / 4 - digits.count) + digits
}
