// SPDX-License-Identifier: Apache-2.0
// Tensors to and from the bytes of a safetensors file.

public import LockstepData
public import LockstepTensor

extension Safetensors.Item {
    /// `tensor` under `name`, row-major.
    public init(_ name: String, _ tensor: Tensor) {
        let dense = tensor.detached.contiguous()
        let bytes = [UInt8](
            UnsafeRawBufferPointer(start: dense.unsafePointer, count: dense.count * dense.dtype.byteCount))
        withExtendedLifetime(dense) {}
        self.init(name: name, type: dense.dtype.safetensorsType, shape: dense.shape.dimensions, bytes: bytes)
    }
}

extension Tensor {
    /// The tensor of an item of the types that tensors have.
    init(_ item: Safetensors.Item) {
        self = Tensor.uninitialized(Shape(item.shape), dtype: DType(item.type) ?? .uint8)
        item.bytes.withUnsafeBytes { bytes in
            let size = Swift.min(bytes.count, count * dtype.byteCount)
            if let base = bytes.baseAddress, size > 0 { unsafePointer.copyMemory(from: base, byteCount: size) }
        }
    }
}

extension Safetensors.Archive {
    /// A tensor of the archive. Half precision becomes float32, integer types we do not have become int64.
    public func tensor(_ entry: Safetensors.Entry) -> Tensor {
        let shape = Shape(entry.shape)
        return withUnsafeBytes(of: entry) { bytes in
            if let dtype = DType(entry.type) {
                // A byte that is neither 0 nor 1 is no bool in memory.
                if dtype == .bool { return Tensor(bytes.map { $0 != 0 }, shape: shape) }
                let tensor = Tensor.uninitialized(shape, dtype: dtype)
                if let base = bytes.baseAddress { tensor.unsafePointer.copyMemory(from: base, byteCount: bytes.count) }
                return tensor
            }
            func elements<Element>(_ type: Element.Type) -> [Element] {
                (0..<shape.elementCount).map {
                    bytes.loadUnaligned(fromByteOffset: $0 * MemoryLayout<Element>.size, as: type)
                }
            }
            return switch entry.type {
            case .float16: Tensor(elements(UInt16.self).map { Float(Float16(bitPattern: $0)) }, shape: shape)
            case .int16: Tensor(elements(Int16.self).map(Int64.init), shape: shape)
            case .int8: Tensor(elements(Int8.self).map(Int64.init), shape: shape)
            case .uint16: Tensor(elements(UInt16.self).map(Int64.init), shape: shape)
            case .uint32: Tensor(elements(UInt32.self).map(Int64.init), shape: shape)
            default: Tensor(elements(UInt64.self).map { Int64(truncatingIfNeeded: $0) }, shape: shape)
            }
        }
    }
}

extension DType {
    /// The type as the format spells it.
    var safetensorsType: Safetensors.ElementType {
        switch self {
        case .float32: .float32
        case .float64: .float64
        case .int32: .int32
        case .int64: .int64
        case .uint8: .uint8
        case .bool: .bool
        case .bfloat16: .bfloat16
        }
    }

    /// The same type here; nil when there is none.
    fileprivate init?(_ type: Safetensors.ElementType) {
        switch type {
        case .float32: self = .float32
        case .float64: self = .float64
        case .int32: self = .int32
        case .int64: self = .int64
        case .uint8: self = .uint8
        case .bool: self = .bool
        case .bfloat16: self = .bfloat16
        default: return nil
        }
    }
}
