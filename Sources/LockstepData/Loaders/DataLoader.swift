// SPDX-License-Identifier: Apache-2.0
// The loader: its settings, its lengths, and the order of its items.

import LockstepTensor

/// Makes batches of a dataset, epoch by epoch.
///
/// ```swift
/// let loader = DataLoader(dataset, batchSize: 64, shuffle: true, seed: 42)
/// for batch in loader { print(batch.size) }            // the next epoch; a dataset that throws stops the program
/// var batches = try loader.makeIterator(epoch: 3)      // a certain epoch; errors are thrown
/// let others = loader.batchSequence(epoch: 3)          // a certain epoch, for a loop; it keeps its error
/// ```
///
/// The order of items is a function of (seed, epoch), whatever happened before, on every rank and with any number of
/// workers. Steps of one epoch: `beforeIter`, `indices(epoch:)`, per item `createItem` and `afterItem`, per batch
/// `beforeBatch`, `createBatch` and `afterBatch`, at the end `afterIter`. Each can be overridden in a subclass, or given as a
/// closure in `hooks`. With workers, all from `createItem` to `createBatch` runs on their threads.
open class DataLoader: IndexedBatchSource {
    /// Everything that says how a loader works, apart from its dataset.
    public struct Options {
        /// Items in a batch; nil when every item of the dataset is a batch already.
        public var batchSize: Int? = 64
        /// A new random order every epoch.
        public var shuffle = false
        /// Leave out a last batch that is not full.
        public var dropLast = false
        /// Use only the first `n` items (shuffled among themselves); nil for all.
        public var n: Int?
        /// Threads that prepare batches ahead of time; 0 prepares each when it is asked for.
        public var numWorkers = 0
        /// Every order and every random change follows from it.
        public var seed: UInt64 = 42
        /// Closures run at the steps of an epoch.
        public var hooks = Hooks()
        /// Which items an epoch takes.
        public var sampling = Sampling.every
        /// What a ``TransformedDataLoader`` does with items and batches.
        public var transforms = LoaderTransforms()
        /// The part of the data, 0 training and 1 validation, where the dataset does not say: which transforms act.
        public var splitIndex: Int?

        /// The defaults.
        public init() {}

        /// The order in which epoch number `epoch` takes the items of a data set of `count`: a function of these options and
        /// `epoch` alone.
        public func indices(of count: Int, epoch: Int) -> [Int] {
            sampling.indices(Swift.min(count, n ?? count), shuffle: shuffle, seed: seed, epoch: epoch)
        }

        /// The number of batches of an epoch of `count` items: rounded up, or down with `dropLast`.
        public func batchCount(of count: Int) -> Int {
            guard let batchSize else { return count }
            return count / batchSize + (dropLast || count % batchSize == 0 ? 0 : 1)
        }
    }

    /// Closures run at the steps of an epoch, if set.
    public struct Hooks {
        /// Called when an epoch begins.
        public var beforeIter: ((_ epoch: Int) -> Void)?
        /// May throw `SkipItem()`.
        public var afterItem: ((Sample, ItemContext) throws -> Sample)?
        /// Sees a batch's items before they are put together, and may replace them.
        public var beforeBatch: (([Sample]) throws -> [Sample])?
        /// Instead of collating.
        public var createBatch: (([Sample]) throws -> Batch)?
        /// Sees a batch, and may replace it.
        public var afterBatch: ((Batch, BatchContext) throws -> Batch)?
        /// Called when an epoch has ended.
        public var afterIter: (() -> Void)?

        /// No hooks.
        public init() {}
    }

    enum Source {
        case indexed(any Dataset)
        case stream(any StreamDataset)
    }

    let source: Source
    /// All settings.
    public final var options: Options
    /// The number of the epoch that the next iteration without a number of its own gets; each one raises it.
    public var epoch = 0

    /// A loader over a dataset, with all options at once.
    /// - Precondition: `batchSize` and `n` are sensible, `dropLast` only with a batch size.
    public required init(_ dataset: any Dataset, options: Options, file: StaticString = #fileID, line: UInt = #line) {
        source = .indexed(dataset)
        self.options = options
        check(file, line)
    }

