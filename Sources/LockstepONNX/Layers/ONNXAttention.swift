// SPDX-License-Identifier: Apache-2.0
// Attention and transformers in ONNX, as products and a softmax: an operator for it comes with opset 23 only.

import LockstepNN
import LockstepTensor

extension ONNXGraph {
    /// `softmax(q·kᵀ/√d)·v` of queries, keys and values `[N, H, T, d]`.
    ///
    /// - Parameters:
    ///   - mask: bool `[N, 1, 1, S]`, true where a query may look; one that may look nowhere gets zeros.
    ///   - causal: Whether query t sees keys 0 … t only.
    func attention(
        _ q: ONNXValue, _ k: ONNXValue, _ v: ONNXValue, mask: ONNXValue? = nil, causal: Bool = false
    ) -> ONNXValue {
        guard let width = q.shape[3].size else {
            stop("ONNX: attention needs heads of a known width, not \(q)", file: #fileID, line: #line)
        }
        var scores = product(matmul(q, transposed(k, [0, 1, 3, 2])), 1 / Double(width).squareRoot())
        var allowed = mask
        if causal {
            let triangle = lowerTriangle(q, k)
            allowed = allowed.map { combine("And", $0, triangle, element: .bool) } ?? triangle
        }
        if let allowed { scores = choose(allowed, scores, scalar(-.infinity, like: scores)) }
        var shares = map("Softmax", scores, ["axis": -1])
        // A softmax of nothing but −∞ is no number; without a mask every query sees at least itself.
        if mask != nil, let allowed { shares = choose(allowed, shares, scalar(0, like: shares)) }
        return matmul(shares, v)
    }

    /// bool `[T, S]`, true where the key comes no later than the query.
    private func lowerTriangle(_ q: ONNXValue, _ k: ONNXValue) -> ONNXValue {
        let (rows, columns) = (places(q, 2), places(k, 2))
        return combine("GreaterOrEqual", unsqueezed(rows, 1), columns, element: .bool)
    }

    /// 0, 1, … along an axis of `x`.
    private func places(_ x: ONNXValue, _ axis: Int) -> ONNXValue {
        if let size = x.shape[axis].size { return integers(Array(0..<size)) }
        let end = squeezed(size(of: x, axis), 0)
        return add("Range", [integers([0], shape: []), end, integers([1], shape: [])], shape: [x.shape[axis]])
    }

    /// `[N, T, heads · d]` → `[N, heads, T, d]`.
    func cut(_ x: ONNXValue, intoHeads heads: Int) -> ONNXValue {
        guard let width = x.shape[2].size else {
            stop("ONNX: heads are cut from vectors of a known width, not \(x)", file: #fileID, line: #line)
        }
        let parts = [x.shape[0], x.shape[1], .size(heads), .size(width / heads)]
        return transposed(reshaped(x, parts, keeping: 2), [0, 2, 1, 3])
    }

    /// `[N, heads, T, d]` → `[N, T, heads · d]`.
    func joinedHeads(_ x: ONNXValue) -> ONNXValue { flattened(transposed(x, [0, 2, 1, 3]), from: 2) }

    /// Attention of `[N, T, width]` in heads.
    func attention(
        _ q: ONNXValue, _ k: ONNXValue, _ v: ONNXValue, heads: Int, mask: ONNXValue? = nil, causal: Bool = false
    ) -> ONNXValue {
        joinedHeads(
            attention(
                cut(q, intoHeads: heads), cut(k, intoHeads: heads), cut(v, intoHeads: heads), mask: mask,
                causal: causal))
    }

    /// The same of queries, keys and values side by side, `[N, T, 3 · width]`.
    func selfAttention(
        _ x: ONNXValue, heads: Int, mask: ONNXValue? = nil, causal: Bool = false
    ) -> ONNXValue {
        let parts = split(x, axis: 2, into: 3)
        return attention(parts[0], parts[1], parts[2], heads: heads, mask: mask, causal: causal)
    }

    /// The first rows of a table of positions, one for each token of `ids` `[N, T]`.
    func positions(_ table: Module, of ids: ONNXValue) throws(ONNXError) -> ONNXValue {
        prefix(try parameter(of: table, "weight"), axis: 0, asLongAs: ids, 1)
    }

    /// Insists on tokens `[N, T]` that a network has positions for.
    func checkTokens(_ ids: ONNXValue, _ model: Module, context: Int) throws(ONNXError) {
        guard ids.rank == 2, ids.element == .int64, ids.shape[1].size ?? 0 <= context else {
            throw ONNXError(
                .inputs, at: place(of: model),
                "\(model.typeName) takes tokens, int64 [N, T] with T at most \(context), not \(ids.element) \(ids.shape)"
            )
        }
    }
}

extension MultiheadAttention: ONNXLayer {
    func onnx(_ x: ONNXValue, in graph: ONNXGraph) throws(ONNXError) -> ONNXValue {
        try graph.check(x, is: .float32, for: self)
        let x = batchFirst ? x : graph.transposed(x, [1, 0, 2])
        let all = graph.linear(
            x, try graph.parameter(of: self, "in_proj_weight"), graph.parameterIfAny(of: self, "in_proj_bias"))
        let output = try graph.apply(self, "out_proj", graph.selfAttention(all, heads: heads, causal: causal))
        return batchFirst ? output : graph.transposed(output, [1, 0, 2])
    }
}

extension TransformerBlock: ONNXLayer {
    func onnx(_ x: ONNXValue, in graph: ONNXGraph) throws(ONNXError) -> ONNXValue {
        let y = graph.sum(x, try graph.apply(self, "self_attn", graph.apply(self, "norm1", x)))
        let hidden = graph.gelu(try graph.apply(self, "linear1", graph.apply(self, "norm2", y)))
        return graph.sum(y, try graph.apply(self, "linear2", hidden))
    }
}
