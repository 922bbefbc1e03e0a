// SPDX-License-Identifier: Apache-2.0
// One rank's shard of every global batch.

public import LockstepComm
public import LockstepData
import LockstepTensor

/// What a loader's batch size counts when several ranks train.
public enum BatchConvention: Sendable {
    /// The batch of all ranks together: adding ranks changes the time, not the training. The default.
    case global
    /// The batch of each rank: adding ranks makes the global batch larger.
    case perRank
}

/// Gives rank `rank` of `size` its shard of every global batch of another loader.
///
/// Batch k of one process is cut into `size` consecutive shards that differ by at most one item (`Partition`); rank r takes the
/// r-th. No item is left out or repeated, in training or in evaluation. A shard can be empty: the rank then takes part in the step
/// with weight 0. All ranks run the same number of batches. Concatenating the shards in rank order gives the order of the
/// data set.
///
/// How the shard is made the loader knows (`BatchSource.shard`): where items have numbers only its own are made, of a stream all
/// are read and its own put together, unless the stream is a `PartitionedStream`; other sources are read whole on every rank and
/// cut into rows.
public final class ShardedDataLoader: WrappingBatchSource {
    /// The loader whose batches are shared.
    public let inner: any BatchSource
    /// This rank.
    public let rank: Int
    /// The number of ranks.
    public let size: Int
    /// What the loader's batch size counts.
    public let convention: BatchConvention
    private let communicator: (any Communicator)?
    /// How ranks ask each other whether any of them says yes, where a learner's coordinator does it.
    var anyRank: ((Bool) throws -> Bool)?

    /// A rank's view of `inner`. Nothing is communicated: every rank must have an equal loader.
    public init(
        _ inner: any BatchSource, rank: Int, size: Int, batch convention: BatchConvention = .global,
        file: StaticString = #fileID, line: UInt = #line
    ) {
        require(
            size > 0 && rank >= 0 && rank < size, "ShardedDataLoader: there is no rank \(rank) among \(size)",
            file: file,
            line: line)
        (self.inner, self.rank, self.size, self.convention, communicator) = (inner, rank, size, convention, nil)
    }

    /// A rank's view of `inner`. A loader whose order does not follow from a seed uses rank 0's everywhere.
    public init(
        _ inner: any BatchSource, over communicator: any Communicator, batch convention: BatchConvention = .global
    ) {
        (self.inner, self.rank, self.size) = (inner, communicator.rank, communicator.size)
        (self.convention, self.communicator) = (convention, communicator)
    }

    /// The batches of this rank.
    private var own: any BatchSource {
        var shard = BatchShard(rank, of: size)
        if convention == .perRank { shard.batchesTogether = size }
        shard.anyRank = anyRank ?? communicator.map { ranks in { try ranks.anyRank($0, name: "skipped items") } }
        shard.firstOrder = communicator.map { ranks in
            { order in
                try ranks.broadcast(bytes: ranks.rank == 0 ? Wire.bytes(of: order) : nil, name: "sampling order")
                    .withUnsafeBytes { Array($0.bindMemory(to: Int.self)) }
            }
        }
        return inner.shard(shard)
    }

    /// The number of global batches: the same on every rank.
    public var batchCount: Int? { own.batchCount }
    /// Not known: shards of uneven batches, and of skipped items, are found as they are made.
    public var itemCount: Int? { nil }
    /// Not always the same: what is left over is shared, too.
    public var batchSize: Int? { nil }

    /// Starts an epoch at batch number `first`, which begins at `position` of the epoch's order if that is known.
    public func makeIterator(epoch: Int, from first: Int, position: Int?) throws -> BatchIterator {
        try own.makeIterator(epoch: epoch, from: first, position: position)
    }

    /// This rank's shard of `count` items.
    public func part(of count: Int) -> Range<Int> { BatchShard(rank, of: size).items(of: count) }
}
