// SPDX-License-Identifier: Apache-2.0
// Queries, keys and values cut out of one projection: gradients are joined without a copy and stay the same.

import LockstepTensor
import LockstepTesting
import Testing

@Suite("Attention over one projection") struct PackedAttentionTests {
    /// Attention of `heads` heads over the thirds of `x` [N, T, 3·H·d]; cut by `copying` when given.
    private func attend(_ x: Tensor, heads: Int, causal: Bool, _ copying: (Tensor) -> Tensor = { $0 }) -> Tensor {
        let parts = x.chunks(3, axis: 2).map {
            copying($0.reshaped([x.shape[0], x.shape[1], heads, -1]).transposed(1, 2))
        }
        return Tensor.scaledDotProductAttention(parts[0], parts[1], parts[2], causal: causal)
    }

    @Test(
        "gradients are those of separate operands, in both types",
        arguments: [[1, 1, 1, 1], [2, 7, 1, 5], [1, 5, 3, 2], [3, 16, 2, 16], [2, 65, 4, 17], [2, 150, 2, 32]])
    func gradients(sizes: [Int]) {
        let (batch, time, heads, each) = (sizes[0], sizes[1], sizes[2], sizes[3])
        for dtype in [DType.float32, .float64] {
            let values = sample([batch, time, 3 * heads * each], dtype: dtype)
            let slope = sample([batch, heads, time, each], seed: 9, dtype: dtype)
            for causal in [false, true] {
                let (packed, apart) = (values.requiringGradient(), values.requiringGradient())
                (attend(packed, heads: heads, causal: causal) * slope).sum().backward()
                // Adding 0 makes operands of their own.
                (attend(apart, heads: heads, causal: causal) { $0 + 0.0 } * slope).sum().backward()
                if let a = packed.gradient, let b = apart.gradient { expectClose(a, b) } else { Issue.record("none") }
            }
        }
    }

    @Test("numerical gradients through the projection, also when a part has a second use") func numerical() {
        let (x, w) = (sample([2, 5, 4]), sample([12, 4], seed: 2))
        checkGradients(of: { self.attend($0[0].linear($0[1]), heads: 2, causal: true) }, at: [x, w])
        checkGradients(
            of: { operands in
                let y = operands[0].linear(operands[1])
                return self.attend(y, heads: 2, causal: true).sum()
                    + (y.chunks(3, axis: 2)[1] * y[.all, .all, 0..<4]).sum()
            }, at: [x, w])
    }

    @Test("parts of a split that arrive as parts of one tensor are joined, others are copied") func rejoining() {
        for axis in 0..<2 {
            let whole = sample([6, 8], dtype: .float64)
            checkGradients(
                of: { x in
                    let parts = x.split(sizes: axis == 0 ? [1, 2, 3] : [3, 1, 4], axis: axis)
                    return Tensor.concatenated([parts[0], parts[1] * 2, parts[2]], axis: axis) * whole
                }, at: sample([6, 8], seed: 3))
            checkGradients(
                of: { x in
                    let parts = x.split(sizes: axis == 0 ? [1, 2, 3] : [3, 1, 4], axis: axis)
                    return Tensor.concatenated(axis == 0 ? parts : parts.reversed(), axis: axis) * whole
                }, at: sample([6, 8], seed: 4))
        }
    }
}
