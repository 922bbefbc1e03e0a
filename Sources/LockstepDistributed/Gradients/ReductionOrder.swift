// SPDX-License-Identifier: Apache-2.0
// How exactly the number of ranks shows in what is computed.

/// In which order gradients and losses are added up.
public enum ReductionOrder: Sendable, Hashable {
    /// Each rank makes one pass over its shard of a batch; parts are added in rank order. The same ranks give the same bits in
    /// every run; other numbers of ranks agree to rounding. The default.
    case ranks
    /// Every batch is cut into eight pieces that are computed one by one and added as a fixed tree: 1, 2, 4 and 8 ranks give
    /// the same bits. Slower, as small pieces are; for finding out whether ranks matter.
    ///
    /// Every rank makes every update itself. Convolutions use one library throughout. Models with batch norm in training
    /// mode or a state carried from batch to batch, and callbacks that change predictions or losses (half precision,
    /// accumulation), are refused with a ``BitwiseError``.
    case bitwise
}
