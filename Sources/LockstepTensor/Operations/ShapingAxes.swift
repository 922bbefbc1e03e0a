// SPDX-License-Identifier: Apache-2.0
// Reordering, adding, dropping and merging axes: views wherever memory allows.

extension Tensor {
    /// Two axes exchanged; a view.
    ///
    /// - Gradient: exchanged back.
    public func transposed(_ a: Int, _ b: Int, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        let i = shape.axis(a, of: "transposed", file: file, line: line)
        let j = shape.axis(b, of: "transposed", file: file, line: line)
        if i == j { return self }
        var (sizes, steps) = (shape, body.strides)
        sizes.sizes.swapAt(i, j)
        steps.sizes.swapAt(i, j)
        return view(sizes, strides: steps).recording("transposed", from: self) { dy in dy.transposed(i, j) }
    }

    /// The last two axes exchanged; a view.
    public func transposed(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        require(rank >= 2, "transposed: shape \(shape) has no two axes to exchange", file: file, line: line)
        return transposed(-2, -1, file: file, line: line)
    }

    /// The axes in the given order; a view.
    ///
    /// - Parameter axes: Every axis once: axis `i` of the result is axis `axes[i]` of this tensor.
    /// - Gradient: in the inverse order.
    public func permuted(_ axes: [Int], file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        let order = axes.map { shape.axis($0, of: "permuted", file: file, line: line) }
        require(
            order.count == rank && Set(order).count == rank,
            "permuted: \(axes) does not name every axis of shape \(shape) once", file: file, line: line)
        var (sizes, steps) = (shape, body.strides)
        var inverse = order
        for (i, axis) in order.enumerated() {
            sizes.sizes[i] = shape.sizes[axis]
            steps.sizes[i] = body.strides.sizes[axis]
            inverse[axis] = i
        }
        return view(sizes, strides: steps).recording("permuted", from: self) { [inverse] dy in dy.permuted(inverse) }
    }

    /// Without axis `axis`, which has size 1, or without every axis of size 1; a view.
    ///
    /// An axis of another size is an error here (PyTorch leaves the tensor as it is).
    public func squeezed(axis: Int? = nil, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        var target = shape
        if let axis {
            let position = shape.axis(axis, of: "squeezed", file: file, line: line)
            require(
                shape[position] == 1, "squeezed: axis \(axis) of shape \(shape) has size \(shape[position]), not 1",
                file: file, line: line)
            target.remove(at: position)
        } else {
            target = Shape(shape.filter { $0 != 1 })
        }
        return reshaped(target)
    }

    /// With a new axis of size 1 before `axis`; a view. −1 appends the axis.
    public func unsqueezed(axis: Int, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        let position = axis < 0 ? axis + rank + 1 : axis
        require(
            position >= 0 && position <= rank && rank < Shape.maxRank,
            "unsqueezed: no axis can be inserted at \(axis) in shape \(shape)", file: file, line: line)
        var target = shape
        target.insert(1, at: position)
        return reshaped(target)
    }

    /// Axes `first` to `last`, both included, merged into one. A scalar becomes a vector of one element.
    public func flattened(
        from first: Int = 0, to last: Int = -1, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        if rank == 0 { return reshaped(Shape([1])) }
        let low = shape.axis(first, of: "flattened", file: file, line: line)
        let high = shape.axis(last, of: "flattened", file: file, line: line)
        require(
            low <= high, "flattened: axis \(first) comes after axis \(last) in shape \(shape)", file: file, line: line)
        var target = Shape([])
        for axis in 0..<low { target.append(shape[axis]) }
        target.append((low...high).reduce(1) { $0 * shape[$1] })
        for axis in (high + 1)..<Swift.max(rank, high + 1) { target.append(shape[axis]) }
        return reshaped(target)
    }
}

extension Shape {
    /// Dense strides for this shape with axes ordered in memory as `strides` order them.
    package func denseStrides(inOrderOf strides: Shape) -> Shape {
        let order = (0..<rank).sorted { (abs(strides.sizes[$0]), -$0) < (abs(strides.sizes[$1]), -$1) }
        var result = self
        var step = 1
        for axis in order {
            result.sizes[axis] = step
            step *= Swift.max(1, sizes[axis])
        }
        return result
    }
}

extension Tensor {
    /// A new tensor whose axes lie in memory in the order of `strides` (row-major when nil).
    package static func uninitialized(_ shape: Shape, inOrderOf strides: Shape?, dtype: DType) -> Tensor {
        guard let strides else { return .uninitialized(shape, dtype: dtype) }
        return .uninitialized(shape, strides: shape.denseStrides(inOrderOf: strides), dtype: dtype)
    }

    /// Zeros whose axes lie in memory in the order of `strides` (row-major when nil).
    package static func zeros(_ shape: Shape, inOrderOf strides: Shape?, dtype: DType) -> Tensor {
        let result = uninitialized(shape, inOrderOf: strides, dtype: dtype)
        result.fillMemory(0)
        return result
    }

    /// What to pass as `inOrderOf` to lay a tensor out like this one: nil when it is row-major.
    package var memoryOrder: Shape? { isContiguous ? nil : body.strides }
}
