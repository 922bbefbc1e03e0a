// SPDX-License-Identifier: Apache-2.0
// Sums and means over axes.

import CLockstepKernels

extension Tensor {
    /// Sum over `axes`, in place of which axes of size 1 stay when `keepDims`.
    public func sum(axes: [Int], keepDims: Bool = false, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        let reduced = axes.map { shape.axis($0, of: "sum", file: file, line: line) }
        var kept = shape
        for axis in reduced { kept[axis] = 1 }
        let source = shape
        let type = Tensor.arithmeticType(dtype, dtype)
        let total = Tensor.zeros(kept, dtype: type)
        let spread = total.view(shape, strides: kept.broadcastStrides(total.body.strides, to: shape))
        var iterator = ElementIterator(spread, spread, detached.to(type))
        lsk_binary(LSK_ADD, type.kernelType, &iterator.raw)
        var result = total
        if !keepDims {
            var small = Shape([])
            for axis in 0..<rank where !reduced.contains(axis) { small.append(shape[axis]) }
            result = total.reshaped(small)
        }
        return result.recording("sum", from: self) { dy in dy.reshaped(kept).expanded(to: source) }
    }

    /// Sum of all elements.
    public func sum() -> Tensor { sum(axes: Array(0..<rank)) }
}
