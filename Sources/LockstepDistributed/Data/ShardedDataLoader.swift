// SPDX-License-Identifier: Apache-2.0
// One rank's part of every global batch.

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

/// Gives rank `rank` of `size` its part of every global batch of another loader.
///
/// Batch k of one process is cut into `size` consecutive parts that differ by at most one item; rank r takes the r-th. No
/// item is left out or repeated, in training or in evaluation. A part can be empty: the rank then takes part in the step
/// with weight 0. All ranks run the same number of batches. Concatenating the parts in rank order gives the order of the
/// data set.
///
/// A `DataLoader` makes only the items of this rank's part; of a stream it reads all items and puts its own together,
/// unless the stream is a `PartitionedStream`. Other sources are read whole on every rank and cut into rows.
public final class ShardedDataLoader: BatchSource {
    /// The loader whose batches are shared.
    public let inner: any BatchSource
    public let rank: Int
    public let size: Int
    /// What the loader's batch size counts.
    public let convention: BatchConvention
    private let communicator: (any Communicator)?

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

    /// A rank's view of `inner`. A subclass of `DataLoader` that samples in its own way uses rank 0's order everywhere.
    public init(
        _ inner: any BatchSource, over communicator: any Communicator, batch convention: BatchConvention = .global
    ) {
        (self.inner, self.rank, self.size) = (inner, communicator.rank, communicator.size)
        (self.convention, self.communicator) = (convention, communicator)
    }

    /// The number of global batches: the same on every rank.
    public var batchCount: Int? {
        // Parts need not be equally long, so ranks have to ask each other.
        if (inner as? DataLoader)?.isPartitioned == true { return nil }
        guard let loader = inner as? DataLoader, convention == .perRank, let items = loader.itemCount,
            let size = loader.batchSize
        else {
            return inner.batchCount
        }
        let global = size * self.size
        return loader.dropLast ? items / global : (items + global - 1) / global
    }

    public var isStream: Bool { inner.isStream }
    public var inputCount: Int { inner.inputCount }

    public func makeIterator(epoch: Int) throws -> BatchIterator { try makeIterator(epoch: epoch, from: 0) }

    public func makeIterator(epoch: Int, from first: Int) throws -> BatchIterator {
        if let stream = try streamIterator(epoch: epoch, from: first) { return stream }
        guard let loader = indexed else { return try rows(of: inner.makeIterator(epoch: epoch, from: first)) }
        let batches = Array(try globalBatches(loader, epoch: epoch).dropFirst(first))
        var parts = try loader.makeIterator(epoch: epoch, batches: batches.map { Array($0[part(of: $0.count)]) })
        var number = 0
        return BatchIterator { [self] in
            guard var batch = try parts.next() else { return nil }
            batch.firstItem = part(of: batches[number].count).lowerBound
            number += 1
            return batch
        }
    }

    /// This rank's part of `count` items.
    public func part(of count: Int) -> Range<Int> { rank * count / size..<(rank + 1) * count / size }

    /// The inner loader when its items can be asked for by number.
    private var indexed: DataLoader? {
        guard let loader = inner as? DataLoader, loader.dataset != nil, loader.batchSize != nil else { return nil }
        return loader
    }

    private func globalBatches(_ loader: DataLoader, epoch: Int) throws -> [[Int]] {
        var order = loader.indices(epoch: epoch)
        if let communicator, !loader.ordersBySeed {
            order = try communicator.broadcast(bytes: rank == 0 ? Wire.bytes(of: order) : nil, name: "sampling order")
                .withUnsafeBytes { Array($0.bindMemory(to: Int.self)) }
        }
        let size = (loader.batchSize ?? 1) * (convention == .perRank ? self.size : 1)
        let end = loader.dropLast ? order.count / size * size : order.count
        return stride(from: 0, to: end, by: size).map { Array(order[$0..<min($0 + size, end)]) }
    }

    /// This rank's part of every batch of a stream; nil where the inner loader is none.
    private func streamIterator(epoch: Int, from first: Int) throws -> BatchIterator? {
        guard let loader = inner as? DataLoader, let size = loader.batchSize else { return nil }
        let global = size * (convention == .perRank ? self.size : 1)
        guard let part = loader.streamPart(rank: rank, of: self.size, batchSize: global) else { return nil }
        var batches = try loader.makeIterator(epoch: epoch, part: part)
        for _ in 0..<first where try batches.next() == nil { break }
        return batches
    }

    private func rows(of batches: BatchIterator) throws -> BatchIterator {
        var batches = batches
        return BatchIterator { [self] in
            guard let batch = try batches.next() else { return nil }
            let part = part(of: batch.size)
            func rows(_ tensors: [Tensor]) -> [Tensor] { tensors.map { $0[part] } }
            var own = Batch(inputs: rows(batch.inputs), targets: rows(batch.targets), size: part.count)
            own.firstItem = part.lowerBound
            return own
        }
    }
}
