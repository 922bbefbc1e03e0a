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

    /// The same elements in row-major order under another shape.
    package func reshaped(_ target: Shape, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        if target == shape { return self }
        require(
            target.elementCount == count,
            "reshaped: \(shape) with \(count) elements does not fit \(target) with \(target.elementCount)",
            file: file, line: line)
        let source = shape
        let dense = detached.contiguous()
        return dense.view(target, strides: target.contiguousStrides)
            .recording("reshaped", from: self) { dy in dy.reshaped(source) }
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
