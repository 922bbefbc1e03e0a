// SPDX-License-Identifier: Apache-2.0
// Scaled dot-product attention: forward and pullback side by side.

import CLockstepKernels

extension Tensor {
    /// `softmax(scale · q kᵀ + mask) v`, without ever holding all scores.
    ///
    /// Scores exist for one tile of query rows of one head at a time; only the logarithm of each row's sum is kept, and the
    /// backward pass computes the weights again. Views are read in place as long as the elements of a row are adjacent.
    /// The result's heads lie side by side in memory, so that `transposed(-2, -3).flattened(from: -2)` copies nothing.
    ///
    /// - Parameters:
    ///   - q: [..., T, D].
    ///   - k: [..., S, D], leading axes as in `q`.
    ///   - v: [..., S, E].
    ///   - mask: Broadcasts to [..., T, S]. Bool: true where a query may look. Floating: added to the scores, and may take a
    ///     gradient. A query that may look nowhere gets zeros.
    ///   - causal: Whether query t sees keys 0 … t only.
    ///   - scale: `1 / √D` by default.
    ///   - groupedQueries: Whether `q` may have more heads (the third axis from the end) than `k` and `v`: so many times as
    ///     many, each group of them looks at one head. Ainslie et al., *GQA* (2023).
    /// - Returns: [..., T, E].
    public static func scaledDotProductAttention(
        _ q: Tensor, _ k: Tensor, _ v: Tensor, mask: Tensor? = nil, causal: Bool = false, scale: Double? = nil,
        groupedQueries: Bool = false, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        let (k, v) = groupedQueries ? (grouped(k, for: q, file, line), grouped(v, for: q, file, line)) : (k, v)
        return attention(q, k, v, mask, causal, scale, nil, file, line)
    }

    /// The heads of `keys`, each once for every head of `queries` that looks at it.
    private static func grouped(_ keys: Tensor, for queries: Tensor, _ file: StaticString, _ line: UInt) -> Tensor {
        let axis = queries.rank - 3
        require(
            axis >= 0 && keys.rank == queries.rank && keys.shape[axis] > 0
                && queries.shape[axis] % keys.shape[axis] == 0,
            "scaledDotProductAttention: the heads of q \(queries.shape) are no multiple of those of \(keys.shape)",
            file: file, line: line)
        return keys.repeatInterleaved(queries.shape[axis] / keys.shape[axis], axis: axis, file: file, line: line)
    }

    /// Attention whose weights are dropped with probability `dropout`, the others growing by `1 / (1 − dropout)`.
    ///
    /// What is dropped is computed from the generator's position, in the backward pass again.
    public static func scaledDotProductAttention(
        _ q: Tensor, _ k: Tensor, _ v: Tensor, mask: Tensor? = nil, causal: Bool = false, scale: Double? = nil,
        dropout: Double, using generator: inout PhiloxGenerator, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        require(
            dropout >= 0 && dropout <= 1, "scaledDotProductAttention: a probability of \(dropout) is not in 0...1",
            file: file, line: line)
        let rows = q.rank < 2 ? 0 : q.shape.dropLast().reduce(1, *)
        let keys = k.rank < 2 ? 0 : k.shape[k.rank - 2]
        let at = generator.take(words: rows * ((keys + 3) / 4 * 4))
        return attention(q, k, v, mask, causal, scale, (dropout, at), file, line)
    }

    private static func attention(
        _ q: Tensor, _ k: Tensor, _ v: Tensor, _ mask: Tensor?, _ causal: Bool, _ scale: Double?,
        _ dropout: (Double, lsk_philox)?, _ file: StaticString, _ line: UInt
    ) -> Tensor {
        let op: StaticString = "scaledDotProductAttention"
        let shapes = "q \(q.shape), k \(k.shape), v \(v.shape)"
        require(
            q.rank >= 2 && k.rank == q.rank && v.rank == q.rank,
            "\(op): needs q [..., T, D], k [..., S, D] and v [..., S, E], not \(shapes)",
            file: file, line: line)
        let (row, column) = (q.rank - 2, q.rank - 1)
        let leading = Shape(q.shape.dropLast(2))
        require(
            Shape(k.shape.dropLast(2)) == leading && Shape(v.shape.dropLast(2)) == leading,
            "\(op): leading axes differ: \(shapes)", file: file, line: line)
        require(
            q.shape[column] == k.shape[column],
            "\(op): queries have \(q.shape[column]) features, keys \(k.shape[column]): \(shapes)",
            file: file, line: line)
        require(
            k.shape[row] == v.shape[row], "\(op): there are \(k.shape[row]) keys and \(v.shape[row]) values: \(shapes)",
            file: file, line: line)
        let type = arithmeticType(arithmeticType(q.dtype, k.dtype), v.dtype)
        require(type.isFloatingPoint, "\(op): needs floating-point operands, not \(type)", file: file, line: line)
        let (queries, keys) = (q.shape[row], k.shape[row])
        let all = Shape(leading.dimensions + [queries, keys])
        require(
            mask == nil || (mask.map { Shape.broadcast($0.shape, all) == all } ?? true),
            "\(op): the mask \(mask?.shape ?? []) does not broadcast to the scores \(all)", file: file, line: line)
        require(
            mask.map { $0.dtype == .bool || $0.dtype.isFloatingPoint } ?? true,
            "\(op): a mask is bool or floating, not \(mask?.dtype ?? .bool)", file: file, line: line)
        let (qs, ks, vs) = (q.to(type).autocast, k.to(type).autocast, v.to(type).autocast)
        let added = mask.map { $0.dtype == .bool ? $0 : $0.to(type) }
        let call = AttentionCall(
            q: qs, k: ks, v: vs, mask: added?.detached, causal: causal,
            scale: scale ?? 1 / Double(q.shape[column]).squareRoot(),
            dropout: dropout)
        let result = call.forward().recording(op, from: [qs, ks, vs, added]) { dy, flow in
            guard flow.needs(0) || flow.needs(1) || flow.needs(2) || flow.needs(3) else { return }
            let gradients = call.backward(dy, wantsMask: flow.needs(3))
            flow.send(0, gradients.q)
            flow.send(1, gradients.k)
            flow.send(2, gradients.v)
            if let added, let dmask = gradients.mask { flow.send(3, dmask.summed(to: added.shape)) }
        }
        return result.autocast
    }
}
