// SPDX-License-Identifier: Apache-2.0
// A loader with transforms of items and of batches, and the way back from a batch to items.

import LockstepTensor

/// The transforms of a loader. All three are values that have learned what they have to.
public struct LoaderTransforms {
    /// Acts on every item as an ``ItemTuple``.
    public var afterItem = Pipeline()
    /// Acts on the items of one batch, `[Sample]`.
    public var beforeBatch = Pipeline()
    /// Acts on whole batches, an ``ItemTuple`` of tensors or ``SemanticTensor``s.
    public var afterBatch = Pipeline()

    /// Three pipelines.
    public init(afterItem: Pipeline = Pipeline(), beforeBatch: Pipeline = Pipeline(), afterBatch: Pipeline = Pipeline())
    {
        (self.afterItem, self.beforeBatch, self.afterBatch) = (afterItem, beforeBatch, afterBatch)
    }

    /// Whether none of them does anything.
    public var isEmpty: Bool { afterItem.isEmpty && beforeBatch.isEmpty && afterBatch.isEmpty }
}

/// A step of a loader that transforms act at.
public enum LoaderEvent: Sendable, CaseIterable { case afterItem, beforeBatch, afterBatch }

/// A loader with transforms: of items on their way into a batch (on worker threads, if there are any), and of whole batches.
///
/// Transforms for training act where the dataset is the training part. Random ones are functions of (seed, epoch, item): any
/// number of workers or ranks gives the same batches. Hooks act after the transforms of the same step.
///
/// fastai's `TfmdDL`.
open class TransformedDataLoader: DataLoader, TransformingBatchSource {
    private var foundTypes: [any SemanticTensor.Type]?

    /// A loader with all options at once, its transforms included: nothing learns.
    public required init(_ dataset: any Dataset, options: Options, file: StaticString = #fileID, line: UInt = #line) {
        super.init(dataset, options: options, file: file, line: line)
    }

