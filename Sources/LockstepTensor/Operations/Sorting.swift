// SPDX-License-Identifier: Apache-2.0
// Sorting along an axis, and the first k of the order.

import CLockstepKernels

extension Tensor {
    /// The `k` greatest (or least) elements along `axis`, in order, with their indices (int64).
    ///
    /// Equal elements: the lower index first. NaN counts as greatest.
    /// - Precondition: `k` is between 0 and the size of the axis.
    /// - Gradient: each value's gradient returns to its place.
    public func topK(
        _ k: Int, axis: Int = -1, largest: Bool = true, file: StaticString = #fileID, line: UInt = #line
    ) -> (values: Tensor, indices: Tensor) {
        let along = shape.axis(axis, of: "topK", file: file, line: line)
        require(
            k >= 0 && k <= shape[along], "topK: \(k) elements wanted of \(shape[along]) along axis \(axis) of \(shape)",
            file: file, line: line)
        return ordered("topK", along, k, descending: largest)
    }

    /// The elements along `axis` in order, with the indices they had (int64). Stable; NaN counts as greatest.
    ///
    /// - Gradient: each value's gradient returns to its place.
    public func sorted(
        axis: Int = -1, descending: Bool = false, file: StaticString = #fileID, line: UInt = #line
    ) -> (values: Tensor, indices: Tensor) {
        let along = shape.axis(axis, of: "sorted", file: file, line: line)
        return ordered("sorted", along, shape[along], descending: descending)
    }

    /// The indices (int64) that put the elements along `axis` in order. Stable; NaN counts as greatest.
    public func argsorted(
        axis: Int = -1, descending: Bool = false, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        let along = shape.axis(axis, of: "argsorted", file: file, line: line)
        return detached.ordered("argsorted", along, shape[along], descending: descending).indices
    }

    private func ordered(
        _ name: StaticString, _ axis: Int, _ k: Int, descending: Bool
    ) -> (values: Tensor, indices: Tensor) {
        let x = (dtype == .bfloat16 ? to(.float32) : self).detached.contiguous()
        let lines = DenseLines(x, axis: axis)
        var wanted = shape
        wanted[axis] = k
        let values = Tensor.uninitialized(wanted, dtype: x.dtype)
        let indices = Tensor.uninitialized(wanted, dtype: .int64)
        let scratch = Storage(byteCount: lsk_sort_scratch(lines.count))
        lsk_sort(
            x.dtype.kernelType, lines.outer, lines.count, lines.inner, k, descending ? 1 : 0, x.unsafePointer,
            values.unsafePointer, indices.unsafePointer.assumingMemoryBound(to: Int64.self), scratch.pointer)
        guard dtype.isFloatingPoint else { return (values, indices) }
        let (source, type) = (shape, dtype)
        let result = values.to(type).recording(name, from: self) { dy in
            Tensor.zeros(source, dtype: dy.dtype).scatterAdd(axis: axis, index: indices, source: dy).to(type)
        }
        return (result, indices)
    }
}
