// SPDX-License-Identifier: Apache-2.0
// One rank's shard of every batch, and sources of which only rows can be shared out.

import LockstepTensor

/// Which shard of every global batch is wanted, and what ranks tell each other while they make theirs.
public struct BatchShard {
    /// The shard's number: the rank's.
    public let rank: Int
    /// The number of shards.
    public let size: Int
    /// How many of the source's batches make a global one: 1, or `size` where the source's batch size is that of each rank.
    public var batchesTogether = 1
    /// Whether any rank says yes; nil where ranks cannot ask each other.
    public var anyRank: ((Bool) throws -> Bool)?
    /// The first rank's order, for sources whose order does not follow from a seed; nil where ranks cannot ask each other.
    public var firstOrder: (([Int]) throws -> [Int])?

    /// Shard `rank` of `size`.
    public init(_ rank: Int, of size: Int, file: StaticString = #fileID, line: UInt = #line) {
        require(
            size > 0 && rank >= 0 && rank < size, "BatchShard: there is no shard \(rank) among \(size)", file: file,
            line: line)
        (self.rank, self.size) = (rank, size)
    }

    /// The shard of a batch of `count` items.
    public func items(of count: Int) -> Range<Int> { Partition(count, into: size)[rank] }
}

/// One shard of every batch of a source that is read whole: its rows.
final class RowShards: WrappingBatchSource {
    let inner: any BatchSource
    private let shard: BatchShard
    // The source's are those of all shards.
    var itemCount: Int? { nil }
    var batchSize: Int? { nil }

    init(_ inner: any BatchSource, _ shard: BatchShard) { (self.inner, self.shard) = (inner, shard) }

    func makeIterator(epoch: Int, from first: Int, position: Int?) throws -> BatchIterator {
        var batches = try inner.makeIterator(epoch: epoch, from: first, position: position)
        return BatchIterator { [shard] in
            guard let batch = try batches.next() else { return nil }
            let items = shard.items(of: batch.size)
            func rows(_ tensors: [Tensor]) -> [Tensor] { tensors.map { $0[items] } }
            var own = Batch(inputs: rows(batch.inputs), targets: rows(batch.targets), size: items.count)
            (own.firstItem, own.endPosition) = (items.lowerBound, batch.endPosition)
            return own
        }
    }
}
