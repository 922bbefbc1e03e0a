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
    /// has: how a sharding loader takes its part of every batch. Skipped items leave their batch shorter; an empty list
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

    /// Whether items of an epoch may be skipped: not where batches are read whole. The same answer on every rank.
    package func maySkip(epoch: Int) -> Bool {
        guard readsWholeBatches, let dataset else { return true }
        return dataset.count > 0 && (try? dataset.batch(at: [0], epoch: epoch)) == nil
    }

    func iterate(epoch: Int, workers: Int) throws -> BatchIterator {
        beforeIter(epoch: epoch)
        switch source {
        case .indexed: return try indexedIterator(epoch: epoch, workers: workers)
        case .stream(let stream):
            let whole = StreamPart(range: nil, batchSize: options.batchSize ?? 1, limit: options.n) {
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
    ///   - part: which of a batch's items are wanted; nil for all. The others are made all the same, to know whether they are
    ///     skipped.
    ///   - waiting: items before `start` that are in no batch yet, and where the next ones stand.
    package func skippingBatches(
        _ order: [Int], from start: Int, epoch: Int, size: Int, part: ((_ count: Int) -> Range<Int>)? = nil
    ) throws -> () throws -> Batch? {
        try skippingBatches(order, from: start, epoch: epoch, size: size, part: part, waiting: [])
    }

    private func skippingBatches(
        _ order: [Int], from start: Int, epoch: Int, size: Int, part: ((_ count: Int) -> Range<Int>)? = nil,
        waiting: [PlacedSample]
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
            let wanted = part?(items.count) ?? 0..<items.count
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

    // MARK: Streams

    /// One rank's part of every batch of a stream.
    package struct StreamPart {
        /// Which part of a batch of `count` items is this rank's; nil where the whole stream is.
        let range: ((_ count: Int) -> Range<Int>)?
        /// Items in a batch: of all ranks, or of this one where the stream is its own.
        let batchSize: Int
        /// How many items are taken; nil for all.
        let limit: Int?
        /// Items in a batch of all ranks, where the stream is this rank's own and the last of all batches must be whole.
        var wholeBatch: Int? = nil
        let open: (_ epoch: Int) throws -> () throws -> Sample?
    }

    /// The stream as rank `rank` of `count` reads it in global batches of `batchSize`; nil when items can be asked for by
    /// number, or are batches already.
    package func streamPart(rank: Int, of count: Int, batchSize: Int) -> StreamPart? {
        guard case .stream(let stream) = source, options.batchSize != nil else { return nil }
        func range(_ items: Int) -> Range<Int> { rank * items / count..<(rank + 1) * items / count }
        guard let partitioned = stream as? any PartitionedStream else {
            return StreamPart(range: range, batchSize: batchSize, limit: options.n) { try stream.samples(epoch: $0) }
        }
        // As if every n-th item were this rank's.
        func own(_ items: Int) -> Int { Swift.max(0, items - rank + count - 1) / count }
        return StreamPart(
            range: nil, batchSize: Swift.max(1, own(batchSize)), limit: options.n.map(own),
            wholeBatch: options.dropLast ? batchSize : nil
        ) { try partitioned.samples(epoch: $0, part: rank, of: count) }
    }

    /// Whether each rank can read a part of its own.
    package var isPartitioned: Bool {
        if case .stream(let stream) = source { stream is any PartitionedStream } else { false }
    }

    /// One rank's part of every batch of epoch number `epoch`. Only its own items are put together; those of the others are
    /// read, too, unless the stream is partitioned.
    package func makeIterator(epoch: Int, part: StreamPart) throws -> BatchIterator {
        beforeIter(epoch: epoch)
        return try streamIterator(part, epoch: epoch, workers: options.numWorkers)
    }

    /// A stream has one reader: with workers, one thread reads ahead.
    private func streamIterator(_ part: StreamPart, epoch: Int, workers: Int) throws -> BatchIterator {
        let nextItem = try items(of: part, epoch: epoch)
        // What was read to learn whether this rank's part goes on.
        var peeked: Sample?
        let nextBatch: (Int) throws -> (Batch, [Int])? = { [self] _ in
            var items: [Sample] = []
            while items.count < part.batchSize {
                guard let item = try peeked ?? nextItem() else { break }
                peeked = nil
                items.append(item)
            }
            if items.isEmpty { return nil }
            guard let wholeBatch = part.wholeBatch else {
                if items.count < part.batchSize && options.dropLast { return nil }
                return try shared(items, part)
            }
            var (batch, indices) = try shared(items, part)
            if items.count == part.batchSize { peeked = try nextItem() }
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
    private func items(of part: StreamPart, epoch: Int) throws -> () throws -> Sample? {
        let next = try part.open(epoch)
        var taken = 0
        return { [self] in
            while part.limit.map({ taken < $0 }) ?? true, let item = try next() {
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

    /// This rank's part of a batch of `items`, put together, and the numbers of its items.
    private func shared(_ items: [Sample], _ part: StreamPart) throws -> (Batch, [Int]) {
        guard let own = part.range?(items.count) else {
            return (try createBatch(beforeBatch(items)), items.compactMap(\.index))
        }
        if own.isEmpty { return (try createBatch(beforeBatch([items[0]])).withoutItems, []) }
        var batch = try createBatch(beforeBatch(Array(items[own])))
        batch.firstItem = own.lowerBound
        return (batch, items[own].compactMap(\.index))
    }
}

extension DataLoader: Sequence {
    /// Iterates the next epoch. For errors that can be caught use `makeIterator(epoch:)`.
    public struct Iterator: IteratorProtocol {
        private var batches: BatchIterator

        init(_ batches: BatchIterator) { self.batches = batches }

        /// The next batch. An error of the dataset stops the program with its sentence.
        public mutating func next() -> Batch? {
            do {
                return try batches.next()
            } catch {
                stop("DataLoader: \(error)", file: #fileID, line: #line)
            }
        }
    }

    /// Starts the next epoch; `epoch` rises by one.
    public func makeIterator() -> Iterator {
        epoch += 1
        do {
            return Iterator(try makeIterator(epoch: epoch - 1))
        } catch {
            stop("DataLoader: \(error)", file: #fileID, line: #line)
        }
    }
}
