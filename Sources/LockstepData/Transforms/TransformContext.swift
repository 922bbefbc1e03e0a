// SPDX-License-Identifier: Apache-2.0
// What a transform may know of the item it changes: the split, and random numbers that belong to the item.

public import LockstepTensor

/// What a transform may depend on besides the value: the same on every rank, thread and run.
public struct TransformContext {
    /// The part of the data: 0 training, 1 validation; nil for the whole.
    public var splitIndex: Int?
    /// The items concerned: one, or one per row of a batch.
    public var items: [ItemContext]
    /// Whether values are whole batches, whose first axis counts `items`.
    public var isBatch: Bool
    /// Numbers the pipelines and transforms of one item, so that no two of them share random numbers.
    var use: UInt64

    /// A context outside a loader: seed 42, epoch 0, item 0.
    public init(
        splitIndex: Int? = nil, items: [ItemContext] = [ItemContext(seed: 42, epoch: 0, index: 0)],
        isBatch: Bool = false
    ) {
        (self.splitIndex, self.items, self.isBatch, use) = (splitIndex, items, isBatch, 1 << 8)
    }

    /// The random numbers of the item (of a batch: of its first row) for this transform.
    public func generator() -> PhiloxGenerator { generator(of: items.first) }

    /// The random numbers of every row of a batch for this transform.
    public func generators() -> [PhiloxGenerator] { items.map { generator(of: $0) } }

    /// Which rows of a batch a random transform changes: each with `probability`, by its own random numbers.
    public func chosen(_ probability: Double) -> [Bool] { items.map { isChosen($0, probability) } }

    func isChosen(_ item: ItemContext?, _ probability: Double) -> Bool {
        if probability >= 1 { return true }
        // The stretch before the transform's own numbers.
        var generator = generator(of: item, part: 1)
        return Double.random(in: 0..<1, using: &generator) < probability
    }

    func row(_ index: Int) -> TransformContext {
        var context = self
        context.isBatch = false
        context.items = items.indices.contains(index) ? [items[index]] : []
        return context
    }

    private func generator(of item: ItemContext?, part: UInt64 = 0) -> PhiloxGenerator {
        let item = item ?? ItemContext(seed: 42, epoch: 0, index: 0)
        return PhiloxGenerator(
            seed: item.seed, stream: RandomStream.item(epoch: item.epoch, index: item.index),
            counter: use << 33 | part << 32)
    }
}
