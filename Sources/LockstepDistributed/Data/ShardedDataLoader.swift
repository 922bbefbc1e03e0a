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
/// A `DataLoader` makes only the items of this rank's part; of a stream it reads all items and puts its own together, unless
/// the stream is a `PartitionedStream`. Other sources are read whole on every rank and cut into rows.
///
/// Once an item is skipped (`SkipItem`), those that follow move up, also from one rank's part into another's: from there to the
/// end of the epoch every rank makes all items, to know which are left.
public final class ShardedDataLoader: BatchSource {
    /// The loader whose batches are shared.
    public let inner: any BatchSource
    public let rank: Int
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
        try makeIterator(epoch: epoch, from: first, position: nil)
    }

    public func makeIterator(epoch: Int, from first: Int, position: Int?) throws -> BatchIterator {
        if let stream = try streamIterator(epoch: epoch, from: first) { return stream }
        guard let loader = indexed else {
            return try rows(of: inner.makeIterator(epoch: epoch, from: first, position: position))
        }
        let order = try globalOrder(loader, epoch: epoch)
        let maySkip = loader.maySkip(epoch: epoch)
        let ask = anyRank ?? communicator.map { ranks in { try ranks.anyRank($0, name: "skipped items") } }
        if maySkip, ask == nil || (first > 0 && position == nil) {
            loader.beforeIter(epoch: epoch)
            var batches = skipping(loader, try exactBatches(loader, order, from: position ?? 0, epoch: epoch))
            if position == nil { for _ in 0..<first where try batches.next() == nil { break } }
            return batches
        }
        return try ownParts(
            loader, order, from: position ?? first * globalSize(loader), epoch: epoch, asking: maySkip ? ask : nil)
    }

    /// This rank's part of every batch, made without looking at those of the others. Where items may be skipped, ranks `ask` each
    /// other of each batch; once one has found such an item, all of them make all items, to know which move up.
    private func ownParts(
        _ loader: DataLoader, _ order: [Int], from start: Int, epoch: Int, asking ask: ((Bool) throws -> Bool)?
    ) throws -> BatchIterator {
        let size = globalSize(loader)
        let end = loader.dropLast ? start + max(0, order.count - start) / size * size : order.count
        let batches = stride(from: start, to: end, by: size).map { $0..<Swift.min($0 + size, end) }
        let lists = batches.map { batch in
            let own = part(of: batch.count)
            return Array(order[batch.lowerBound + own.lowerBound..<batch.lowerBound + own.upperBound])
        }
        var parts: BatchIterator? = try loader.makeIterator(epoch: epoch, batches: lists)
        var rest: () throws -> Batch? = { nil }
        var number = 0
        return BatchIterator { [self] in
            if parts != nil {
                guard var batch = try parts?.next() else { return nil }
                let global = batches[number]
                if let ask, try ask(batch.size < lists[number].count) {
                    // Joins the workers before new ones start.
                    parts = nil
                    rest = try exactBatches(loader, order, from: global.lowerBound, epoch: epoch)
                } else {
                    (batch.firstItem, batch.endPosition) = (part(of: global.count).lowerBound, global.upperBound)
                    number += 1
                    return batch
                }
            }
            if let batch = try rest() { return batch }
            loader.afterIter()
            return nil
        }
    }

    private func exactBatches(
        _ loader: DataLoader, _ order: [Int], from start: Int, epoch: Int
    ) throws -> () throws -> Batch? {
        try loader.skippingBatches(order, from: start, epoch: epoch, size: globalSize(loader), part: part(of:))
    }

    private func skipping(_ loader: DataLoader, _ next: @escaping () throws -> Batch?) -> BatchIterator {
        BatchIterator {
            if let batch = try next() { return batch }
            loader.afterIter()
            return nil
        }
    }

    /// This rank's part of `count` items.
    public func part(of count: Int) -> Range<Int> { rank * count / size..<(rank + 1) * count / size }

    /// The inner loader when its items can be asked for by number.
    private var indexed: DataLoader? {
        guard let loader = inner as? DataLoader, loader.dataset != nil, loader.batchSize != nil else { return nil }
        return loader
    }

    private func globalOrder(_ loader: DataLoader, epoch: Int) throws -> [Int] {
        let order = loader.indices(epoch: epoch)
        guard let communicator, !loader.ordersBySeed else { return order }
        return try communicator.broadcast(bytes: rank == 0 ? Wire.bytes(of: order) : nil, name: "sampling order")
            .withUnsafeBytes { Array($0.bindMemory(to: Int.self)) }
    }

    private func globalSize(_ loader: DataLoader) -> Int {
        (loader.batchSize ?? 1) * (convention == .perRank ? size : 1)
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
            (own.firstItem, own.endPosition) = (part.lowerBound, batch.endPosition)
            return own
        }
    }
}
