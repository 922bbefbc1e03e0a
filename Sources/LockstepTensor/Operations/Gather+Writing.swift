// SPDX-License-Identifier: Apache-2.0
// Writing and adding at positions given by tensors, and reading where several of them meet.

import CLockstepKernels

extension Tensor {
    /// The indices of the elements that are not zero, one row each, in row-major order (int64).
    ///
    /// - Shape: `[*]` of rank `r` → `[count, r]`.
    /// - Note: PyTorch: `torch.nonzero`, `torch.argwhere`.
    public func nonzero() -> Tensor {
        let places = positions().ints
        var rows = Array(repeating: 0, count: places.count * rank)
        for (row, place) in places.enumerated() {
            var rest = place
            for axis in stride(from: rank - 1, through: 0, by: -1) {
                rows[row * rank + axis] = rest % shape[axis]
                rest /= shape[axis]
            }
        }
        return Tensor(rows, shape: [places.count, rank])
    }

    /// This tensor with `source` in place of the elements of `axis` that `index` names; where it names one twice, the
    /// later of the sources in row-major order stays.
    ///
    /// `result[index[i][j]][j] = source[i][j]` for axis 0 of a matrix, and so on.
    /// - Gradient: `ȳ` where nothing was written, and `ȳ` gathered at `index`.
    public func scatter(
        axis: Int, index: Tensor, source: Tensor, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        let (axis, places) = scatterPlaces(axis, index, source, "scatter", file, line)
        let type = DType.promoted(dtype, source.dtype)
        let (base, values) = (to(type), source.to(type))
        func written(_ target: Tensor, _ source: Tensor) -> Tensor {
            let result = Tensor.uninitialized(target.shape, dtype: target.dtype)
            Tensor.copy(target.detached, into: result)
            if source.count == 0 { return result }
            // In row-major order whatever the views: which of two sources stays does not depend on them.
            var iterator = ElementIterator(
                result.column(of: places.shape, axis), places, source.detached.to(target.dtype).contiguous())
            lsk_scatter_elements(target.dtype.kernelType, &iterator.raw, result.body.strides[axis])
            return result
        }
        return written(base, values).recording("scatter", from: base, values) { dy, needs in
            (
                needs.0 ? written(dy, .zeros(places.shape, dtype: dy.dtype)) : nil,
                needs.1 ? dy.gather(axis: axis, index: places) : nil
            )
        }
    }

    /// This tensor with `value` in place of the elements of `axis` that `index` names.
    ///
    /// - Gradient: `ȳ` where nothing was written.
    /// - Precondition: an integer type holds `value`.
    public func scatter(
        axis: Int, index: Tensor, value: Double, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        require(dtype.holds(value), dtype.refusal("scatter", value), file: file, line: line)
        return scatter(
            axis: axis, index: index, source: .full(index.shape, value, dtype: dtype), file: file, line: line)
    }

    /// This tensor with `alpha` times the parts of `source` added at the positions `index` of one axis, which may repeat.
    ///
    /// - Shape: `[*, n, *]`, an index `[m]` and a source `[*, m, *]` → `[*, n, *]`.
    /// - Gradient: `ȳ`, and `alpha·ȳ` at `index`.
    public func indexAdd(
        axis: Int, index: Tensor, source: Tensor, alpha: Double = 1, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        let axis = shape.axis(axis, of: "indexAdd", file: file, line: line)
        require(
            index.rank == 1, "indexAdd: the index has shape \(index.shape); it must be a vector", file: file, line: line
        )
        var expected = shape
        expected[axis] = index.count
        require(
            source.shape == expected,
            "indexAdd: \(index.count) positions of axis \(axis) of \(shape) want a source \(expected), not \(source.shape)",
            file: file, line: line)
        let places = index.checkedIndices(below: shape[axis], "indexAdd", file: file, line: line)
        let type = Tensor.arithmeticType(dtype, source.dtype)
        let (base, values) = (to(type), alpha == 1 ? source.to(type) : (source.to(type) * alpha).to(type))
        let result = Tensor.uninitialized(shape, dtype: type)
        Tensor.copy(base.detached, into: result)
        result.addRows(values, at: places, axis: axis)
        return result.recording("indexAdd", from: base, values) { dy, needs in
            (needs.0 ? dy : nil, needs.1 ? dy.indexSelect(axis: axis, index: places) : nil)
        }
    }

