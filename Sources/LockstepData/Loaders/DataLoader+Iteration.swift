// SPDX-License-Identifier: Apache-2.0
// Iterating a loader: on the calling thread or ahead of it on workers, with the same batches either way.

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

    func iterate(epoch: Int, workers: Int) throws -> BatchIterator {
        beforeIter(epoch: epoch)
        switch source {
        case .indexed: return try indexedIterator(epoch: epoch, workers: workers)
        case .stream(let stream): return try streamIterator(stream, epoch: epoch, workers: workers)
        }
    }

    // MARK: Datasets

    /// Batches of whole index lists as long as nothing is skipped. Once an item is, the items that follow move up, so
    /// from there on only items are made ahead of time and put together here.
    private func indexedIterator(epoch: Int, workers: Int) throws -> BatchIterator {
        let order = indices(epoch: epoch)
        let size = options.batchSize ?? 1
        let chunkCount = (order.count + size - 1) / size
        let fullCount = options.dropLast ? order.count / size : chunkCount
        func chunk(_ number: Int) -> [Int] {
            Array(order[number * size..<Swift.min(number * size + size, order.count)])
        }

        var nextBatch: (() throws -> Assembled?)? = try ordered(count: fullCount, workers: workers) { [self] number in
            try assemble(chunk(number), epoch: epoch)
        }
        var nextSamples: () throws -> [Sample]? = { nil }
        var number = 0
        var waiting: [Sample] = []

        return BatchIterator { [self] in
            if let next = nextBatch {
                switch try next() {
                case .batch(let batch, let indices):
                    number += 1
                    return try finish(batch, indices: indices, epoch: epoch)
                case .rest(let samples):
                    // Dropping the first iterator joins its workers before new ones start.
                    nextBatch = nil
                    waiting = samples
                    let first = number + 1
                    nextSamples = try ordered(count: chunkCount - first, workers: workers) { [self] number in
                        try self.samples(chunk(first + number), epoch: epoch)
                    }
                case nil:
                    afterIter()
                    return nil
                }
            }
            while waiting.count < size, let more = try nextSamples() { waiting += more }
            if waiting.isEmpty || (waiting.count < size && options.dropLast) {
                afterIter()
                return nil
            }
            let items = Array(waiting.prefix(size))
            waiting.removeFirst(items.count)
            return try finish(
                try createBatch(beforeBatch(items)), indices: items.compactMap(\.index), epoch: epoch)
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

    /// A stream has one reader: with workers, one thread reads ahead.
    private func streamIterator(_ stream: any StreamDataset, epoch: Int, workers: Int) throws -> BatchIterator {
        let nextItem = try stream.samples(epoch: epoch)
        var taken = 0
        let nextBatch: (Int) throws -> (Batch, [Int])? = { [self] _ in
            let size = options.batchSize ?? 1
            var items: [Sample] = []
            while items.count < size, options.n.map({ taken < $0 }) ?? true, let item = try nextItem() {
                taken += 1
                let context = ItemContext(seed: options.seed, epoch: epoch, index: taken - 1)
                do {
                    var item = try afterItem(item, context: context)
                    item.index = taken - 1
                    items.append(item)
                } catch is SkipItem {
                    continue
                }
            }
            if items.isEmpty || (items.count < size && options.dropLast) { return nil }
            return (try createBatch(beforeBatch(items)), items.compactMap(\.index))
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
                stop("DataLoader: \(error)")
            }
        }
    }

    /// Starts the next epoch; `epoch` rises by one.
    public func makeIterator() -> Iterator {
        epoch += 1
        do {
            return Iterator(try makeIterator(epoch: epoch - 1))
        } catch {
            stop("DataLoader: \(error)")
        }
    }
}

/// Stops the program because of an error nobody can catch here.
private func stop(_ message: String) -> Never { fatalError(message) }
