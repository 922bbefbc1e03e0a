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
        guard let model = (valid ?? train) as? DataLoader, let dataset = model.dataset else {
            return DataLoader(ItemsAsTheyAre(items, inputCount: inputCount, withLabels: withLabels))
        }
        let test =
            try (dataset as? any TransformedDataset)?.testSet(items, withLabels: withLabels)
            ?? ItemsAsTheyAre(items, inputCount: inputCount, withLabels: withLabels)
        let loader = model.new(dataset: test, shuffle: false, dropLast: false)
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
        if let loader = (valid ?? train) as? TransformedDataLoader {
            return try loader.decodeBatch(batch, maxCount: maxCount)
        }
        return (0..<max(0, min(maxCount, batch.size))).map { BatchRows.row(batch.members, $0) }
    }

    /// Adds transforms to loaders, to all by default; they learn from the first of them.
    /// - Precondition: the loaders are `TransformedDataLoader`s.
    public func addTransforms(
        _ transforms: [any Transform], at event: LoaderEvent, to which: [Int]? = nil, file: StaticString = #fileID,
        line: UInt = #line
    ) throws {
        var learned: [any Transform]?
        for number in which ?? Array(loaders.indices) {
            guard let loader = self[number] as? TransformedDataLoader else {
                stop(
                    "addTransforms: loader \(number) is a \(type(of: self[number])), not a TransformedDataLoader",
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