    /// A loader over a stream; the same.
    public required init(stream: any StreamDataset, options: Options, file: StaticString = #fileID, line: UInt = #line)
    {
        super.init(stream: stream, options: options, file: file, line: line)
    }

    /// A loader over a dataset, transformed or not; the transforms learn now, in order, each with those before it in place.
    ///
    /// - Parameter splitIndex: the part of the data that a dataset is which does not say itself.
    /// - Throws: what a transform throws while it learns.
    public convenience init(
        _ dataset: any Dataset, batchSize: Int? = 64, shuffle: Bool = false, dropLast: Bool = false, n: Int? = nil,
        numWorkers: Int = 0, seed: UInt64 = 42, splitIndex: Int? = nil, afterItem: [any Transform] = [],
        beforeBatch: [any Transform] = [], afterBatch: [any Transform] = [], hooks: Hooks = Hooks(),
        file: StaticString = #fileID, line: UInt = #line
    ) throws {
        var options = Options()
        (options.batchSize, options.shuffle, options.dropLast) = (batchSize, shuffle, dropLast)
        (options.n, options.numWorkers, options.seed, options.hooks) = (n, numWorkers, seed, hooks)
        options.splitIndex = splitIndex
        self.init(dataset, options: options, file: file, line: line)
        try add(afterItem, at: .afterItem)
        try add(beforeBatch, at: .beforeBatch)
        try add(afterBatch, at: .afterBatch)
    }

    /// The transforms of items and batches.
    public var transforms: LoaderTransforms {
        get { options.transforms }
        set { options.transforms = newValue }
    }

    /// Adds transforms, which learn from this loader, in their order. Returns what they have become.
    @discardableResult
    public func add(_ transforms: [any Transform], at event: LoaderEvent) throws -> [any Transform] {
        try Pipeline(transforms).transforms.map { transform in
            var transform = transform
            try transform.setup(loader: self)
            insert([transform], at: event)
            return transform
        }
    }

    /// Adds transforms that have learned already, or have nothing to learn.
    public func insert(_ transforms: [any Transform], at event: LoaderEvent) {
        switch event {
        case .afterItem: options.transforms.afterItem.insert(transforms)
        case .beforeBatch: options.transforms.beforeBatch.insert(transforms)
        case .afterBatch: options.transforms.afterBatch.insert(transforms)
        }
        foundTypes = nil
    }

    /// The part of the data: 0 training, 1 validation; nil when neither the dataset nor the options say.
    public var splitIndex: Int? { (dataset as? any TransformedDataset)?.splitIndex ?? options.splitIndex }

    /// A loader like this one whose items are treated as another part of the data: with 0, training augmentations act.
    public func with(splitIndex: Int?) -> Self {
        var dataset = dataset
        if let transformed = dataset as? any TransformedDataset { dataset = transformed.with(splitIndex: splitIndex) }
        let copy = new(dataset: dataset, n: options.n)
        (copy.options.splitIndex, copy.options.sampling) = (splitIndex, options.sampling)
        return copy
    }

    /// The first batch of epoch 0, in the order of the dataset unless this loader shuffles: what batch transforms learn
    /// from. No epoch is counted.
    public func firstBatch() throws -> Batch {
        guard let indices = indexBatches(epoch: 0).first else {
            throw DataError(
                .item, file: "data loader", "there is no batch to learn the transforms' statistics from",
                remedy: "Give the statistics, or more items")
        }
        return try batch(of: indices, epoch: 0)
    }

    open override func ttaLoaders(
        _ changes: TTAChanges
    ) throws -> (augmented: any BatchSource, plain: any BatchSource)? {
        guard dataset != nil, changes.itemTransforms != nil || changes.batchTransforms != nil else {
            let augmented = new(hooks: changes.augmentedHooks).with(splitIndex: 0)
            return (augmented, new(hooks: changes.plainHooks).with(splitIndex: 1))
        }
        let changed = new(dropLast: false)
        if let transforms = changes.itemTransforms {
            changed.transforms.afterItem = Pipeline()
            try changed.add(transforms, at: .afterItem)
        }
        if let transforms = changes.batchTransforms {
            changed.transforms.afterBatch = Pipeline()
            try changed.add(transforms, at: .afterBatch)
        }
        return (changed.with(splitIndex: 0), changed.with(splitIndex: 1))
    }

    /// The first `maxCount` items of a batch as they were before all transforms, the dataset's included; inputs first.
    ///
    /// - Parameter full: whether to go all the way back; otherwise until each member can show itself.
    open override func decodeBatch(_ batch: Batch, maxCount: Int = 9, full: Bool = true) throws -> [ItemTuple] {
        try decodedItems(of: batch, maxCount: maxCount, full: full)
    }

    // MARK: Steps

    open override func createItem(_ context: ItemContext) throws -> Sample {
        guard let dataset = dataset as? any TransformedDataset else {
            let sample = try super.createItem(context)
            return options.transforms.afterItem.isEmpty ? sample : try transformed(plainTuple(sample), context)
        }
        return try transformed(dataset.tuple(at: context.index, context: context), context)
    }

    open override func afterItem(_ sample: Sample, context: ItemContext) throws -> Sample {
        // Items of a stream come ready made; those of a dataset were transformed before they became tensors.
        guard dataset == nil, !options.transforms.afterItem.isEmpty else {
            return try super.afterItem(sample, context: context)
        }
        return try super.afterItem(transformed(plainTuple(sample), context), context: context)
    }

    private func transformed(_ tuple: ItemTuple, _ context: ItemContext) throws -> Sample {
        try Sample(encodedItem(tuple, context), inputCount: inputCount)
    }

    private func encodedItem(_ tuple: ItemTuple, _ item: ItemContext) throws -> ItemTuple {
        var context = TransformContext(splitIndex: splitIndex, items: [item])
        context.use = Use.afterItem
        let value = try options.transforms.afterItem.encode(tuple, context: context)
        return ItemTuple(item: value)
    }

    open override func beforeBatch(_ samples: [Sample]) throws -> [Sample] {
        guard !options.transforms.beforeBatch.isEmpty else { return try super.beforeBatch(samples) }
        var context = TransformContext(splitIndex: splitIndex)
        context.use = Use.beforeBatch
        let value = try options.transforms.beforeBatch.encode(samples, context: context)
        guard let samples = value as? [Sample] else {
            throw DataError(
                .item, file: "data loader", "the beforeBatch transforms make \(type(of: value)), not [Sample]")
        }
        return try super.beforeBatch(samples)
    }

    open override func afterBatch(_ batch: Batch, context: BatchContext) throws -> Batch {
        guard !options.transforms.afterBatch.isEmpty else { return try super.afterBatch(batch, context: context) }
        let rows = context.indices.count == batch.size ? context.indices : Array(0..<batch.size)
        var encoding = TransformContext(
            splitIndex: splitIndex,
            items: rows.map { ItemContext(seed: context.seed, epoch: context.epoch, index: $0) }, isBatch: true)
        encoding.use = Use.afterBatch
        let value = try options.transforms.afterBatch.encode(semantic(batch.members), context: encoding)
        var result = try Batch(value, inputCount: batch.inputs.count, size: batch.size)
        result.firstItem = batch.firstItem
        return try super.afterBatch(result, context: context)
    }

    /// Only where neither items nor their lists are transformed: `afterBatch` does not mind.
    open override var readsWholeBatches: Bool {
        isOurs && hasNoItemSteps && options.transforms.afterItem.isEmpty && options.transforms.beforeBatch.isEmpty
    }

    open override var ordersBySeed: Bool { isOurs }

    private var isOurs: Bool {
        let type = type(of: self)
        return type == TransformedDataLoader.self || type == WeightedDataLoader.self || type == PartialDataLoader.self
    }

    // MARK: Types of members

    /// `tensors` as what the items' members were before they became plain tensors.
    func semantic(_ tensors: [Tensor]) -> ItemTuple { ItemTuple(tensors, types: memberTypes()) }

    private func plainTuple(_ sample: Sample) -> ItemTuple {
        ItemTuple(sample.members, types: dataset?.memberTypes ?? [])
    }

    /// What the members of the first item that can be made are.
    private func memberTypes() -> [any SemanticTensor.Type] {
        if let foundTypes { return foundTypes }
        var types = dataset?.memberTypes ?? []
        if let dataset = dataset, dataset is any TransformedDataset || !options.transforms.afterItem.isEmpty {
            // An item may have an unknown label, say: who iterates is told. A few are enough to look at.
            for index in 0..<Swift.min(dataset.count, 16) {
                let context = ItemContext(seed: options.seed, epoch: 0, index: index)
                do {
                    let item =
                        try (dataset as? any TransformedDataset)?.tuple(at: index, context: context)
                        ?? plainTuple(dataset.item(at: index, context: context))
                    types = try encodedItem(item, context).members.map {
                        ($0 as? any SemanticTensor).map { type(of: $0) } ?? Tensor.self
                    }
                    break
                } catch {
                    continue
                }
            }
        }
        foundTypes = types
        return types
    }

    /// The random numbers of a loader's pipelines, apart from those of a dataset's, which count from 1.
    private enum Use {
        static let afterItem: UInt64 = 1 << 20
        static let beforeBatch: UInt64 = 2 << 20
        static let afterBatch: UInt64 = 3 << 20
    }
}

extension Batch {
    /// A batch of the tensors in `value`, an ``ItemTuple`` of them.
    init(_ value: Any, inputCount: Int, size: Int) throws(DataError) {
        let members = (value as? ItemTuple)?.members ?? [value]
        let tensors = members.compactMap { ($0 as? any SemanticTensor)?.tensor }
        guard tensors.count == members.count else {
            throw DataError(
                .item, file: "data loader",
                "the afterBatch transforms make \(members.map { "\(type(of: $0))" }.joined(separator: ", ")), not tensors"
            )
        }
        self.init(members: tensors, inputCount: inputCount, size: size)
    }
}
