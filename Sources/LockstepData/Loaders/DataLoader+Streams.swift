// SPDX-License-Identifier: Apache-2.0
// Batches of a stream: all of it, or one rank's shard of each.

import LockstepTensor

extension DataLoader {
    /// One rank's shard of every batch of a stream.
    struct StreamShard {
        /// Which items of a batch of `count` are this rank's; nil where the whole stream is.
        let items: ((_ count: Int) -> Range<Int>)?
        /// Items in a batch: of all ranks, or of this one where the stream is its own.
        let batchSize: Int
        /// How many items are taken; nil for all.
        let limit: Int?
        /// Items in a batch of all ranks, where the stream is this rank's own and the last of all batches must be whole.
        var wholeBatch: Int? = nil
        let open: (_ epoch: Int) throws -> () throws -> Sample?
    }

    /// The stream as one rank reads it in global batches of `batchSize`; nil when items can be asked for by number, or are
    /// batches already.
    func streamShard(_ shard: BatchShard, batchSize: Int) -> StreamShard? {
        guard let stream, options.batchSize != nil else { return nil }
        guard let partitioned = stream as? any PartitionedStream else {
            return StreamShard(items: shard.items(of:), batchSize: batchSize, limit: options.n) {
                try stream.samples(epoch: $0)
            }
        }
        // As if every n-th item were this rank's.
        func own(_ items: Int) -> Int { Partition.dealt(items, to: shard.rank, of: shard.size) }
        return StreamShard(
            items: nil, batchSize: Swift.max(1, own(batchSize)), limit: options.n.map(own),
            wholeBatch: options.dropLast ? batchSize : nil
        ) { try partitioned.samples(epoch: $0, part: shard.rank, of: shard.size) }
    }

    /// One rank's shard of every batch of epoch number `epoch`. Only its own items are put together; those of the others are
    /// read, too, unless the stream is partitioned.
    func makeIterator(epoch: Int, shard: StreamShard) throws -> BatchIterator {
        beforeIter(epoch: epoch)
        return try streamIterator(shard, epoch: epoch, workers: options.numWorkers)
    }

    /// A stream has one reader: with workers, one thread reads ahead.
    func streamIterator(_ shard: StreamShard, epoch: Int, workers: Int) throws -> BatchIterator {
        let nextItem = try items(of: shard, epoch: epoch)
        // What was read to learn whether this rank's shard goes on.
        var peeked: Sample?
        let nextBatch: (Int) throws -> (Batch, [Int])? = { [self] _ in
            var items: [Sample] = []
            while items.count < shard.batchSize {
                guard let item = try peeked ?? nextItem() else { break }
                peeked = nil
                items.append(item)
            }
            if items.isEmpty { return nil }
            guard let wholeBatch = shard.wholeBatch else {
                if items.count < shard.batchSize && options.dropLast { return nil }
                return try own(of: items, shard)
            }
            var (batch, indices) = try own(of: items, shard)
            if items.count == shard.batchSize { peeked = try nextItem() }
            if peeked == nil { batch.shareOfWhole = Double(items.count) / Double(wholeBatch) }
            return (batch, indices)
        }
        var next: () throws -> (Batch, [Int])? = { try nextBatch(0) }
        if workers > 0 {
            let prefetcher = try Prefetcher<(Batch, [Int])>(workers: 1, depth: 2, count: nil, produce: nextBatch)
            next = { try prefetcher.next() }
        }
        return BatchIterator { [self] in
            guard let (batch, indices) = try next() else {
                afterIter()
                return nil
            }
            return try finish(batch, indices: indices, epoch: epoch)
        }
    }

    /// The items of a stream one after another, those that skip themselves left out.
    private func items(of shard: StreamShard, epoch: Int) throws -> () throws -> Sample? {
        let next = try shard.open(epoch)
        var taken = 0
        return { [self] in
            while shard.limit.map({ taken < $0 }) ?? true, let item = try next() {
                let context = ItemContext(seed: options.seed, epoch: epoch, index: taken)
                taken += 1
                do {
                    var item = try afterItem(item, context: context)
                    item.index = context.index
                    return item
                } catch is SkipItem {
                    continue
                }
            }
            return nil
        }
    }

    /// This rank's shard of a batch of `items`, put together, and the numbers of its items.
    private func own(of items: [Sample], _ shard: StreamShard) throws -> (Batch, [Int]) {
        guard let own = shard.items?(items.count) else {
            return (try createBatch(beforeBatch(items)), items.compactMap(\.index))
        }
        if own.isEmpty { return (try createBatch(beforeBatch([items[0]])).withoutItems, []) }
        var batch = try createBatch(beforeBatch(Array(items[own])))
        batch.firstItem = own.lowerBound
        return (batch, items[own].compactMap(\.index))
    }
}
