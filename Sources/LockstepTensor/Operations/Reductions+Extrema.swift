// SPDX-License-Identifier: Apache-2.0
// Greatest and least elements over axes, and where they are.

import CLockstepKernels

extension Tensor {
    /// Greatest element over `axes`; NaN when there is one.
    ///
    /// - Precondition: the axes are not empty.
    /// - Gradient: `ȳ`, shared evenly among the elements that equal the maximum (as PyTorch's `amax`).
    public func max(axes: [Int], keepDims: Bool = false, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        extremum(LSK_MAX, "max", AxisSet(axes, of: shape, "max", file: file, line: line), keepDims, file, line)
    }

    /// Greatest element over one axis, or all. See ``max(axes:keepDims:file:line:)``.
    public func max(
        axis: Int? = nil, keepDims: Bool = false, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        extremum(LSK_MAX, "max", AxisSet(axis, of: shape, "max", file: file, line: line), keepDims, file, line)
    }

    /// Least element over `axes`; NaN when there is one. Otherwise as ``max(axes:keepDims:file:line:)``.
    public func min(axes: [Int], keepDims: Bool = false, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        extremum(LSK_MIN, "min", AxisSet(axes, of: shape, "min", file: file, line: line), keepDims, file, line)
    }

    /// Least element over one axis, or all. See ``min(axes:keepDims:file:line:)``.
    public func min(
        axis: Int? = nil, keepDims: Bool = false, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        extremum(LSK_MIN, "min", AxisSet(axis, of: shape, "min", file: file, line: line), keepDims, file, line)
    }

    /// Index of the greatest element along `axis` (int64); the first among equals; a NaN counts as greatest.
    ///
    /// Without an axis: the index in row-major order, a scalar.
    public func argmax(
        axis: Int? = nil, keepDims: Bool = false, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        indexOfExtremum("argmax", axis, keepDims, smallest: false, file, line)
    }

    /// Index of the least element along `axis` (int64); the first among equals; a NaN counts as least.
    public func argmin(
        axis: Int? = nil, keepDims: Bool = false, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        indexOfExtremum("argmin", axis, keepDims, smallest: true, file, line)
    }
}

extension Tensor {
    private func extremum(
        _ op: lsk_reduce_op, _ name: StaticString, _ set: AxisSet, _ keepDims: Bool, _ file: StaticString, _ line: UInt
    ) -> Tensor {
        require(
            set.elementCount(in: shape) > 0 || set.reduced(shape, keepDims: false).elementCount == 0,
            "\(name): shape \(shape) has no elements along the axes to reduce", file: file, line: line)
        let (input, source) = (calculable, shape)
        let x = input.detached
        let y = x.reduced(op, set, keepDims: keepDims)
        guard dtype.isFloatingPoint else { return y }
        return y.recording(name, from: input) { dy in
            let winners = x .== y.spread(over: set, to: source, keepDims: keepDims)
            let count = winners.to(dy.dtype).reduced(LSK_SUM, set, keepDims: keepDims)
            let share = (dy / count).spread(over: set, to: source, keepDims: keepDims)
            return Tensor.where(winners, share, Tensor(0, dtype: dy.dtype))
        }
    }

    private func indexOfExtremum(
        _ name: StaticString, _ axis: Int?, _ keepDims: Bool, smallest: Bool, _ file: StaticString, _ line: UInt
    ) -> Tensor {
        guard let axis else {
            require(count > 0, "\(name): shape \(shape) has no elements", file: file, line: line)
            let dense = detached.contiguous()
            let flat = dense.view([count], strides: [1])
            let index = flat.indexOfExtremum(name, 0, false, smallest: smallest, file, line)
            return keepDims ? index.reshaped(Shape(rank: rank, repeating: 1)) : index
        }
        let along = shape.axis(axis, of: name, file: file, line: line)
        var x = dtype == .bfloat16 ? detached.real : detached
        require(
            shape[along] > 0 || count > 0, "\(name): axis \(axis) of shape \(shape) is empty", file: file, line: line)
        var kept = shape
        kept[along] = 1
        x = x.contiguous()
        let lines = DenseLines(x, axis: along)
        let result = Tensor.uninitialized(kept, dtype: .int64)
        if count > 0 {
            lsk_argmax(
                x.dtype.kernelType, lines.outer, lines.count, lines.inner,
                result.unsafePointer.assumingMemoryBound(to: Int64.self), x.unsafePointer, smallest ? 1 : 0)
        }
        if keepDims { return result }
        kept.remove(at: along)
        return result.reshaped(kept)
    }
}
