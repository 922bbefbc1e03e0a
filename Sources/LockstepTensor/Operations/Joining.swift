// SPDX-License-Identifier: Apache-2.0
// Putting tensors together and taking them apart along one axis.

extension Tensor {
    /// The tensors one after another along an existing axis.
    ///
    /// Types are promoted; memory keeps the order of the first tensor's axes.
    /// - Shape: equal except along `axis`, whose sizes add up.
    /// - Gradient: each input gets its part of `ȳ`.
    public static func concatenated(
        _ tensors: [Tensor], axis: Int = 0, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        guard let first = tensors.first else { stop("concatenated: no tensors", file: file, line: line) }
        if tensors.count == 1 { return first }
        let axis = first.shape.axis(axis, of: "concatenated", file: file, line: line)
        var (target, type) = (first.shape, first.dtype)
        for tensor in tensors.dropFirst() {
            var expected = first.shape
            if tensor.rank == first.rank { expected[axis] = tensor.shape[axis] }
            require(
                tensor.shape == expected,
                "concatenated: \(tensor.shape) does not continue \(first.shape) along axis \(axis)", file: file,
                line: line)
            target[axis] += tensor.shape[axis]
            type = DType.promoted(type, tensor.dtype)
        }
        let parts = tensors.map { $0.dtype.isFloatingPoint ? $0.to(type) : $0 }
        let result = uninitialized(target, inOrderOf: first.memoryOrder, dtype: type)
        var starts: [Int] = []
        var start = 0
        for part in parts {
            copy(part.detached, into: result.narrowed(axis: axis, from: start, count: part.shape[axis]))
            starts.append(start)
            start += part.shape[axis]
        }
        guard isRecordingGradients, parts.contains(where: { $0.node != nil }) else { return result }
        let counts = parts.map { $0.shape[axis] }
        return result.recording("concatenated", from: parts) { [starts] dy, flow in
            for i in starts.indices where flow.needs(i) {
                flow.send(i, dy.narrowed(axis: axis, from: starts[i], count: counts[i]))
            }
        }
    }

    /// Tensors of one shape along a new axis. −1 makes it the last.
    public static func stacked(
        _ tensors: [Tensor], axis: Int = 0, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        guard let first = tensors.first else { stop("stacked: no tensors", file: file, line: line) }
        for tensor in tensors {
            require(
                tensor.shape == first.shape, "stacked: shapes differ: \(first.shape) and \(tensor.shape)", file: file,
                line: line)
        }
        let position = axis < 0 ? axis + first.rank + 1 : axis
        let columns = tensors.map { $0.unsqueezed(axis: axis, file: file, line: line) }
        return concatenated(columns, axis: position, file: file, line: line)
    }

    /// Parts of the given sizes along one axis; views.
    ///
    /// - Precondition: the sizes add up to the axis's size.
    /// - Gradient: the parts' gradients one after another; zeros for parts that were not used.
    public func split(
        sizes: [Int], axis: Int = 0, file: StaticString = #fileID, line: UInt = #line
    ) -> [Tensor] {
        let axis = shape.axis(axis, of: "split", file: file, line: line)
        require(
            sizes.allSatisfy { $0 >= 0 } && sizes.reduce(0, +) == shape[axis],
            "split: sizes \(sizes) do not add up to \(shape[axis]), the size of axis \(axis) of shape \(shape)",
            file: file, line: line)
        var start = 0
        let parts = sizes.map { size in
            defer { start += size }
            return detached.narrowed(axis: axis, from: start, count: size)
        }
        guard node != nil, isRecordingGradients else { return parts }
        let (shape, order, dtype) = (shape, memoryOrder, dtype)
        return Tensor.recording("split", from: [self], outputs: parts) { gradients, flow in
            if let whole = Tensor.rejoined(gradients, as: shape, inOrderOf: order, dtype, axis) {
                return flow.send(0, whole)
            }
            let total = Tensor.uninitialized(shape, inOrderOf: order, dtype: dtype)
            var start = 0
            for (size, gradient) in zip(sizes, gradients) {
                let place = total.narrowed(axis: axis, from: start, count: size)
                Tensor.copy(gradient ?? Tensor(0, dtype: dtype), into: place)
                start += size
            }
            flow.send(0, total)
        }
    }

    /// The parts as one view, when a kernel has laid them out as the parts of one tensor; nil otherwise.
    private static func rejoined(
        _ parts: [Tensor?], as shape: Shape, inOrderOf order: Shape?, _ dtype: DType, _ axis: Int
    ) -> Tensor? {
        guard let first = parts.first ?? nil, first.dtype == dtype, shape.elementCount > 0 else { return nil }
        let strides = order.map { shape.denseStrides(inOrderOf: $0) } ?? shape.contiguousStrides
        var start = first.body.offset
        for part in parts {
            guard let part, part.dtype == dtype, part.body.storage === first.body.storage, part.body.offset == start,
                part.body.strides == strides
            else { return nil }
            start += part.shape[axis] * strides[axis]
        }
        return first.view(shape, strides: strides)
    }

    /// At most `count` parts of equal size along one axis, the last one smaller when it does not divide; views.
    ///
    /// As PyTorch's `chunk`: the size is rounded up, so there can be fewer parts than asked for.
    public func chunks(
        _ count: Int, axis: Int = 0, file: StaticString = #fileID, line: UInt = #line
    ) -> [Tensor] {
        require(count > 0, "chunks: \(count) parts", file: file, line: line)
        let total = dim(axis, file: file, line: line)
        let size = Swift.max(1, (total + count - 1) / count)
        var sizes = Array(repeating: size, count: total / size)
        if total % size != 0 || total == 0 { sizes.append(total % size) }
        return split(sizes: sizes, axis: axis, file: file, line: line)
    }
}
