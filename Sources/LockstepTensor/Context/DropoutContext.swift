// SPDX-License-Identifier: Apache-2.0
// What decides which values dropout drops: seed, step and the item's place in the global batch, never the rank.

import CLockstepKernels

/// The place in training that dropout masks are a function of.
///
/// A learner sets it on its thread before every batch. Row `i` of the local batch then draws the random numbers of item
/// `firstItem + i` of the global batch, so that the masks do not depend on how the batch is shared out over ranks.
/// Without a learner every call draws new numbers from the seed.
public struct DropoutContext: Sendable {
    /// The run's seed.
    public var seed: UInt64
    /// The number of the batch in the run: different batches draw different masks.
    public var step: Int
    /// The place of the local batch's first item in the global batch.
    public var firstItem: Int
    /// Items in the local batch. Nil means the size of the first axis of what is dropped; it is needed where a model
    /// has merged items with another axis (batch × time).
    public var itemCount: Int?
    /// Dropouts drawn since the context was set: two layers of one model draw different masks.
    var calls = 0

    /// The place of some items in a run: which numbers are dropped follows from it.
    public init(seed: UInt64, step: Int = 0, firstItem: Int = 0, itemCount: Int? = nil) {
        self.seed = seed
        self.step = step
        self.firstItem = firstItem
        self.itemCount = itemCount
    }

    /// The calling thread's. Setting a new one starts the count of dropouts anew.
    public static var current: DropoutContext {
        get {
            let raw = lsk_current_context().pointee.dropout
            var context = DropoutContext(
                seed: raw.seed, step: Int(raw.step), firstItem: Int(raw.first_item),
                itemCount: raw.item_count > 0 ? Int(raw.item_count) - 1 : nil)
            context.calls = Int(raw.calls)
            return context
        }
        set {
            lsk_current_context().pointee.dropout = lsk_dropout_position(
                seed: newValue.seed, step: Int64(newValue.step), first_item: Int64(newValue.firstItem),
                item_count: newValue.itemCount.map { Int64($0) + 1 } ?? 0, calls: Int64(newValue.calls))
        }
    }

    /// The generator for the next dropout of this batch, and where the batch stands.
    package static func next() -> (generator: PhiloxGenerator, context: DropoutContext) {
        let context = current
        lsk_current_context().pointee.dropout.calls += 1
        return (
            PhiloxGenerator(seed: context.seed, epoch: context.step, item: context.calls, purpose: .dropout), context
        )
    }
}
