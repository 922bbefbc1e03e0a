// SPDX-License-Identifier: Apache-2.0
// The same elements under another shape, with other axes, in another order: views wherever memory allows.

import CLockstepKernels

extension Tensor {
    /// The same elements in row-major order under another shape; one size may be −1 and is inferred.
    ///
    /// A view when the memory order allows it, otherwise a copy.
    /// - Gradient: reshaped back.
    public func reshaped(_ sizes: [Int], file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        var sizes = sizes
        if let unknown = sizes.firstIndex(of: -1) {
            let known = sizes.reduce(1) { $1 == -1 ? $0 : $0 * $1 }
            require(
                sizes.filter { $0 == -1 }.count == 1 && known > 0 && count % known == 0,
                "reshaped: \(shape) with \(count) elements does not fit \(sizes)", file: file, line: line)
            sizes[unknown] = count / known
        }
        return reshaped(Shape(sizes, file: file, line: line), file: file, line: line)
    }

    /// The same elements in row-major order under another shape: `x.reshaped(y.shape)`.
    ///
    /// - Gradient: reshaped back.
    public func reshaped(_ target: Shape, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        if target == shape { return self }
        require(
            target.elementCount == count,
            "reshaped: \(shape) with \(count) elements does not fit \(target) with \(target.elementCount)",
            file: file, line: line)
        let source = shape
        let strides = isContiguous ? target.contiguousStrides : Shape.viewStrides(of: shape, body.strides, as: target)
        let result =
            strides.map { view(target, strides: $0) }
            ?? detached.contiguous().view(target, strides: target.contiguousStrides)
        return result.recording("reshaped", from: self) { dy in dy.reshaped(source) }
    }

    /// A view that repeats axes of size 1 (and adds leading axes) until the shape is `target`; nothing is copied.
    ///
    /// - Gradient: summed over the repeats.
    public func expanded(to target: Shape, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        if target == shape { return self }
        require(
            Shape.broadcast(shape, target) == target, "expanded: \(shape) does not broadcast to \(target)", file: file,
            line: line)
        let source = shape
        return view(target, strides: shape.broadcastStrides(body.strides, to: target))
            .recording("expanded", from: self) { dy in dy.summed(to: source) }
    }
}

extension Shape {
    /// Strides under which memory of `shape` and `strides` reads as `target` in the same order; nil when none do.
    ///
    /// Axes that continue each other in memory form a run; every run must be split by `target` without remainder.
    package static func viewStrides(of shape: Shape, _ strides: Shape, as target: Shape) -> Shape? {
        if shape.rank == 0 || target.elementCount == 0 { return target.contiguousStrides }
        var result = Shape(rank: target.rank, repeating: 1)
        var next = target.rank - 1
        var base = strides.sizes[shape.rank - 1]
        var (run, filled) = (1, 1)
        for axis in stride(from: shape.rank - 1, through: 0, by: -1) {
            run *= shape.sizes[axis]
            let ends = axis == 0 || (shape.sizes[axis - 1] != 1 && strides.sizes[axis - 1] != run * base)
            guard ends else { continue }
            while next >= 0 && (filled < run || target.sizes[next] == 1) {
                result.sizes[next] = filled * base
                filled *= target.sizes[next]
                next -= 1
            }
            if filled != run { return nil }
            if axis > 0 {
                base = strides.sizes[axis - 1]
                (run, filled) = (1, 1)
            }
        }
        return next == -1 ? result : nil
    }
}

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

extension Tensor {
    /// The elements moved `count` positions along one axis; those pushed over the end come back at the start.
    ///
    /// - Gradient: moved back.
    public func rolled(by count: Int, axis: Int, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        let axis = shape.axis(axis, of: "rolled", file: file, line: line)
        let size = shape[axis]
        let shift = size == 0 ? 0 : (count % size + size) % size
        if shift == 0 { return self }
        let parts = split(sizes: [size - shift, shift], axis: axis)
        return Tensor.concatenated([parts[1], parts[0]], axis: axis)
    }

    /// The given axes read backward; a view.
    ///
    /// - Gradient: read backward.
    public func flipped(axes: [Int], file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        let chosen = axes.map { shape.axis($0, of: "flipped", file: file, line: line) }
        require(
            Set(chosen).count == chosen.count, "flipped: \(axes) names an axis of shape \(shape) twice", file: file,
            line: line)
        var strides = body.strides
        var offset = 0
        for axis in chosen where shape[axis] > 0 {
            offset += (shape[axis] - 1) * strides[axis]
            strides[axis] = -strides[axis]
        }
        let result = view(shape, strides: strides, offset: count == 0 ? 0 : offset)
        return result.recording("flipped", from: self) { dy in dy.flipped(axes: chosen) }
    }

    /// The last two axes with everything above diagonal `k` set to zero; `k` counts from the main diagonal upward.
    ///
    /// - Gradient: `ȳ` with the same part set to zero.
    public func tril(_ k: Int = 0, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        band("tril", low: -shape.elementCount - Swift.abs(k), high: k, file, line)
    }

    /// The last two axes with everything below diagonal `k` set to zero; `k` counts from the main diagonal upward.
    ///
    /// - Gradient: `ȳ` with the same part set to zero.
    public func triu(_ k: Int = 0, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        band("triu", low: k, high: shape.elementCount + Swift.abs(k), file, line)
    }

    /// Keeps columns `j` of row `i` with `low <= j − i <= high`.
    private func band(_ name: StaticString, low: Int, high: Int, _ file: StaticString, _ line: UInt) -> Tensor {
        require(rank >= 2, "\(name): shape \(shape) has no rows and columns", file: file, line: line)
        func kept(_ source: Tensor) -> Tensor {
            let result = Tensor.uninitialized(source.shape, dtype: source.dtype)
            Tensor.copy(source.detached, into: result)
            let (rows, columns) = (source.shape[rank - 2], source.shape[rank - 1])
            if result.count > 0 {
                lsk_keep_band(
                    result.count / (rows * columns), rows, columns, source.dtype.byteCount, result.unsafePointer, low,
                    high)
            }
            return result
        }
        return kept(self).recording(name, from: self, kept)
    }

    /// Every index as a vector that is 1 at the index and 0 elsewhere.
    ///
    /// - Parameter dtype: The type of the vectors. The default is `float32` (PyTorch: `int64`).
    /// - Shape: `[*]` → `[*, classes]`.
    public func oneHot(
        classes: Int, dtype: DType = .float32, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        let places = checkedIndices(below: classes, "oneHot", file: file, line: line)
        var target = shape
        target.append(classes)
        let result = Tensor.zeros(target, dtype: dtype)
        for i in 0..<count {
            let offset = i * classes + Int(places.indexPointer[i])
            lsk_fill(1, result.unsafePointer + offset * dtype.byteCount, dtype.kernelType, 1)
        }
        return result
    }
}
