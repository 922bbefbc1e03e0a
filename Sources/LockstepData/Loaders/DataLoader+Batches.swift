// SPDX-License-Identifier: Apache-2.0
// Making single batches, and loaders like this one.

import LockstepTensor

extension DataLoader {
    /// The batch of the items at `indices`, all steps from `createItem` to `afterBatch` included. Skipped items are missing
    /// from it; with no indices it has no items but the shapes of the others.
    public func batch(of indices: [Int], epoch: Int) throws -> Batch {
        let assembled = try assemble(indices, epoch: epoch)
        return try finish(try collated(assembled), indices: assembled.indices, epoch: epoch)
    }

    /// The first batch of the next epoch, made on the calling thread. Counts as an iteration: `epoch` rises.
    ///
    /// - Throws: `DataError` when the loader has no batches, and what the dataset throws.
    public func oneBatch() throws -> Batch {
        epoch += 1
        var iterator = try iterate(epoch: epoch - 1, workers: 0)
        guard let batch = try iterator.next() else { throw noBatches() }
        return batch
    }

    private func noBatches() -> DataError {
        let items = itemCount.map { "\($0) item\($0 == 1 ? "" : "s")" } ?? "a stream without items"
        let size = options.batchSize.map { ", batch size \($0)" } ?? ""
        let isDropped = options.dropLast && (itemCount ?? 0) > 0
        return DataError(
            .item, file: "data loader",
            "there are no batches: \(items)\(size)\(isDropped ? ", short batches dropped" : "")",
            remedy: isDropped ? "Use a smaller batchSize, or dropLast: false" : nil)
    }

    /// A loader of the same class over the same or another dataset, with the same options apart from those given. `n` is
    /// not carried over, to another dataset neither is the sampling, and epochs are counted from 0 again.
    public func new(
        dataset: (any Dataset)? = nil, batchSize: Int?? = .none, shuffle: Bool? = nil, dropLast: Bool? = nil,
        n: Int? = nil, numWorkers: Int? = nil, seed: UInt64? = nil, hooks: Hooks? = nil,
        sampling: Sampling? = nil, transforms: LoaderTransforms? = nil, file: StaticString = #fileID, line: UInt = #line
    ) -> Self {
        var options = options
        if let batchSize { options.batchSize = batchSize }
        if let shuffle { options.shuffle = shuffle }
        if let dropLast { options.dropLast = dropLast }
        if let numWorkers { options.numWorkers = numWorkers }
        if let seed { options.seed = seed }
        if let hooks { options.hooks = hooks }
        if let transforms { options.transforms = transforms }
        options.n = n
        if let sampling { options.sampling = sampling } else if dataset != nil { options.sampling = .every }
        if let dataset { return Self(dataset, options: options, file: file, line: line) }
        switch source {
        case .indexed(let dataset): return Self(dataset, options: options, file: file, line: line)
        case .stream(let stream): return Self(stream: stream, options: options, file: file, line: line)
        }
    }

    /// A loader like this one over other data: every item, in order.
    public func testLoader(for dataset: any Dataset) -> DataLoader {
        new(dataset: dataset, shuffle: false, dropLast: false)
    }

    /// A loader like this one without items.
    public func newEmpty() -> DataLoader {
        new(dataset: dataset?.newEmpty() ?? EmptyDataset(inputCount: inputCount), numWorkers: 0)
    }

    /// Whether a batch may have fewer items than were asked for.
    public var skipsItems: Bool { maySkip(epoch: 0) }

    // MARK: From indices to batches

    /// What came of a list of indices.
    enum Assembled {
        case batch(Batch, indices: [Int])
        /// Some items were skipped; these are left, not yet put together.
        case rest([PlacedSample])

        /// The numbers of the items, in order.
        var indices: [Int] {
            switch self {
            case .batch(_, let indices): indices
            case .rest(let items): items.compactMap(\.sample.index)
            }
        }
    }

    /// Makes the items at `indices`, and the batch of them unless some were skipped. Runs on worker threads.
    func assemble(_ indices: [Int], epoch: Int) throws -> Assembled {
        if readsWholeBatches, let batch = try dataset?.batch(at: indices, epoch: epoch) {
            return .batch(batch, indices: indices)
        }
        let items = try samples(indices, epoch: epoch)
        if items.count < indices.count || items.isEmpty { return .rest(items) }
        return .batch(try createBatch(beforeBatch(items.map(\.sample))), indices: indices)
    }

    /// An item, and where in the list it was made from the next one stands.
    struct PlacedSample {
        let sample: Sample
        var end: Int
    }

    /// The items at `indices` without the skipped ones.
    func samples(_ indices: [Int], epoch: Int) throws -> [PlacedSample] {
        var samples: [PlacedSample] = []
        samples.reserveCapacity(indices.count)
        for (place, index) in indices.enumerated() {
            let context = ItemContext(seed: options.seed, epoch: epoch, index: index)
            do {
                var sample = try afterItem(createItem(context), context: context)
                sample.index = index
                samples.append(PlacedSample(sample: sample, end: place + 1))
            } catch is SkipItem {
                continue
            }
        }
        return samples
    }

    /// A batch of what is left after skipping.
    func collated(_ assembled: Assembled) throws -> Batch {
        switch assembled {
        case .batch(let batch, _): batch
        case .rest(let items) where items.isEmpty: try emptyBatch()
        case .rest(let items): try createBatch(beforeBatch(items.map(\.sample)))
        }
    }

    func finish(_ batch: Batch, indices: [Int], epoch: Int) throws -> Batch {
        var done = try afterBatch(batch, context: BatchContext(seed: options.seed, epoch: epoch, indices: indices))
        // Where it stands is the loader's to say, whatever transforms make of its items.
        (done.firstItem, done.endPosition, done.shareOfWhole) = (batch.firstItem, batch.endPosition, batch.shareOfWhole)
        return done
    }

    /// A batch of no items with the shapes and types that items have, as the first item shows them that is not skipped.
    private func emptyBatch() throws -> Batch {
        guard let dataset, dataset.count > 0, options.batchSize != nil else {
            return Batch(inputs: [], targets: [], size: 0)
        }
        for item in modelItems(of: dataset) {
            let context = ItemContext(seed: options.seed, epoch: 0, index: item)
            do {
                return try createBatch(beforeBatch([afterItem(createItem(context), context: context)])).withoutItems
            } catch is SkipItem { continue }
        }
        return Batch(inputs: [], targets: [], size: 0)
    }
}
