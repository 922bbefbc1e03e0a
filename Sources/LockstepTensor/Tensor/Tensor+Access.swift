// SPDX-License-Identifier: Apache-2.0
// Reading a tensor's elements into Swift values; changing its element type or memory order.

import CLockstepKernels

extension Tensor {
    /// The only element, as a `Double`.
    /// - Precondition: exactly one element.
    public func item(file: StaticString = #fileID, line: UInt = #line) -> Double {
        require(
            count == 1,
            "item: a tensor of shape \(shape) has \(count) elements, not one; reduce it with mean() or sum()",
            file: file, line: line)
        var value = 0.0
        lsk_convert(1, &value, LSK_FLOAT64, unsafePointer, dtype.kernelType)
        return value
    }

    /// All elements in row-major order, converted to `Float`.
    public var floats: [Float] { elements(of: .float32) }
    /// All elements in row-major order, converted to `Double`.
    public var doubles: [Double] { elements(of: .float64) }
    /// All elements in row-major order, converted to `Int` (truncating toward zero).
    public var ints: [Int] { elements(of: .int64) }
    /// All elements in row-major order, as `false` where zero.
    public var bools: [Bool] { elements(of: .bool) }

    /// Whether the other has the same type, shape and bits.
    package func isIdentical(to other: Tensor) -> Bool {
        guard dtype == other.dtype, shape == other.shape else { return false }
        let (a, b) = (contiguous().detached, other.contiguous().detached)
        func bytes(_ tensor: Tensor) -> UnsafeRawBufferPointer {
            UnsafeRawBufferPointer(start: tensor.unsafePointer, count: count * dtype.byteCount)
        }
        return bytes(a).elementsEqual(bytes(b))
    }

    private func elements<Element>(of type: DType) -> [Element] {
        // Swift writes the count of an empty array into memory that all threads share.
        if count == 0 { return [] }
        let source = contiguous().detached
        return [Element](unsafeUninitializedCapacity: count) { buffer, initialized in
            if let base = buffer.baseAddress {
                lsk_convert(count, base, type.kernelType, source.unsafePointer, source.dtype.kernelType)
            }
            initialized = count
        }
    }

    /// The same values in row-major memory; `self` when they already are.
    ///
    /// - Gradient: passes through.
    public func contiguous() -> Tensor {
        if body.isContiguous { return self }
        let result = Tensor.uninitialized(shape, dtype: dtype)
        Tensor.copy(self, into: result)
        return result.recording("contiguous", from: self) { dy in dy }
    }

    /// The same values as another element type; `self` when they already are.
    ///
    /// Floating to integer truncates toward zero; to `bool` is "not zero".
    /// - Gradient: passes through between floating types; integers and booleans carry none.
    public func to(_ dtype: DType) -> Tensor {
        if dtype == self.dtype { return self }
        let source = self.dtype
        let result = uninitializedLike(dtype: dtype)
        Tensor.copy(self, into: result)
        guard dtype.isFloatingPoint && source.isFloatingPoint else { return result }
        return result.recording("to", from: self) { dy in dy.to(source) }
    }

    /// Copies the values of `source`, broadcast and converted, into the memory of `destination`.
    ///
    /// The one deliberate write: for kernels that own `destination`, arenas and parameters.
    package static func copy(_ source: Tensor, into destination: Tensor) {
        if source.shape == destination.shape && source.isContiguous && destination.isContiguous {
            if source.count > 0 {
                lsk_convert(
                    source.count, destination.unsafePointer, destination.dtype.kernelType, source.unsafePointer,
                    source.dtype.kernelType)
            }
            return
        }
        var iterator = ElementIterator(destination, source)
        lsk_copy(destination.dtype.kernelType, source.dtype.kernelType, &iterator.raw)
    }
}
