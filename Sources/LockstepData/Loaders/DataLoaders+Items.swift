// SPDX-License-Identifier: Apache-2.0
// New items through the loaders of a run, and batches back to items.

import LockstepTensor

extension DataLoaders {
    /// A loader of new items with the validation loader's settings and transforms: every item, in order.
    ///
    /// Items go through the input pipelines (all of them `withLabels`), beginning with the transform that takes what
    /// the first item is. Where the data have no transforms, items are used as they are: tensors, numbers, `Sample`s or
    /// ``ItemTuple``s of them.
    ///
    /// - Throws: `DataError` listing the types that are taken.
    public func testLoader(for items: ItemList, withLabels: Bool = false) throws -> DataLoader {
        let model = valid ?? train
        let test =
            try (model.dataset as? any TransformedDataset)?.testSet(items, withLabels: withLabels)
            ?? ItemsAsTheyAre(items, inputCount: inputCount, withLabels: withLabels)
        // What a stream's loader does with its items is not for others.
        let loader = model.stream == nil ? model.testLoader(for: test) : DataLoader(test)
        loader.options.splitIndex = 1
        return loader
    }

    /// The same for the elements of a collection.
    public func testLoader<Items: RandomAccessCollection>(
        for items: Items, withLabels: Bool = false
    ) throws -> DataLoader {
        try testLoader(for: ItemList(items), withLabels: withLabels)
    }

    /// The first `maxCount` items of a batch of these data, as far back as transforms go; inputs first. Targets may be
    /// decoded predictions. Without transforms, the rows.
    public func decodeBatch(_ batch: Batch, maxCount: Int = 9) throws -> [ItemTuple] {
        try (valid ?? train).decodeBatch(batch, maxCount: maxCount, full: true)
    }

    /// Adds transforms to loaders, to all by default; they learn from the first of them.
    /// - Precondition: the loaders are `TransformedDataLoader`s, or others that take transforms.
    public func addTransforms(
        _ transforms: [any Transform], at event: LoaderEvent, to which: [Int]? = nil, file: StaticString = #fileID,
        line: UInt = #line
    ) throws {
        var learned: [any Transform]?
        for number in which ?? Array(loaders.indices) {
            guard let loader = self[number] as? any TransformingBatchSource else {
                stop(
                    "addTransforms: loader \(number) is a \(type(of: self[number])), which takes none; a TransformedDataLoader does",
                    file: file, line: line)
            }
            if let learned {
                loader.insert(learned, at: event)
            } else {
                learned = try loader.add(transforms, at: event)
            }
        }
    }

    /// What the training targets mean, when the data say so: the learner infers its loss from it.
    public var targetKind: TargetKind? { trainDataset?.targetKind }
    /// The classes, when the data have some.
    public var vocabulary: [String]? { trainDataset?.vocabulary }
}
