// SPDX-License-Identifier: Apache-2.0
// NumPy's .npy format, versions 1 to 3, read and written (NEP 1, numpy.lib.format).

import LockstepTensor

/// Reading and writing `.npy` files.
///
/// Half precision comes as float32, unsigned integers of 16 and 32 bits as the next larger signed ones, all of them exactly.
public enum NPY {
    static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)

    /// The array in the file at `path`, which may also be gzip. Column-major (Fortran order) files come back row-major.
    ///
    /// - Throws: `DataError` naming the file and the byte.
    public static func read(_ path: String) throws(DataError) -> NumericArray {
        try parse(Gzip.readFile(path), file: path)
    }

    /// The array in `bytes`, which must hold exactly one uncompressed `.npy` file.
    public static func parse(_ bytes: [UInt8], file: String) throws(DataError) -> NumericArray {
        var reader = ByteReader(bytes, file: file)
        let header = try header(&reader, fileSize: bytes.count)
        let data = try reader.take(reader.remaining, "the data")
        let elements = header.type.decode(data, header.order)
        let ordered = header.isColumnMajor ? elements.rowMajor(shape: header.shape) : elements
        guard let array = NumericArray(shape: header.shape, elements: ordered) else {
            throw reader.error(.malformed, at: magic.count, "shape \(header.shape) does not fit \(data.count) bytes")
        }
        return array
    }

    /// What the header of the uncompressed file at `path` says, if its data are just as long. They are not read.
    ///
    /// - Throws: `DataError` as ``read(_:)`` does.
    package static func outline(
        _ path: String
    ) throws(DataError) -> (type: String, shape: [Int], isColumnMajor: Bool, isBigEndian: Bool) {
        let pieces = try PieceReader(path)
        // NumPy itself refuses to read longer headers of strangers (10,000 bytes).
        var reader = ByteReader(try pieces.bytes(0..<1 << 20, "the header", isCut: true), file: path)
        let header = try header(&reader, fileSize: pieces.size)
        return (header.type.name, header.shape, header.isColumnMajor, header.order == .big && header.type.size > 1)
    }

    /// Reads the header of a file of `fileSize` bytes and checks that its data are just as long as it says.
    static func header(_ reader: inout ByteReader, fileSize: Int) throws(DataError) -> NPYHeader {
        let file = reader.file
        guard try reader.take(magic.count, "the magic number").elementsEqual(magic) else {
            throw reader.error(.malformed, at: 0, "not a .npy file: it does not start with \\x93NUMPY")
        }
        let major = try reader.integer(UInt8.self, .little, "the version")
        _ = try reader.integer(UInt8.self, .little, "the version")
        guard (1...3).contains(major) else {
            throw reader.error(.unsupported, at: magic.count, ".npy version \(major); versions 1 to 3 are read")
        }
        let length =
            try major == 1
            ? Int(reader.integer(UInt16.self, .little, "the header length"))
            : Int(reader.integer(UInt32.self, .little, "the header length"))
        let headerStart = reader.position
        let header = try NPYHeader(parsing: reader.take(length, "the header"), at: headerStart, file: file)

        guard header.shape.count <= Shape.maxRank else {
            throw reader.error(
                .unsupported, at: headerStart,
                "\(header.shape.count) axes, at most \(Shape.maxRank) are read here",
                remedy: "Give the array fewer axes in Python first, for example array.reshape(len(array), -1)")
        }
        guard let count = NumericArray.product(header.shape),
            let needed = NumericArray.product([count, header.type.size])
        else {
            throw reader.error(
                .tooLarge, at: headerStart, "the header claims more elements than a computer can count: \(header.shape)"
            )
        }
        let there = fileSize - reader.position
        guard needed == there else {
            throw reader.error(
                needed > there ? .truncated : .malformed,
                "shape \(header.shape) of \(header.type.name) needs \(needed) bytes of data, the file has \(there)"
            )
        }
        return header
    }
}

/// The element types of `.npy` files that are read here.
enum NPYType: Equatable {
    case bool, uint8, int8, int16, int32, int64, uint16, uint32, float16, float32, float64

    /// From the letters after the byte order: `f4`, `b1`, ….
    init?(_ letters: Substring) {
        switch letters {
        case "b1", "?": self = .bool
        case "u1", "B": self = .uint8
        case "i1", "b": self = .int8
        case "i2": self = .int16
        case "i4": self = .int32
        case "i8": self = .int64
        case "u2": self = .uint16
        case "u4": self = .uint32
        case "f2": self = .float16
        case "f4": self = .float32
        case "f8": self = .float64
        default: return nil
        }
    }

    var size: Int {
        switch self {
        case .bool, .uint8, .int8: 1
        case .int16, .uint16, .float16: 2
        case .int32, .uint32, .float32: 4
        case .int64, .float64: 8
        }
    }

    var name: String {
        switch self {
        case .bool: "bool"
        case .uint8: "uint8"
        case .int8: "int8"
        case .int16: "int16"
        case .int32: "int32"
        case .int64: "int64"
        case .uint16: "uint16"
        case .uint32: "uint32"
        case .float16: "float16"
        case .float32: "float32"
        case .float64: "float64"
        }
    }

    func decode(_ data: ArraySlice<UInt8>, _ order: ByteOrder) -> NumericArray.Elements {
        switch self {
        case .bool: .bool(data.map { $0 != 0 })
        case .uint8: .uint8(Decoding.bytes(data))
        case .int8: .int8(Decoding.integers(data, order, as: Int8.self))
        case .int16: .int16(Decoding.integers(data, order, as: Int16.self))
        case .int32: .int32(Decoding.integers(data, order, as: Int32.self))
        case .int64: .int64(Decoding.integers(data, order, as: Int64.self))
        case .uint16: .int32(Decoding.integers(data, order, as: UInt16.self).map(Int32.init))
        case .uint32: .int64(Decoding.integers(data, order, as: UInt32.self).map(Int64.init))
        case .float16:
            .float32(Decoding.integers(data, order, as: UInt16.self).map { Float(bitPattern: widened($0)) })
        case .float32: .float32(Decoding.floats(data, order))
        case .float64: .float64(Decoding.doubles(data, order))
        }
    }
}

extension NumericArray.Elements {
    /// The same elements, column-major over `shape` before and row-major after.
    func rowMajor(shape: [Int]) -> Self {
        switch self {
        case .bool(let values): .bool(reordered(values, shape))
        case .uint8(let values): .uint8(reordered(values, shape))
        case .int8(let values): .int8(reordered(values, shape))
        case .int16(let values): .int16(reordered(values, shape))
        case .int32(let values): .int32(reordered(values, shape))
        case .int64(let values): .int64(reordered(values, shape))
        case .float32(let values): .float32(reordered(values, shape))
        case .float64(let values): .float64(reordered(values, shape))
        }
    }

    private func reordered<Value>(_ values: [Value], _ shape: [Int]) -> [Value] {
        if shape.count < 2 || values.isEmpty { return values }
        var strides: [Int] = []
        var stride = 1
        for length in shape {
            strides.append(stride)
            stride *= length
        }
        // An odometer over the row-major index, carrying the column-major offset along.
        var index = [Int](repeating: 0, count: shape.count)
        var offset = 0
        var result: [Value] = []
        result.reserveCapacity(values.count)
        while true {
            result.append(values[offset])
            var axis = shape.count - 1
            while axis >= 0 {
                index[axis] += 1
                offset += strides[axis]
                if index[axis] < shape[axis] { break }
                offset -= strides[axis] * shape[axis]
                index[axis] = 0
                axis -= 1
            }
            if axis < 0 { return result }
        }
    }
}
