// SPDX-License-Identifier: Apache-2.0
// Changing a tensor's shape without touching its elements.

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