    /// A loader over a stream, with all options at once.
    /// - Precondition: as above; a stream cannot be shuffled.
    public required init(stream: any StreamDataset, options: Options, file: StaticString = #fileID, line: UInt = #line)
    {
        source = .stream(stream)
        self.options = options
        check(file, line)
    }

    /// A loader over a dataset.
    ///
    /// - Parameters:
    ///   - batchSize: items in a batch; nil when every item is a batch already.
    ///   - n: use only the first `n` items.
    ///   - numWorkers: threads that work ahead; 0 for none. The batches are the same.
    public convenience init(
        _ dataset: any Dataset, batchSize: Int? = 64, shuffle: Bool = false, dropLast: Bool = false, n: Int? = nil,
        numWorkers: Int = 0, seed: UInt64 = 42, hooks: Hooks = Hooks(), file: StaticString = #fileID, line: UInt = #line
    ) {
        var options = Options()
        options.batchSize = batchSize
        options.shuffle = shuffle
        options.dropLast = dropLast
        options.n = n
        options.numWorkers = numWorkers
        options.seed = seed
        options.hooks = hooks
        self.init(dataset, options: options, file: file, line: line)
    }

    private func check(_ file: StaticString, _ line: UInt) {
        require(
            options.batchSize.map { $0 > 0 } ?? true,
            "DataLoader: batchSize is \(options.batchSize ?? 0), at least 1 is needed",
            file: file, line: line)
        require(
            options.batchSize != nil || !options.dropLast,
            "DataLoader: dropLast needs a batchSize; without one every item is a whole batch", file: file, line: line)
        require(
            options.n.map { $0 >= 0 } ?? true, "DataLoader: n is \(options.n ?? 0), it counts items", file: file,
            line: line)
        require(
            options.numWorkers >= 0, "DataLoader: numWorkers is \(options.numWorkers), it counts threads", file: file,
            line: line)
        if let dataset { options.sampling.check(dataset.count, file, line) }
        if case .stream = source {
            require(
                !options.shuffle, "DataLoader: a stream cannot be shuffled, its items cannot be asked for by number",
                file: file, line: line)
        }
    }

    // MARK: Settings

    /// The dataset; nil for a stream.
    public final var dataset: (any Dataset)? {
        if case .indexed(let dataset) = source { return dataset }
        return nil
    }
    /// The stream; nil for a dataset.
    public final var stream: (any StreamDataset)? {
        if case .stream(let stream) = source { return stream }
        return nil
    }
    /// This loader, unless it reads a stream.
    public final var indexed: (any IndexedBatchSource)? { dataset == nil ? nil : self }
    /// Whether items come from a stream and not by number.
    public var isStream: Bool { dataset == nil }
    /// Items in a batch; nil when items are batches.
    public var batchSize: Int? { options.batchSize }
    /// Whether every epoch has an order of its own.
    public var shuffle: Bool { options.shuffle }
    /// Whether a short last batch is left out.
    public var dropLast: Bool { options.dropLast }
    /// Threads that make batches ahead of time.
    public var numWorkers: Int {
        get { options.numWorkers }
        set { options.numWorkers = newValue }
    }
    /// What the order of items follows from, with the epoch.
    public var seed: UInt64 { options.seed }
    /// Closures run at the steps of an epoch.
    public var hooks: Hooks {
        get { options.hooks }
        set { options.hooks = newValue }
    }

    /// How many members of a batch are inputs.
    open var inputCount: Int {
        switch source {
        case .indexed(let dataset): dataset.inputCount
        case .stream(let stream): stream.inputCount
        }
    }

    // MARK: Lengths and order

    /// The number of items of one epoch; nil when a stream does not know.
    open var itemCount: Int? {
        let available: Int? =
            switch source {
            case .indexed(let dataset): dataset.count
            case .stream(let stream): stream.count
            }
        return available.map { available in
            let count = Swift.min(available, options.n ?? available)
            if case .partial(let wanted) = options.sampling { return Swift.min(count, wanted) }
            return count
        }
    }

    /// The number of batches of one epoch: items / batch size, rounded up, or down with `dropLast`. Items that are
    /// skipped still count here.
    public var batchCount: Int? {
        guard let items = itemCount else { return nil }
        return options.batchCount(of: items)
    }

    /// The dataset's indices in the order in which epoch `epoch` takes them: a function of the seed and `epoch` alone.
    /// - Precondition: not a stream.
    open func indices(epoch: Int) -> [Int] {
        require(dataset != nil, "DataLoader.indices: a stream has no indices")
        return options.indices(of: dataset?.count ?? 0, epoch: epoch)
    }

    /// Whether `indices(epoch:)` is known to follow from the seed alone, so that every rank can work it out for itself. A
    /// subclass that leaves the order alone may say so; by default it may not be.
    open var ordersBySeed: Bool { type(of: self) == DataLoader.self }

    /// `indices(epoch:)` cut into batches, a short last one kept or left out as `dropLast` says.
    public func indexBatches(epoch: Int) -> [[Int]] {
        let order = indices(epoch: epoch)
        let size = options.batchSize ?? 1
        let end = options.dropLast ? order.count / size * size : order.count
        return stride(from: 0, to: end, by: size).map { Array(order[$0..<Swift.min($0 + size, end)]) }
    }

    /// Items whose shapes a batch without items may have: the first that is not skipped gives them.
    func modelItems(of dataset: any Dataset) -> any Sequence<Int> { 0..<dataset.count }

    /// Refuses an epoch of another length than is told; ours have one length.
    func checkLength(of order: [Int], epoch: Int) throws {}

    /// Whether items of an epoch may be skipped: not where batches are read whole. The same answer on every rank.
    func maySkip(epoch: Int) -> Bool {
        guard readsWholeBatches, let dataset else { return true }
        return dataset.count > 0 && (try? dataset.batch(at: [0], epoch: epoch)) == nil
    }

    // MARK: Loaders like it

    /// The same items, none left out: in a random order, in that of the dataset, or (nil) in this loader's.
    open func complete(shuffle: Bool? = nil, seed: UInt64? = nil) -> any IndexedBatchSource {
        new(shuffle: shuffle, dropLast: false, seed: seed)
    }

    /// The same items in the same order twice, with random changes and as they are.
    open func ttaLoaders(_ changes: TTAChanges) throws -> (augmented: any BatchSource, plain: any BatchSource)? {
        if let dataset, changes.itemTransforms != nil || changes.batchTransforms != nil {
            return try TransformedDataLoader(dataset, options: options).ttaLoaders(changes)
        }
        return (new(hooks: changes.augmentedHooks), new(hooks: changes.plainHooks))
    }

    /// The first `maxCount` items of a batch as they were before all transforms; inputs first. Without transforms, its rows.
    open func decodeBatch(_ batch: Batch, maxCount: Int = 9, full: Bool = true) throws -> [ItemTuple] {
        (0..<Swift.max(0, Swift.min(maxCount, batch.size))).map { Decollation.row(batch.members, $0) }
    }

    // MARK: Steps of an epoch

    /// Called once at the start of an epoch.
    open func beforeIter(epoch: Int) { options.hooks.beforeIter?(epoch) }

    /// Makes one item. May throw `SkipItem()`.
    open func createItem(_ context: ItemContext) throws -> Sample {
        guard let dataset else { throw DataError(.item, file: "data loader", "a stream has no item \(context.index)") }
        return try dataset.item(at: context.index, context: context)
    }

    /// Changes one item. May throw `SkipItem()`.
    open func afterItem(_ sample: Sample, context: ItemContext) throws -> Sample {
        try options.hooks.afterItem?(sample, context) ?? sample
    }

    /// Changes the items of one batch, for example to bring them to one size.
    open func beforeBatch(_ samples: [Sample]) throws -> [Sample] { try options.hooks.beforeBatch?(samples) ?? samples }

    /// Puts items together; by default stacks them member by member.
    open func createBatch(_ samples: [Sample]) throws -> Batch {
        if let create = options.hooks.createBatch { return try create(samples) }
        guard options.batchSize == nil, samples.count == 1 else { return try Collation.batch(samples) }
        return Batch(inputs: samples[0].inputs, targets: samples[0].targets)
    }

    /// Changes a whole batch; always on the thread that iterates.
    open func afterBatch(_ batch: Batch, context: BatchContext) throws -> Batch {
        try options.hooks.afterBatch?(batch, context) ?? batch
    }

    /// Called after the last batch of an epoch; not when the iteration is given up earlier.
    open func afterIter() { options.hooks.afterIter?() }

    /// Whether batches may be asked of the dataset whole (`Dataset.batch(at:epoch:)`), which leaves out the steps from
    /// `createItem` to `createBatch`. Only when none of them does anything; a subclass that overrides none may say so.
    open var readsWholeBatches: Bool {
        type(of: self) == DataLoader.self && hasNoItemSteps
    }

    /// Whether no hook stands between the items and the batch.
    final var hasNoItemSteps: Bool {
        options.batchSize != nil && options.hooks.afterItem == nil && options.hooks.beforeBatch == nil
            && options.hooks.createBatch == nil
    }
}
