// SPDX-License-Identifier: Apache-2.0
// Anyone's loader of numbered items as a `DataLoader`: its batches as the data set of one.

import LockstepTensor
import Synchronization

/// The items of a loader that is not ours, by their numbers.
private struct LoadedItems: Dataset {
    let base: any IndexedBatchSource
    /// Whether epochs have the order of `base`; otherwise that of the numbers, or a random one.
    let keepsOrder: Bool
    private let known = KnownNumbers()

    init(base: any IndexedBatchSource, keepsOrder: Bool) { (self.base, self.keepsOrder) = (base, keepsOrder) }

    /// The numbers there are, rising.
    var numbers: [Int] { known.numbers { itemNumbers(base) } }

    var count: Int { base.dataset?.count ?? (keepsOrder ? base.itemCount : nil) ?? numbers.count }
    var inputCount: Int { base.inputCount }
    var memberTypes: [any SemanticTensor.Type] { base.dataset?.memberTypes ?? [] }
    var targetKind: TargetKind? { base.dataset?.targetKind }
    var vocabulary: [String]? { base.dataset?.vocabulary }
    func newEmpty() -> any Dataset { base.dataset?.newEmpty() ?? EmptyDataset(self) }

    func item(at index: Int) throws -> Sample {
        try item(at: index, context: ItemContext(seed: base.options.seed, epoch: 0, index: index))
    }

    func item(at index: Int, context: ItemContext) throws -> Sample {
        let batch = try base.batch(of: [index], epoch: context.epoch)
        if base.batchSize == nil { return Sample(inputs: batch.inputs, targets: batch.targets) }
        if batch.size == 0, base.skipsItems { throw SkipItem() }
        try check(batch, of: [index])
        return Sample(inputs: batch.inputs.map { $0[0] }, targets: batch.targets.map { $0[0] })
    }

    func batch(at indices: [Int], epoch: Int) throws -> Batch? {
        if base.skipsItems || base.batchSize == nil { return nil }
        guard !indices.isEmpty else {
            guard let model = base.indices(epoch: epoch).first else { return Batch(inputs: [], targets: [], size: 0) }
            return try base.batch(of: [model], epoch: epoch).withoutItems
        }
        let batch = try base.batch(of: indices, epoch: epoch)
        try check(batch, of: indices)
        return batch
    }

    private func check(_ batch: Batch, of indices: [Int]) throws(DataError) {
        if batch.size == indices.count { return }
        throw DataError(
            .item, file: "data loader",
            "\(type(of: base)) makes a batch of \(batch.size) for \(indices.count) items",
            remedy: "A loader that leaves items out of an epoch has to say so (skipsItems)")
    }
}

/// The numbers of a loader's items, which are sorted once.
private final class KnownNumbers: Sendable {
    private let list = Mutex<[Int]?>(nil)

    func numbers(_ make: () -> [Int]) -> [Int] {
        list.withLock { list in
            if let list { return list }
            let made = make()
            list = made
            return made
        }
    }
}

/// The numbers of the items of `base`, rising.
private func itemNumbers(_ base: any IndexedBatchSource) -> [Int] {
    if let dataset = base.dataset { return Array(0..<dataset.count) }
    let order = base.indices(epoch: 0).sorted()
    // Sampling may repeat some.
    return order.indices.filter { $0 == 0 || order[$0] != order[$0 - 1] }.map { order[$0] }
}

/// A `DataLoader` whose batches another loader makes: hooks, transforms, order and shards are ours.
final class IndexedLoader: TransformedDataLoader {
    convenience init(_ base: any IndexedBatchSource) {
        var options = base.options
        // The order, which `base` knows, has seen to these.
        (options.n, options.sampling, options.batchSize) = (nil, .every, base.batchSize)
        // Transforms for one part of the data act on the part that `base` has.
        options.splitIndex = (base.dataset as? any TransformedDataset)?.splitIndex ?? options.splitIndex
        self.init(LoadedItems(base: base, keepsOrder: true), options: options)
    }

    private var items: LoadedItems? { dataset as? LoadedItems }

    override var inputCount: Int { items?.inputCount ?? super.inputCount }
    override var itemCount: Int? { items.map { $0.keepsOrder ? $0.base.itemCount : $0.count } ?? super.itemCount }
    override func modelItems(of dataset: any Dataset) -> any Sequence<Int> { items?.numbers ?? [] }
    override var ordersBySeed: Bool { items.map { !$0.keepsOrder || $0.base.ordersBySeed } ?? true }

    override func indices(epoch: Int) -> [Int] {
        guard let items else { return super.indices(epoch: epoch) }
        if items.keepsOrder { return items.base.indices(epoch: epoch) }
        let numbers = items.numbers
        return options.indices(of: numbers.count, epoch: epoch).map { numbers[$0] }
    }

    override var readsWholeBatches: Bool {
        hasNoItemSteps && transforms.afterItem.isEmpty && transforms.beforeBatch.isEmpty
            && items?.base.skipsItems != true
    }

    override func maySkip(epoch: Int) -> Bool { items == nil ? super.maySkip(epoch: epoch) : !readsWholeBatches }

    /// This loader, unless epoch number `epoch` has another length than is told of all.
    func ofEqualEpochs(_ epoch: Int) throws -> IndexedLoader {
        if items?.keepsOrder == true, epoch > 0 { try checkLength(of: indices(epoch: epoch), epoch: epoch) }
        return self
    }

    override func checkLength(of order: [Int], epoch: Int) throws {
        guard let items, items.keepsOrder, let told = items.base.itemCount, told != order.count else { return }
        throw DataError(
            .item, file: "data loader",
            "\(type(of: items.base)) takes \(order.count) items in epoch \(epoch), of \(told) that it tells (itemCount)",
            remedy: "Every epoch has to take as many items")
    }

    override func complete(shuffle: Bool?, seed: UInt64?) -> any IndexedBatchSource {
        guard let items else { return super.complete(shuffle: shuffle, seed: seed) }
        require(
            items.base.dataset != nil || Set(items.base.indices(epoch: 1)) == Set(items.base.indices(epoch: 0)),
            "\(type(of: items.base)).complete: each epoch takes other items, and there is no dataset that says which there are; give it one, or write complete(shuffle:seed:)"
        )
        let ordered = LoadedItems(base: items.base, keepsOrder: items.keepsOrder && shuffle == nil)
        return new(dataset: ordered, shuffle: shuffle, dropLast: false, seed: seed)
    }

    override func decodeBatch(_ batch: Batch, maxCount: Int = 9, full: Bool = true) throws -> [ItemTuple] {
        guard let items else { return try super.decodeBatch(batch, maxCount: maxCount, full: full) }
        return try items.base.decodeBatch(batch, maxCount: maxCount, full: full)
    }

    /// A batch's items before the transforms among the options, and before those of the data set if there is one.
    func undone(_ batch: Batch, maxCount: Int, full: Bool) throws -> [ItemTuple] {
        let made = try decodedItems(of: batch, maxCount: maxCount, full: full)
        guard let dataset = items?.base.dataset as? any TransformedDataset else { return made }
        return try made.map { try dataset.decode($0, full: full) }
    }
}
