// SPDX-License-Identifier: Apache-2.0
// What a training loop iterates: anything that gives batches, epoch by epoch.

/// A source of batches: our loaders, or anyone's.
///
/// Conform a class of your own to feed a learner from elsewhere, or wrap batches you have in `BatchList`. Where items can be asked
/// for by number conform to ``IndexedBatchSource``, which gives most of this. What a source does not say has a default, which is that
/// it does not know.
///
/// ```swift
/// for batch in dls.train { print(batch.size) }         // the next epoch; an error stops the program with its sentence
/// let batches = dls.train.batchSequence(epoch: 3)      // a certain epoch
/// for batch in batches { print(batch.size) }
/// try batches.check()                                  // the error that ended it, if there was one
/// ```
public protocol BatchSource: AnyObject, Sequence where Element == Batch, Iterator == BatchLoop {
    // MARK: Batches

    /// The number of batches of one epoch, or nil when it is not known beforehand.
    var batchCount: Int? { get }
    /// Whether an unknown `batchCount` is meant so: a stream, which is read to its end.
    var isStream: Bool { get }
    /// How many of a batch's members are inputs.
    var inputCount: Int { get }
    /// The number of items of one epoch; nil where it is not known.
    var itemCount: Int? { get }
    /// Items in a batch; nil where that is not known or not always the same.
    var batchSize: Int? { get }
    /// The number of the epoch that the next iteration without a number of its own gets; each one raises it.
    var epoch: Int { get set }
    /// Starts epoch number `epoch`. The iterator is a value: epochs can be repeated, and several can run side by side.
    func makeIterator(epoch: Int) throws -> BatchIterator
    /// Starts epoch number `epoch` at batch number `first`, as when resuming.
    func makeIterator(epoch: Int, from first: Int) throws -> BatchIterator
    /// The same, told where in the epoch's order that batch begins: a source that skips items need not look for it.
    func makeIterator(epoch: Int, from first: Int, position: Int?) throws -> BatchIterator
    /// The first batch of the next epoch.
    func oneBatch() throws -> Batch

    // MARK: What they are made of

    /// The data set that items come from; nil where there is none, or none that can be asked. A property of a narrower type does
    /// not answer for this one.
    var dataset: (any Dataset)? { get }
    /// The stream that items come from.
    var stream: (any StreamDataset)? { get }
    /// This source where its items can be asked for by number, which one that reads a stream cannot.
    var indexed: (any IndexedBatchSource)? { get }
    /// The options of a loader; nil where there are none.
    var loaderOptions: DataLoader.Options? { get }
    /// Threads that make batches ahead of time. A source that has none does not mind being told.
    var numWorkers: Int { get set }
    /// The first `maxCount` items of a batch as they were before transforms, inputs first; by default its rows. Targets may be
    /// decoded predictions.
    /// - Parameter full: whether to go all the way back; otherwise until each member can show itself.
    func decodeBatch(_ batch: Batch, maxCount: Int, full: Bool) throws -> [ItemTuple]

    // MARK: Sources like it

    /// One rank's shard of every batch; by default its rows, so that every rank reads the whole.
    func shard(_ shard: BatchShard) -> any BatchSource
    /// A loader with these settings over other data: every item, in order.
    func testLoader(for dataset: any Dataset) -> DataLoader
    /// A loader with these settings without items: what a model that is given away keeps of its data.
    func newEmpty() -> DataLoader
    /// The same items in the same order twice, with random changes and as they are; nil (the default) where they cannot be made
    /// again.
    func ttaLoaders(_ changes: TTAChanges) throws -> (augmented: any BatchSource, plain: any BatchSource)?
}

/// What test-time augmentation asks of a loader.
public struct TTAChanges {
    /// In place of the loader's `afterItem` transforms; nil leaves them.
    public var itemTransforms: [any Transform]?
    /// In place of the loader's `afterBatch` transforms; nil leaves them.
    public var batchTransforms: [any Transform]?
    /// The hooks of the augmented passes: loaders without transforms carry their augmentations as hooks of the training loader.
    public var augmentedHooks = DataLoader.Hooks()
    /// The hooks of the plain pass.
    public var plainHooks = DataLoader.Hooks()

    /// No changes.
    public init() {}
}

extension BatchSource {
    /// The default: a source that does not know its length has forgotten to say it.
    public var isStream: Bool { false }
    /// The default: not known.
    public var itemCount: Int? { nil }
    /// The default: not known.
    public var batchSize: Int? { nil }
    /// The default: the position is not needed.
    public func makeIterator(epoch: Int, from first: Int, position: Int?) throws -> BatchIterator {
        try makeIterator(epoch: epoch, from: first)
    }
    /// The default: the batches before are read and dropped.
    public func makeIterator(epoch: Int, from first: Int) throws -> BatchIterator {
        var batches = try makeIterator(epoch: epoch)
        for _ in 0..<first where try batches.next() == nil { break }
        return batches
    }
    /// The first batch of the next epoch, which is counted.
    public func oneBatch() throws -> Batch {
        epoch += 1
        var batches = try makeIterator(epoch: epoch - 1)
        guard let batch = try batches.next() else {
            throw DataError(.item, file: "data loader", "there are no batches")
        }
        return batch
    }

    /// The default: not known.
    public var dataset: (any Dataset)? { nil }
    /// The default: not known.
    public var stream: (any StreamDataset)? { nil }
    /// The default: this source, where its class has items by number.
    public var indexed: (any IndexedBatchSource)? { self as? any IndexedBatchSource }
    /// The default: none.
    public var loaderOptions: DataLoader.Options? { nil }
    /// Threads that make batches ahead of time.
    public var numWorkers: Int {
        get { 0 }
        set {}
    }
    /// The default: the batch's rows.
    public func decodeBatch(_ batch: Batch, maxCount: Int, full: Bool) throws -> [ItemTuple] {
        (0..<Swift.max(0, Swift.min(maxCount, batch.size))).map { Decollation.row(batch.members, $0) }
    }

    /// The default: the shard's rows of batches that are read whole.
    public func shard(_ shard: BatchShard) -> any BatchSource { RowShards(self, shard) }
    /// A loader with these settings over other data: every item, in order.
    public func testLoader(for dataset: any Dataset) -> DataLoader { DataLoader(dataset) }
    /// The same without items.
    public func newEmpty() -> DataLoader { DataLoader(EmptyDataset(inputCount: inputCount)) }
    /// The default: items cannot be made again.
    public func ttaLoaders(_ changes: TTAChanges) throws -> (augmented: any BatchSource, plain: any BatchSource)? {
        nil
    }

    // MARK: Loops

    /// Starts the next epoch; `epoch` rises by one.
    public func makeIterator() -> BatchLoop {
        epoch += 1
        return BatchLoop(batchSequence(epoch: epoch - 1), of: "\(type(of: self))")
    }

    /// The batches of an epoch for a loop, with the error that ends them; of the next epoch, which is counted, when nil.
    public func batchSequence(epoch number: Int? = nil) -> BatchSequence {
        if number == nil { epoch += 1 }
        return BatchSequence { try makeIterator(epoch: number ?? epoch - 1) }
    }
}
