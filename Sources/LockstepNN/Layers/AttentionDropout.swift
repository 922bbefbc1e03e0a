// SPDX-License-Identifier: Apache-2.0
// Attention that drops weights as the place of an item in the global batch says.

package import LockstepTensor

extension Tensor {
    /// Attention of queries `[N, H, T, d]` to keys and values `[N, H, S, d]`. What is dropped of an item's weights depends on the
    /// item's place in the global batch, not on who else is in these tensors.
    ///
    /// - Parameter dropout: The probability of dropping a weight; with 0 this is no dropout of the model.
    package static func attentionDroppedByItem(
        _ q: Tensor, _ k: Tensor, _ v: Tensor, mask: Tensor?, causal: Bool, dropout: Double
    ) -> Tensor {
        guard dropout > 0 else { return scaledDotProductAttention(q, k, v, mask: mask, causal: causal) }
        let (generator, context) = DropoutContext.next()
        // One item has H · T rows of S weights; each row starts at a new block of four random words.
        let blocks = q.shape[1] * q.shape[2] * ((k.shape[2] + 3) / 4)
        var start = PhiloxGenerator(
            seed: generator.seed, stream: generator.stream, counter: UInt64(context.firstItem) * UInt64(blocks))
        return scaledDotProductAttention(q, k, v, mask: mask, causal: causal, dropout: dropout, using: &start)
    }
}
