// SPDX-License-Identifier: Apache-2.0
// Iterating a loader: on the calling thread or ahead of it on workers, with the same batches either way.

import LockstepTensor

extension DataLoader {
    /// Starts epoch number `epoch`.
    ///
    /// - Throws: `DataError` when worker threads cannot be started, and what a stream throws at its start.
    public func makeIterator(epoch: Int) throws -> BatchIterator {
        try iterate(epoch: epoch, workers: options.numWorkers)
    }

    /// Starts an epoch whose batches are exactly the items at the given indices, whatever order and batch size the loader
    /// has: how a rank takes its shard of every batch. Skipped items leave their batch shorter; an empty list
    /// gives an empty batch.
    /// - Precondition: not a stream.
    public func makeIterator(epoch: Int, batches: [[Int]]) throws -> BatchIterator {
        beforeIter(epoch: epoch)
        let next = try ordered(count: batches.count, workers: options.numWorkers) { [self] number in
            let assembled = try assemble(batches[number], epoch: epoch)
            return (try collated(assembled), assembled.indices)
        }
        return BatchIterator { [self] in
            guard let (batch, indices) = try next() else {
                afterIter()
                return nil
            }
            return try finish(batch, indices: indices, epoch: epoch)
        }
    }

    /// Starts an epoch at batch number `first` with the batches of an epoch from its start. Those before are not made, unless
    /// items may have been skipped in them; only a stream is read up to there.
    public func makeIterator(epoch: Int, from first: Int) throws -> BatchIterator {
        try makeIterator(epoch: epoch, from: first, position: nil)
    }

    /// The same; where the epoch's order goes on at `position`, nothing before is made, whatever was skipped.
    public func makeIterator(epoch: Int, from first: Int, position: Int?) throws -> BatchIterator {
        guard first > 0 else { return try makeIterator(epoch: epoch) }
        let known = position ?? (maySkip(epoch: epoch) ? nil : first * (options.batchSize ?? 1))
        if dataset != nil, let known {
            beforeIter(epoch: epoch)
            return try indexedIterator(epoch: epoch, workers: options.numWorkers, from: known)
        }
        var batches = try makeIterator(epoch: epoch)
        for _ in 0..<first where try batches.next() == nil { break }
        return batches
    }

    func iterate(epoch: Int, workers: Int) throws -> BatchIterator {
        beforeIter(epoch: epoch)
        switch source {
        case .indexed: return try indexedIterator(epoch: epoch, workers: workers)
        case .stream(let stream):
            let whole = StreamShard(items: nil, batchSize: options.batchSize ?? 1, limit: options.n) {
                try stream.samples(epoch: $0)
            }
            return try streamIterator(whole, epoch: epoch, workers: workers)
        }
    }

    // MARK: Datasets

    /// Batches of whole index lists as long as nothing is skipped. Once an item is, the items that follow move up, so
    /// from there on only items are made ahead of time and put together here.
    private func indexedIterator(epoch: Int, workers: Int, from start: Int = 0) throws -> BatchIterator {
        let order = indices(epoch: epoch)
        let size = options.batchSize ?? 1
        let left = Swift.max(0, order.count - start)
        func chunk(_ number: Int) -> Range<Int> {
            start + number * size..<Swift.min(start + number * size + size, order.count)
        }

        var nextBatch: (() throws -> Assembled?)? = try ordered(
            count: options.dropLast ? left / size : (left + size - 1) / size, workers: workers
        ) { [self] number in try assemble(Array(order[chunk(number)]), epoch: epoch) }
        var nextRest: () throws -> Batch? = { nil }
        var number = 0

        return BatchIterator { [self] in
            if let next = nextBatch {
                switch try next() {
                case .batch(let batch, let indices):
                    number += 1
                    var batch = try finish(batch, indices: indices, epoch: epoch)
                    batch.endPosition = chunk(number - 1).upperBound
                    return batch
                case .rest(let samples):
                    // Dropping the first iterator joins its workers before new ones start.
                    nextBatch = nil
                    let first = chunk(number)
                    nextRest = try skippingBatches(
                        order, from: first.upperBound, epoch: epoch, size: size,
                        waiting: samples.map { PlacedSample(sample: $0.sample, end: first.lowerBound + $0.end) })
                case nil:
                    afterIter()
                    return nil
                }
            }
            if let batch = try nextRest() { return batch }
            afterIter()
            return nil
        }
    }

    /// Batches of `size` of the items that are left after skipping, from place `start` of `order` on.
    ///
    /// - Parameters:
    ///   - shard: whose items of a batch are wanted; nil for all. The others are made all the same, to know whether they are
    ///     skipped.
    ///   - waiting: items before `start` that are in no batch yet, and where the next ones stand.
    func skippingBatches(
        _ order: [Int], from start: Int, epoch: Int, size: Int, shard: BatchShard? = nil, waiting: [PlacedSample] = []
    ) throws -> () throws -> Batch? {
        var waiting = waiting
        let count = (Swift.max(0, order.count - start) + size - 1) / size
        let nextSamples = try ordered(count: count, workers: options.numWorkers) { [self] number in
            let first = start + number * size
            return try samples(Array(order[first..<Swift.min(first + size, order.count)]), epoch: epoch).map {
                PlacedSample(sample: $0.sample, end: first + $0.end)
            }
        }
        return { [self] in
            while waiting.count < size, let more = try nextSamples() { waiting += more }
            if waiting.isEmpty || (waiting.count < size && options.dropLast) { return nil }
            let items = waiting.prefix(size).map(\.sample)
            let end = waiting[items.count - 1].end
            waiting.removeFirst(items.count)
            let wanted = shard?.items(of: items.count) ?? 0..<items.count
            var batch =
                wanted.isEmpty
                ? try createBatch(beforeBatch([items[0]])).withoutItems
                : try createBatch(beforeBatch(Array(items[wanted])))
            batch = try finish(batch, indices: items[wanted].compactMap(\.index), epoch: epoch)
            (batch.firstItem, batch.endPosition) = (wanted.lowerBound, end)
            return batch
        }
    }

    /// Results 0 ..< `count` of `produce` in order, on the calling thread or ahead of it on workers.
    private func ordered<Output>(
        count: Int, workers: Int, _ produce: @escaping (Int) throws -> Output
    ) throws -> () throws -> Output? {
        let workers = Swift.min(workers, count)
        if workers > 0 {
            let prefetcher = try Prefetcher<Output>(
                workers: workers, depth: 2 * workers, count: count, produce: { try produce($0) })
            return { try prefetcher.next() }
        }
        var number = 0
        return {
            guard number < count else { return nil }
            defer { number += 1 }
            return try produce(number)
        }
    }
}
