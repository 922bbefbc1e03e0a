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

extension Safetensors.Part {
    /// `tensor` under `name`, row-major; its memory is not copied where it is so already, and nobody may write to it meanwhile.
    package init(_ name: String, _ tensor: Tensor) {
        let dense = tensor.detached.contiguous()
        let bytes = UnsafeRawBufferPointer(start: dense.unsafePointer, count: dense.count * dense.dtype.byteCount)
        self.init(
            name: name, type: dense.dtype.safetensorsType, shape: dense.shape.dimensions,
            bytes: .memory(bytes, owner: dense.body))
    }
}

extension Tensor {
    /// The tensor of an item of the types that tensors have.
    init(_ item: Safetensors.Item) {
        self = Tensor.uninitialized(Shape(item.shape), dtype: item.type.dtype ?? .uint8)
        item.bytes.withUnsafeBytes { bytes in
            let size = Swift.min(bytes.count, count * dtype.byteCount)
            if let base = bytes.baseAddress, size > 0 { unsafePointer.copyMemory(from: base, byteCount: size) }
        }
    }
}

extension Safetensors.Archive {
    /// A tensor of the archive. Half precision becomes float32, integer types we do not have become int64.
    public func tensor(_ entry: Safetensors.Entry) -> Tensor {
        withUnsafeBytes(of: entry) { Tensor(elements: $0, of: entry.type, shape: Shape(entry.shape)) }
    }

    /// The same, for a moment in which nobody writes to it: where the file is mapped, a look at it that copies nothing.
    func view(_ entry: Safetensors.Entry) -> Tensor {
        let shape = Shape(entry.shape)
        // A byte that is neither 0 nor 1 is no bool in memory.
        guard case .mapped(let file) = bytes, let dtype = entry.type.dtype, dtype != .bool, shape.elementCount > 0,
            let base = file.bytes.baseAddress, entry.range.lowerBound % dtype.byteCount == 0
        else { return tensor(entry) }
        let storage = Storage(
            foreign: base + entry.range.lowerBound, byteCount: entry.range.count, owner: file)
        return Tensor(
            TensorBody(storage: storage, offset: 0, shape: shape, strides: shape.contiguousStrides, dtype: dtype))
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
}