    /// This tensor with the elements of `source`, in row-major order, in place of those for which `mask` is true.
    ///
    /// - Parameters:
    ///   - mask: Boolean; broadcasts to this shape.
    ///   - source: Of any shape, with as many elements as the mask is true, or more.
    /// - Gradient: `ȳ` where the mask is false; to the source's elements `ȳ` where they went.
    public func maskedScatter(
        _ mask: Tensor, source: Tensor, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        require(
            mask.dtype == .bool && Shape.broadcast(mask.shape, shape) == shape,
            "maskedScatter: a mask of \(mask.dtype) \(mask.shape) does not fit \(shape)", file: file, line: line)
        let places = mask.detached.expanded(to: shape).positions()
        require(
            places.count <= source.count,
            "maskedScatter: the mask is true for \(places.count) elements, the source \(source.shape) has \(source.count)",
            file: file, line: line)
        let values = source.flattened().narrowed(axis: 0, from: 0, count: places.count)
        return flattened().scatter(axis: 0, index: places, source: values).reshaped(shape)
    }

    /// The elements, or parts along the later axes, at the positions that tensors of integers name along the first axes.
    ///
    /// ```swift
    /// let (rows, columns) = (Tensor([1, 0, 1] as [Int]), Tensor([0, 0, 1] as [Int]))
    /// x[rows]             // x[rows[i]] for every i, in the shape of `rows`
    /// x[rows, columns]    // x[rows[i], columns[i]]; the indices broadcast together
    /// x[x .> 0]           // as ``selected(mask:file:line:)``
    /// ```
    /// - Parameter indices: Of integers, negative ones counting from the end; or one mask.
    /// - Shape: `[a, b, *]` with two indices of shape `[…]` → `[…, *]`.
    /// - Gradient: added up at the positions it was read from.
    public subscript(
        _ index: Tensor, _ more: Tensor..., file file: StaticString = #fileID, line line: UInt = #line
    ) -> Tensor {
        if more.isEmpty && index.dtype == .bool { return selected(mask: index, file: file, line: line) }
        let indices = [index] + more
        require(
            indices.allSatisfy { $0.dtype.isInteger } && indices.count <= rank,
            "subscript: indices of \(indices.map { "\($0.dtype) \($0.shape)" }) for a tensor of shape \(shape)",
            file: file, line: line)
        var target = index.shape
        for other in more {
            guard let both = Shape.broadcast(target, other.shape) else {
                stop(
                    "subscript: indices of shapes \(indices.map(\.shape)) do not broadcast", file: file, line: line)
            }
            target = both
        }
        require(
            target.rank + rank - indices.count <= Shape.maxRank, "subscript: more than \(Shape.maxRank) axes",
            file: file, line: line)
        var places = Tensor.zeros(target, dtype: .int64)
        for (axis, index) in indices.enumerated() {
            let given = index.detached.to(.int64)
            let wrapped = Tensor.where(given .< 0, given + Double(shape[axis]), given)
            let checked = wrapped.checkedIndices(below: shape[axis], "subscript", file: file, line: line)
            places = places * Double(shape[axis]) + checked
        }
        let rest = Array(shape.dropFirst(indices.count))
        let rows = indices.count == 1 ? self : flattened(to: indices.count - 1)
        return rows.indexSelect(axis: 0, index: places.flattened()).reshaped(target.dimensions + rest)
    }
}
