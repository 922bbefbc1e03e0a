// SPDX-License-Identifier: Apache-2.0
// Sources around others: timed ones, shards of others.

/// A source that gives another's batches in its own way, of which `makeIterator(epoch:from:position:)` is to be written; for the
/// rest it says what that one says.
public protocol WrappingBatchSource: BatchSource {
    /// The source whose batches these are.
    var inner: any BatchSource { get }
}

extension WrappingBatchSource {
    public var batchCount: Int? { inner.batchCount }
    public var isStream: Bool { inner.isStream }
    public var inputCount: Int { inner.inputCount }
    public var epoch: Int {
        get { inner.epoch }
        set { inner.epoch = newValue }
    }
    public var dataset: (any Dataset)? { inner.dataset }
    public var stream: (any StreamDataset)? { inner.stream }
    public var loaderOptions: DataLoader.Options? { inner.loaderOptions }
    public var numWorkers: Int {
        get { inner.numWorkers }
        set { inner.numWorkers = newValue }
    }
    public func decodeBatch(_ batch: Batch, maxCount: Int, full: Bool) throws -> [ItemTuple] {
        try inner.decodeBatch(batch, maxCount: maxCount, full: full)
    }
    public func testLoader(for dataset: any Dataset) -> DataLoader { inner.testLoader(for: dataset) }
    public func newEmpty() -> DataLoader { inner.newEmpty() }
    public func makeIterator(epoch: Int) throws -> BatchIterator { try makeIterator(epoch: epoch, from: 0) }
    public func makeIterator(epoch: Int, from first: Int) throws -> BatchIterator {
        try makeIterator(epoch: epoch, from: first, position: nil)
    }
}
