// SPDX-License-Identifier: Apache-2.0
// A source whose items have numbers: what a learner needs to predict in order, to augment, to show and to share out.

/// A source of batches of items that can be asked for by number: a `DataLoader`, or anyone's own.
///
/// A class that says its options, an epoch's order and how a batch is made does all that a `DataLoader` does: predictions in the
/// order of the items, test-time augmentation, shown results, a shard for each rank, worker threads, resuming.
///
/// ```swift
/// final class Squares: IndexedBatchSource {
///     var options = DataLoader.Options()
///     var epoch = 0
///     let inputCount = 1
///     func indices(epoch: Int) -> [Int] { options.indices(of: 100, epoch: epoch) }
///     func batch(of indices: [Int], epoch: Int) -> Batch { Batch(inputs: [Tensor(indices.map { $0 * $0 })]) }
/// }
/// ```
/// Numbers are those of ``BatchSource/dataset``, where there is one; without it any that stand for an item. Hooks and transforms
/// among the options act on what `batch(of:epoch:)` gives, and `decodeBatch` undoes the transforms; a loader that writes that itself
/// undoes all of it. Every epoch takes as many items as the first: one that takes more or fewer is an error.
public protocol IndexedBatchSource: BatchSource {
    /// How batches are made of the order: sizes, whether a short last one is dropped, seed, workers. `shuffle` says that
    /// `indices(epoch:)` is a random order.
    var options: DataLoader.Options { get set }
    /// The numbers of the items in the order in which epoch number `epoch` takes them.
    func indices(epoch: Int) -> [Int]
    /// The batch of the items with these numbers, of which there is one at least: a function of numbers, seed and epoch. Called
    /// from several threads where there are workers.
    func batch(of indices: [Int], epoch: Int) throws -> Batch
    /// Starts an epoch whose batches are exactly the items of the given lists.
    func makeIterator(epoch: Int, batches: [[Int]]) throws -> BatchIterator
    /// Whether `indices(epoch:)` follows from seed and epoch alone, so that every rank can work it out for itself; otherwise (the
    /// default) ranks use the first one's.
    var ordersBySeed: Bool { get }
    /// Whether a batch may have fewer items than were asked for, because some are left out of the epoch. False by default.
    var skipsItems: Bool { get }
    /// The same items, none left out: in a random order, in the order of their numbers, or (nil) in the loader's.
    /// - Precondition: where there is no data set, every epoch takes the same items; a loader that draws some of them writes this
    ///   itself.
    func complete(shuffle: Bool?, seed: UInt64?) -> any IndexedBatchSource
}

/// A source with transforms of items and of batches, to which more can be added.
public protocol TransformingBatchSource: BatchSource {
    /// The transforms of items and batches.
    var transforms: LoaderTransforms { get set }
    /// Adds transforms, which learn from this loader, in their order. Returns what they have become.
    @discardableResult func add(_ transforms: [any Transform], at event: LoaderEvent) throws -> [any Transform]
    /// Adds transforms that have learned already, or have nothing to learn.
    func insert(_ transforms: [any Transform], at event: LoaderEvent)
}

extension IndexedBatchSource {
    /// The default: nobody knows, so that ranks use the first one's order.
    public var ordersBySeed: Bool { false }
    /// The default: every item comes.
    public var skipsItems: Bool { false }

    /// The options of what makes the batches.
    public var loaderOptions: DataLoader.Options? { options }
    /// Threads that make batches ahead of time.
    public var numWorkers: Int {
        get { options.numWorkers }
        set { options.numWorkers = newValue }
    }
    /// Items in a batch.
    public var batchSize: Int? { options.batchSize }
    /// The number of items of one epoch.
    public var itemCount: Int? { indices(epoch: 0).count }
    /// The number of batches of one epoch.
    public var batchCount: Int? { IndexedLoader(self).batchCount }

    /// Starts an epoch.
    public func makeIterator(epoch: Int) throws -> BatchIterator {
        try IndexedLoader(self).ofEqualEpochs(epoch).makeIterator(epoch: epoch)
    }
    /// Starts an epoch at batch number `first`.
    public func makeIterator(epoch: Int, from first: Int) throws -> BatchIterator {
        try IndexedLoader(self).ofEqualEpochs(epoch).makeIterator(epoch: epoch, from: first)
    }
    /// Starts an epoch at batch number `first`, which begins at `position` of the epoch's order if that is known.
    public func makeIterator(epoch: Int, from first: Int, position: Int?) throws -> BatchIterator {
        try IndexedLoader(self).ofEqualEpochs(epoch).makeIterator(epoch: epoch, from: first, position: position)
    }
    /// Starts an epoch whose batches are exactly the items of the given lists.
    public func makeIterator(epoch: Int, batches: [[Int]]) throws -> BatchIterator {
        try IndexedLoader(self).makeIterator(epoch: epoch, batches: batches)
    }
    /// The same items, none left out, as a loader of ours.
    public func complete(shuffle: Bool?, seed: UInt64?) -> any IndexedBatchSource {
        IndexedLoader(self).complete(shuffle: shuffle, seed: seed)
    }
    /// One rank's shard of every batch: only its own items are made.
    public func shard(_ shard: BatchShard) -> any BatchSource { IndexedLoader(self).shard(shard) }
    /// The items of a batch before the transforms among the options, and before those of the data set.
    public func decodeBatch(_ batch: Batch, maxCount: Int, full: Bool) throws -> [ItemTuple] {
        try IndexedLoader(self).undone(batch, maxCount: maxCount, full: full)
    }
    /// The same items twice, with random changes and as they are.
    public func ttaLoaders(_ changes: TTAChanges) throws -> (augmented: any BatchSource, plain: any BatchSource)? {
        try IndexedLoader(self).ttaLoaders(changes)
    }
    /// A loader with these settings over other data: every item, in order.
    public func testLoader(for dataset: any Dataset) -> DataLoader {
        var options = options
        (options.shuffle, options.dropLast, options.n, options.sampling) = (false, false, nil, .every)
        options.batchSize = batchSize
        return TransformedDataLoader(dataset, options: options)
    }
    /// The same without items.
    public func newEmpty() -> DataLoader {
        let empty = testLoader(for: dataset?.newEmpty() ?? EmptyDataset(inputCount: inputCount))
        empty.options.numWorkers = 0
        return empty
    }
}

extension BatchSource {
    /// The number of each item of epoch number `epoch`, in order; nil where items have none, or are batches.
    package func itemOrder(epoch: Int) -> [Int]? { batchSize == nil ? nil : indexed?.indices(epoch: epoch) }
}
