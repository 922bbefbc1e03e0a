// SPDX-License-Identifier: Apache-2.0
// The same elements several times: each by itself, or the whole; and axes taken apart.

extension Tensor {
    /// Every position of an axis `count` times, one after another: `a b` becomes `a a b b`. Without an axis the tensor is
    /// flattened first.
    ///
    /// - Gradient: summed over the repeats.
    /// - Note: PyTorch: `torch.repeat_interleave`.
    public func repeatInterleaved(
        _ count: Int, axis: Int? = nil, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        require(count >= 0, "repeatInterleaved: \(count) repeats", file: file, line: line)
        guard let axis else { return flattened().repeatInterleaved(count, axis: 0, file: file, line: line) }
        let along = shape.axis(axis, of: "repeatInterleaved", file: file, line: line)
        if count == 1 { return self }
        if rank == Shape.maxRank || count == 0 {
            let positions = (0..<shape[along]).flatMap { Array(repeating: $0, count: count) }
            return indexSelect(axis: along, index: Tensor(positions, shape: [positions.count]))
        }
        var (spread, target) = (shape, shape)
        spread.insert(count, at: along + 1)
        target[along] *= count
        return unsqueezed(axis: along + 1).expanded(to: spread).reshaped(target)
    }

    /// Each position of an axis as often as `counts` says.
    ///
    /// - Shape: `[*, n, *]` with counts `[n]` → `[*, Σ counts, *]`.
    /// - Gradient: summed over the repeats.
    public func repeatInterleaved(
        _ counts: Tensor, axis: Int = 0, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        let along = shape.axis(axis, of: "repeatInterleaved", file: file, line: line)
        require(
            counts.dtype.isInteger && counts.shape == [shape[along]],
            "repeatInterleaved: counts of \(counts.dtype) \(counts.shape) for an axis of size \(shape[along])",
            file: file,
            line: line)
        let numbers = counts.ints
        require(
            numbers.allSatisfy { $0 >= 0 }, "repeatInterleaved: a count is negative: \(numbers)", file: file, line: line
        )
        let positions = numbers.enumerated().flatMap { Array(repeating: $0, count: $1) }
        return indexSelect(axis: along, index: Tensor(positions, shape: [positions.count]))
    }

    /// The whole tensor `counts[i]` times along axis `i`: `a b` becomes `a b a b`. More counts than axes add axes in front.
    ///
    /// - Gradient: summed over the repeats.
    /// - Note: PyTorch: `Tensor.repeat`.
    public func repeated(_ counts: [Int], file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        require(
            counts.count >= rank && counts.allSatisfy { $0 >= 0 },
            "repeated: counts \(counts) do not fit shape \(shape): one at least for each axis, none negative",
            file: file,
            line: line)
        require(
            counts.count <= Shape.maxRank, "repeated: \(counts.count) axes, at most \(Shape.maxRank) are possible",
            file: file, line: line)
        var result = reshaped(Array(repeating: 1, count: counts.count - rank) + shape.dimensions)
        for (axis, count) in counts.enumerated() where count != 1 {
            if count == 0 {
                result = result.narrowed(axis: axis, from: 0, count: 0)
                continue
            }
            let size = result.shape[axis]
            if size == 1 || result.rank == Shape.maxRank {
                let positions = (0..<count).flatMap { _ in 0..<size }
                result = result.indexSelect(axis: axis, index: Tensor(positions, shape: [positions.count]))
                continue
            }
            var (spread, target) = (result.shape, result.shape)
            spread.insert(count, at: axis)
            target[axis] *= count
            result = result.unsqueezed(axis: axis).expanded(to: spread).reshaped(target)
        }
        return result
    }

    /// The whole tensor several times along its last axes; fewer counts than axes leave the first ones as they are.
    ///
    /// - Note: PyTorch: `torch.tile`.
    public func tiled(_ counts: [Int], file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        let missing = Swift.max(0, rank - counts.count)
        return repeated(Array(repeating: 1, count: missing) + counts, file: file, line: line)
    }

    /// The parts at each position of an axis, which is dropped; views.
    ///
    /// - Gradient: the parts' gradients side by side; zeros for parts that were not used.
    public func unbind(axis: Int = 0, file: StaticString = #fileID, line: UInt = #line) -> [Tensor] {
        let along = shape.axis(axis, of: "unbind", file: file, line: line)
        return split(sizes: Array(repeating: 1, count: shape[along]), axis: along).map { $0.squeezed(axis: along) }
    }

    /// Which of two axes of a grid comes first.
    public enum GridIndexing: String, Sendable, Codable, CaseIterable {
        /// As matrices are indexed: the first vector runs along the first axis.
        case ij
        /// As points are written: the first vector runs along the second axis.
        case xy
    }

    /// The coordinates of a grid, one tensor for each vector; views.
    ///
    /// - Parameter vectors: Of sizes `a`, `b`, …; a scalar counts as one of size 1.
    /// - Shape: each result is `[a, b, …]`; with ``GridIndexing/xy`` `[b, a, …]`.
    /// - Gradient: summed over the other axes.
    public static func meshgrid(
        _ vectors: [Tensor], indexing: GridIndexing = .ij, file: StaticString = #fileID, line: UInt = #line
    ) -> [Tensor] {
        require(
            vectors.count <= Shape.maxRank && vectors.allSatisfy { $0.rank <= 1 },
            "meshgrid: needs up to \(Shape.maxRank) vectors, not \(vectors.map(\.shape))", file: file, line: line)
        var order = Array(vectors.indices)
        if indexing == .xy && order.count > 1 { order.swapAt(0, 1) }
        let target = Shape(order.map { vectors[$0].count })
        return vectors.enumerated().map { number, vector in
            let place = order.firstIndex(of: number) ?? number
            var own = Shape(rank: vectors.count, repeating: 1)
            own[place] = vector.count
            return vector.reshaped(own).expanded(to: target)
        }
    }
}
