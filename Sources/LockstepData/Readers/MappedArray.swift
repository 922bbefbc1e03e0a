// SPDX-License-Identifier: Apache-2.0
// Arrays in files as tensors that are not read but looked at.

public import LockstepTensor

/// Tensors over files, without reading them: data sets larger than memory, and one copy for all ranks of a machine.
///
/// ```swift
/// let data = TensorDataset(inputs: [try MappedArray.npy("x.npy")], targets: [try MappedArray.npy("y.npy")])
/// ```
/// A page is read when it is first looked at, and dropped again when memory is short. Headers are checked as the readers
/// do, data are not: no checksum is verified. Files must be uncompressed, in this machine's byte order and row-major, and of
/// a type that tensors have; the readers convert, this does not. They must not be cut short while in use.
public enum MappedArray {
    /// The array in a NumPy file.
    ///
    /// - Throws: `DataError`: `.unreadable`, what the header does wrong, `.unsupported` for one that would have to be
    ///   converted.
    public static func npy(_ path: String) throws(DataError) -> Tensor {
        let file = try MappedFile(path)
        var reader = ByteReader(file.prefix(1 << 20), file: path)
        let header = try NPY.header(&reader, fileSize: file.bytes.count)
        guard let dtype = header.type.dtype, !header.isColumnMajor || header.shape.count < 2,
            header.order == .little || dtype.byteCount == 1
        else {
            let order = header.isColumnMajor ? "column-major " : ""
            let bytes = header.order == .big ? "big-endian " : ""
            throw unsupported(path, "\(order)\(bytes)\(header.type.name)")
        }
        return try tensor(file, at: reader.position, header.shape, dtype)
    }

    /// The array in an uncompressed IDX file of bytes, as MNIST's images and labels are once unpacked.
    public static func idx(_ path: String) throws(DataError) -> Tensor {
        let file = try MappedFile(path)
        var reader = ByteReader(file.prefix(4 + 255 * 4), file: path)
        let (code, shape) = try IDX.header(&reader, fileSize: file.bytes.count)
        guard code == 0x08 else { throw unsupported(path, "an IDX element type of 0x\(hex(code)), not unsigned bytes") }
        return try tensor(file, at: reader.position, shape, .uint8)
    }

    /// The tensors of a safetensors file, in its order.
    public static func safetensors(_ path: String) throws(DataError) -> [(name: String, tensor: Tensor)] {
        let file = try MappedFile(path)
        let length = file.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        let prefix = file.prefix(8 + Int(min(length, UInt64(Safetensors.headerLimit))))
        let (entries, _, _) = try Safetensors.header(prefix, fileSize: file.bytes.count, file: path)
        var result: [(name: String, tensor: Tensor)] = []
        for entry in entries {
            guard let dtype = entry.type.dtype else {
                throw unsupported(path, "tensor “\(entry.name)” of \(entry.type.rawValue)")
            }
            result.append((entry.name, try tensor(file, at: entry.range.lowerBound, entry.shape, dtype)))
        }
        return result
    }

    private static func tensor(
        _ file: MappedFile, at offset: Int, _ shape: [Int], _ dtype: DType
    ) throws(DataError) -> Tensor {
        let shape = Shape(shape)
        guard let base = file.bytes.baseAddress, shape.elementCount > 0 else { return .zeros(shape, dtype: dtype) }
        guard offset % dtype.byteCount == 0 else {
            throw DataError(
                .unsupported, file: file.path, at: .byte(offset),
                "the data do not start at a multiple of their element size, so they cannot be used in place",
                remedy: "Read the file instead, or write it again with an aligned header")
        }
        file.expectRows()
        return Tensor(foreign: base + offset, shape: shape, dtype: dtype, owner: file)
    }

    private static func unsupported(_ path: String, _ what: String) -> DataError {
        DataError(.unsupported, file: path, "\(what) would have to be converted", remedy: "Read the file instead")
    }
}

extension Tensor {
    /// A tensor over memory that `owner` keeps, row-major and aligned for `dtype`.
    init(foreign base: UnsafeMutableRawPointer, shape: Shape, dtype: DType, owner: AnyObject) {
        let storage = Storage(foreign: base, byteCount: shape.elementCount * dtype.byteCount, owner: owner)
        self.init(TensorBody(storage: storage, offset: 0, shape: shape, strides: shape.contiguousStrides, dtype: dtype))
    }
}

extension NPYType {
    /// The type tensors have for it; nil when they have none.
    fileprivate var dtype: DType? {
        switch self {
        case .bool: .bool
        case .uint8: .uint8
        case .int32: .int32
        case .int64: .int64
        case .float32: .float32
        case .float64: .float64
        case .int8, .int16, .uint16, .uint32, .float16: nil
        }
    }
}
