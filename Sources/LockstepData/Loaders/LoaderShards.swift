// SPDX-License-Identifier: Apache-2.0
// One rank's shard of every batch of a `DataLoader`, of which only its own items are made.

import LockstepTensor

extension DataLoader {
    /// One rank's shard of every batch: only its own items are made. Of a stream all are read and its own put together, unless
    /// the stream is a `PartitionedStream`.
    ///
    /// Once an item is skipped (`SkipItem`), those that follow move up, also from one shard into another: from there to the end of
    /// the epoch every rank makes all items, to know which are left.
    public func shard(_ shard: BatchShard) -> any BatchSource {
        // Where an item is a batch, only its rows can be shared out.
        options.batchSize == nil ? RowShards(self, shard) : LoaderShards(self, shard)
    }
}

/// One shard of every batch of a `DataLoader` that makes batches of items.
private final class LoaderShards: WrappingBatchSource {
    private let loader: DataLoader
    private let shard: BatchShard
    var inner: any BatchSource { loader }
    // The loader's are those of all shards.
    var itemCount: Int? { nil }
    var batchSize: Int? { nil }

    init(_ loader: DataLoader, _ shard: BatchShard) { (self.loader, self.shard) = (loader, shard) }

    /// Items in a global batch.
    private var globalSize: Int { (loader.batchSize ?? 1) * shard.batchesTogether }

    var batchCount: Int? {
        // Parts of a stream need not be equally long, so ranks have to ask each other.
        if loader.stream is any PartitionedStream { return nil }
        guard let items = loader.itemCount else { return nil }
        return loader.dropLast ? items / globalSize : (items + globalSize - 1) / globalSize
    }

    func makeIterator(epoch: Int, from first: Int, position: Int?) throws -> BatchIterator {
        if let stream = loader.streamShard(shard, batchSize: globalSize) {
            var batches = try loader.makeIterator(epoch: epoch, shard: stream)
            for _ in 0..<first where try batches.next() == nil { break }
            return batches
        }
        let order = try globalOrder(epoch: epoch)
        let maySkip = loader.maySkip(epoch: epoch)
        if maySkip, shard.anyRank == nil || (first > 0 && position == nil) {
            loader.beforeIter(epoch: epoch)
            let next = try exactBatches(order, from: position ?? 0, epoch: epoch)
            var batches = BatchIterator { [loader] in
                if let batch = try next() { return batch }
                loader.afterIter()
                return nil
            }
            if position == nil { for _ in 0..<first where try batches.next() == nil { break } }
            return batches
        }
        return try ownItems(
            order, from: position ?? first * globalSize, epoch: epoch, asking: maySkip ? shard.anyRank : nil)
    }

    private func globalOrder(epoch: Int) throws -> [Int] {
        let order = loader.indices(epoch: epoch)
        try loader.checkLength(of: order, epoch: epoch)
        guard let firstOrder = shard.firstOrder, !loader.ordersBySeed else { return order }
        return try firstOrder(order)
    }

    /// This shard of every batch, made without looking at the others. Where items may be skipped, ranks `ask` each other of each
    /// batch; once one has found such an item, all of them make all items, to know which move up.
    private func ownItems(
        _ order: [Int], from start: Int, epoch: Int, asking ask: ((Bool) throws -> Bool)?
    ) throws -> BatchIterator {
        let size = globalSize
        let end = loader.dropLast ? start + Swift.max(0, order.count - start) / size * size : order.count
        let batches = stride(from: start, to: end, by: size).map { $0..<Swift.min($0 + size, end) }
        let lists = batches.map { batch in
            let own = shard.items(of: batch.count)
            return Array(order[batch.lowerBound + own.lowerBound..<batch.lowerBound + own.upperBound])
        }
        var own: BatchIterator? = try loader.makeIterator(epoch: epoch, batches: lists)
        var rest: () throws -> Batch? = { nil }
        var number = 0
        return BatchIterator { [self] in
            if own != nil {
                guard var batch = try own?.next() else { return nil }
                let global = batches[number]
                if let ask, try ask(batch.size < lists[number].count) {
                    // Joins the workers before new ones start.
                    own = nil
                    rest = try exactBatches(order, from: global.lowerBound, epoch: epoch)
                } else {
                    (batch.firstItem, batch.endPosition) = (shard.items(of: global.count).lowerBound, global.upperBound)
                    number += 1
                    return batch
                }
            }
            if let batch = try rest() { return batch }
            loader.afterIter()
            return nil
        }
    }

    private func exactBatches(_ order: [Int], from start: Int, epoch: Int) throws -> () throws -> Batch? {
        try loader.skippingBatches(order, from: start, epoch: epoch, size: globalSize, shard: shard)
    }
}
