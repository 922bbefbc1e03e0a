// SPDX-License-Identifier: Apache-2.0
// Tensors of the raw little-endian elements that files hold: looked at in place, copied, or converted.

public import LockstepTensor

extension Safetensors.ElementType {
    /// The type tensors have for it; nil when they have none and the elements are converted.
    package var dtype: DType? {
        switch self {
        case .float64: .float64
        case .float32: .float32
        case .bfloat16: .bfloat16
        case .int64: .int64
        case .int32: .int32
        case .uint8: .uint8
        case .bool: .bool
        default: nil
        }
    }

    /// The type of the tensors that are made of it: half precision becomes float32, integers that tensors lack int64.
    package var tensorType: DType { dtype ?? (self == .float16 ? .float32 : .int64) }
}

extension Tensor {
    /// The elements in `bytes`, which hold one after the other all that `shape` counts, in memory of their own.
    package init(elements bytes: UnsafeRawBufferPointer, of type: Safetensors.ElementType, shape: Shape) {
        self = Tensor.uninitialized(shape, dtype: type.tensorType)
        guard let base = bytes.baseAddress, count > 0 else { return }
        let count = count
        switch type {
        // A byte that is neither 0 nor 1 is no bool in memory.
        case .bool:
            let out = unsafePointer.assumingMemoryBound(to: UInt8.self)
            for index in 0..<count { out[index] = bytes[index] == 0 ? 0 : 1 }
        case .float16:
            let out = unsafePointer.assumingMemoryBound(to: UInt32.self)
            for index in 0..<count {
                out[index] = widened(base.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self))
            }
        case .int8: widen(base, Int8.self)
        case .int16: widen(base, Int16.self)
        case .uint16: widen(base, UInt16.self)
        case .uint32: widen(base, UInt32.self)
        case .uint64: widen(base, UInt64.self)
        case .float64, .float32, .bfloat16, .int64, .int32, .uint8:
            unsafePointer.copyMemory(from: base, byteCount: count * type.byteCount)
        }
    }

    private func widen<Element: FixedWidthInteger & BitwiseCopyable>(_ base: UnsafeRawPointer, _ type: Element.Type) {
        let out = unsafePointer.assumingMemoryBound(to: Int64.self)
        for index in 0..<count {
            let value = base.loadUnaligned(fromByteOffset: index * MemoryLayout<Element>.size, as: type)
            out[index] = Int64(truncatingIfNeeded: value)
        }
    }
}

/// A number of half precision as the bits of a single one, exactly: subnormal ones and not-a-numbers, too.
@inline(__always)
func widened(_ half: UInt16) -> UInt32 {
    let sign = UInt32(half & 0x8000) << 16
    let magnitude = UInt32(half & 0x7FFF) << 13
    if half & 0x7C00 == 0x7C00 { return sign | magnitude | 0x7F80_0000 }
    // Moved to where a single's exponent lies, it is too small by 2^112.
    return sign | (Float(bitPattern: magnitude) * 0x1p112).bitPattern
}

extension FileBytes {
    /// A tensor of elements that lie at `range`: over the mapped file where that can be, else a copy.
    ///
    /// - Parameters:
    ///   - strides: In elements, from element `offset` of the range on; nil for row-major. They must not leave the range.
    func tensor(
        _ range: Range<Int>, _ type: Safetensors.ElementType, _ shape: Shape, strides: Shape? = nil, offset: Int = 0,
        file: String
    ) throws(DataError) -> Tensor {
        let strides = strides ?? shape.contiguousStrides
        guard shape.elementCount > 0 else { return .zeros(shape, dtype: type.tensorType) }
        let span = (0..<shape.rank).reduce(1) { $0 + (shape[$1] - 1) * strides[$1] }
        let start = range.lowerBound + offset * type.byteCount
        if case .mapped(let mapped) = self, let dtype = type.dtype, dtype != .bool, start % dtype.byteCount == 0,
            let base = mapped.bytes.baseAddress
        {
            let storage = Storage(foreign: base + start, byteCount: span * dtype.byteCount, owner: mapped)
            return Tensor(TensorBody(storage: storage, offset: 0, shape: shape, strides: strides, dtype: dtype))
        }
        try Room.require(span * type.tensorType.byteCount, for: "a tensor of \(shape) cannot be read", file: file)
        let values = withUnsafeBytes(start..<start + span * type.byteCount) {
            Tensor(elements: $0, of: type, shape: [span])
        }
        return values.view(shape, strides: strides)
    }
}

extension TorchArchive {
    /// A tensor of the archive: over the mapped file where that can be, else a copy. Half precision becomes float32, integer
    /// types we do not have become int64.
    ///
    /// - Throws: `DataError` (`.tooLarge`) where there is no memory for it.
    public func tensor(_ entry: Entry) throws(DataError) -> Tensor {
        try bytes.tensor(
            entry.range, entry.type, Shape(entry.shape), strides: Shape(entry.strides), offset: entry.offset, file: file
        )
    }
}
