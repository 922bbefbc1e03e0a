// SPDX-License-Identifier: Apache-2.0
// Sources around others: timed ones, shards of others.

/// A source that gives another's batches in its own way, of which `makeIterator(epoch:from:position:)` is to be written; for the
/// rest it says what that one says, lengths too: one that gives other items or batches says its own.
///
/// Items by number (``BatchSource/indexed``) would pass it by, so that it has none by itself. One that only watches hands them through:
/// `var indexed: (any IndexedBatchSource)? { inner.indexed }`; then predictions are in order, and results can be drawn at random.
public protocol WrappingBatchSource: BatchSource {
    /// The source whose batches these are.
    var inner: any BatchSource { get }
}

extension WrappingBatchSource {
    /// The number of batches of one epoch.
    public var batchCount: Int? { inner.batchCount }
    /// The number of items of one epoch.
    public var itemCount: Int? { inner.itemCount }
    /// Items in a batch.
    public var batchSize: Int? { inner.batchSize }
    /// Whether an unknown length is meant so.
    public var isStream: Bool { inner.isStream }
    /// How many of an item's members are inputs.
    public var inputCount: Int { inner.inputCount }
    /// The number of the epoch that the next iteration gets.
    public var epoch: Int {
        get { inner.epoch }
        set { inner.epoch = newValue }
    }
    /// The data set that items come from.
    public var dataset: (any Dataset)? { inner.dataset }
    /// The stream that items come from.
    public var stream: (any StreamDataset)? { inner.stream }
    /// The options of what makes the batches.
    public var loaderOptions: DataLoader.Options? { inner.loaderOptions }
    /// Threads that make batches ahead of time.
    public var numWorkers: Int {
        get { inner.numWorkers }
        set { inner.numWorkers = newValue }
    }
    /// The items of a batch as the source inside decodes them.
    public func decodeBatch(_ batch: Batch, maxCount: Int, full: Bool) throws -> [ItemTuple] {
        try inner.decodeBatch(batch, maxCount: maxCount, full: full)
    }
    /// A loader with these settings over other data: every item, in order.
    public func testLoader(for dataset: any Dataset) -> DataLoader { inner.testLoader(for: dataset) }
    /// The same without items.
    public func newEmpty() -> DataLoader { inner.newEmpty() }
    /// Starts an epoch.
    public func makeIterator(epoch: Int) throws -> BatchIterator { try makeIterator(epoch: epoch, from: 0) }
    /// Starts an epoch at batch number `first`.
    public func makeIterator(epoch: Int, from first: Int) throws -> BatchIterator {
        try makeIterator(epoch: epoch, from: first, position: nil)
    }
}
