// SPDX-License-Identifier: Apache-2.0
// One attention with its operands checked, as both passes need it.

import CLockstepKernels

/// Operands, options and saved results of one attention.
struct AttentionCall {
    private let q: AttentionRows, k: AttentionRows, v: AttentionRows, y: AttentionRows
    private let mask: Tensor?
    private let maskOffsets: [Int]
    private let logSums: Tensor
    private let scores: Shape
    private var raw: lsk_attention

    init(
        q: Tensor, k: Tensor, v: Tensor, mask: Tensor?, causal: Bool, scale: Double, dropout: (Double, lsk_philox)?
    ) {
        let rank = q.rank
        let leading = Shape(q.shape.dropLast(2))
        let (queries, keys) = (q.shape[rank - 2], k.shape[rank - 2])
        self.q = AttentionRows(AttentionRows.readable(q))
        self.k = AttentionRows(AttentionRows.readable(k))
        self.v = AttentionRows(AttentionRows.readable(v))
        y = AttentionRows(
            AttentionRows.new(Shape(leading.dimensions + [queries, v.shape[rank - 1]]), dtype: q.dtype))
        logSums = .uninitialized(Shape(leading.dimensions + [queries]), dtype: q.dtype)
        let all = Shape(leading.dimensions + [queries, keys])
        scores = all
        // A mask of fewer axes than the scores is seen with axes of size 1 in front.
        let spread = mask.map { $0.view(all, strides: $0.shape.broadcastStrides($0.body.strides, to: all)) }
        self.mask = spread
        maskOffsets = spread.map { AttentionRows.offsets(of: $0, as: leading) } ?? []
        raw = lsk_attention(
            dtype: q.dtype.kernelType, causal: causal ? 1 : 0, problems: leading.elementCount, queries: queries,
            keys: keys,
            width: q.shape[rank - 1], value_width: v.shape[rank - 1], scale: scale, dropped: dropout?.0 ?? 0,
            at: dropout?.1 ?? lsk_philox(), q: lsk_rows(), k: lsk_rows(), v: lsk_rows(), y: lsk_rows(),
            mask: spread.map { UnsafeRawPointer($0.unsafePointer) }, mask_is_bool: spread?.dtype == .bool ? 1 : 0,
            mask_row: spread?.body.strides[rank - 2] ?? 0, mask_column: spread?.body.strides[rank - 1] ?? 0,
            mask_offsets: nil, log_sums: logSums.unsafePointer)
    }

    /// Calls `body` with the description of the operands, which is valid inside only.
    private func withRaw(_ body: (UnsafePointer<lsk_attention>) -> Void) {
        q.withRaw { q in
            k.withRaw { k in
                v.withRaw { v in
                    y.withRaw { y in
                        maskOffsets.withUnsafeBufferPointer { offsets in
                            var call = raw
                            (call.q, call.k, call.v, call.y) = (q, k, v, y)
                            call.mask_offsets = offsets.baseAddress
                            body(&call)
                        }
                    }
                }
            }
        }
    }

    func forward() -> Tensor {
        if y.tensor.count == 0 { return y.tensor }
        if raw.keys == 0 { return .zeros(y.tensor.shape, dtype: y.tensor.dtype) }
        withRaw { lsk_attention_forward($0) }
        return y.tensor
    }

    /// Room for the gradients as the thirds of one tensor, when the operands are those of one projection: joining them
    /// again copies nothing.
    private func packedGradients() -> (AttentionRows, AttentionRows, AttentionRows)? {
        let (a, b, c) = (q.tensor, k.tensor, v.tensor)
        guard a.rank == 4, a.shape == b.shape, b.shape == c.shape, a.dtype == b.dtype, b.dtype == c.dtype else {
            return nil
        }
        let (heads, rows, each) = (a.shape[1], a.shape[2], a.shape[3])
        let width = heads * each
        guard a.body.storage === b.body.storage, b.body.storage === c.body.storage,
            b.body.offset == a.body.offset + width, c.body.offset == b.body.offset + width,
            a.body.strides == b.body.strides, b.body.strides == c.body.strides,
            a.body.strides == Shape([rows * 3 * width, each, 3 * width, 1])
        else { return nil }
        let whole = Tensor.uninitialized([a.shape[0], rows, 3 * width], dtype: a.dtype)
        func third(_ index: Int) -> AttentionRows {
            AttentionRows(whole.view(a.shape, strides: a.body.strides, offset: index * width))
        }
        return (third(0), third(1), third(2))
    }

    func backward(_ dy: Tensor, wantsMask: Bool) -> (q: Tensor, k: Tensor, v: Tensor, mask: Tensor?) {
        let type = q.tensor.dtype
        if y.tensor.count == 0 || raw.keys == 0 || raw.width == 0 {
            return (
                .zeros(like: q.tensor), .zeros(like: k.tensor), .zeros(like: v.tensor),
                wantsMask ? .zeros(scores, dtype: type) : nil
            )
        }
        let gradient = AttentionRows(AttentionRows.readable(dy))
        let (dq, dk, dv) =
            packedGradients()
            ?? (
                AttentionRows(AttentionRows.new(q.tensor.shape, dtype: type)),
                AttentionRows(AttentionRows.new(k.tensor.shape, dtype: type)),
                AttentionRows(AttentionRows.new(v.tensor.shape, dtype: type))
            )
        let dmask = wantsMask ? Tensor.uninitialized(scores, dtype: type) : nil
        withRaw { call in
            gradient.withRaw { dy in
                dq.withRaw { dq in
                    dk.withRaw { dk in
                        dv.withRaw { dv in lsk_attention_backward(call, dy, dq, dk, dv, dmask?.unsafePointer) }
                    }
                }
            }
        }
        return (dq.tensor, dk.tensor, dv.tensor, dmask)
    }
}
