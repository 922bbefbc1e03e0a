// SPDX-License-Identifier: Apache-2.0
// Items through one pipeline, with their split.

import LockstepTensor

/// Items seen through a pipeline: item i is what the pipeline makes of `items[i]`, each time it is asked for.
///
/// fastai's `TfmdLists`.
public struct TransformedLists {
    /// The items as they are before the pipeline.
    public let items: ItemList
    /// What items go through.
    public let pipeline: Pipeline
    /// Which items are for training and which for validation.
    public let split: Split
    /// The part of the data this is: 0 training, 1 validation; nil for the whole, on which training augmentations do not act.
    public let splitIndex: Int?
    /// The number of the transform to begin with.
    let start: Int

    /// Items and transforms, which learn now, unless `setup` is false.
    ///
    /// - Parameters:
    ///   - splits: everything is for training when nil.
    ///   - trainSetup: whether transforms learn from the training items only.
    /// - Throws: what reading an item or a transform throws.
    /// - Precondition: the split names only items that exist.
    public init(
        _ items: ItemList, transforms: [any Transform], splits: Split? = nil, splitIndex: Int? = nil,
        setup: Bool = true, trainSetup: Bool = true, file: StaticString = #fileID, line: UInt = #line
    ) throws {
        let split = splits ?? Split(train: Array(0..<items.count), valid: [])
        var pipeline = Pipeline(transforms)
        if setup {
            let training = items.subset(split.train, file: file, line: line)
            try pipeline.setup(items, training: training, trainSetup: trainSetup)
        }
        self.init(items, pipeline: pipeline, split: split, splitIndex: splitIndex)
    }

    /// The elements of a collection and transforms; as above.
    public init<Items: RandomAccessCollection>(
        _ items: Items, transforms: [any Transform], splits: Split? = nil, splitIndex: Int? = nil,
        setup: Bool = true, trainSetup: Bool = true, file: StaticString = #fileID, line: UInt = #line
    ) throws {
        try self.init(
            ItemList(items), transforms: transforms, splits: splits, splitIndex: splitIndex, setup: setup,
            trainSetup: trainSetup, file: file, line: line)
    }

    /// Items and a pipeline that has learned already.
    public init(_ items: ItemList, pipeline: Pipeline, split: Split? = nil, splitIndex: Int? = nil) {
        self.init(
            items, pipeline, split ?? Split(train: Array(0..<items.count), valid: []), splitIndex, start: 0)
    }

    private init(_ items: ItemList, _ pipeline: Pipeline, _ split: Split, _ splitIndex: Int?, start: Int) {
        (self.items, self.pipeline, self.split) = (items, pipeline, split)
        (self.splitIndex, self.start) = (splitIndex, start)
    }

    /// The number of items.
    public var count: Int { items.count }

    /// Item `index`, transformed.
    public subscript(index: Int) -> Any {
        get throws {
            try item(at: index, context: ItemContext(seed: 42, epoch: 0, index: index), number: 0)
        }
    }

    /// The items at `indices`, as a list.
    public subscript(indices: [Int]) -> [Any] {
        get throws { try indices.map { try self[$0] } }
    }

    /// The items where `mask` is true, as a list.
    public subscript(mask: [Bool]) -> [Any] {
        get throws { try self[mask.indices.filter { mask[$0] }] }
    }

    /// Item `index` with the randomness that belongs to it; `number` tells the pipelines of one dataset apart.
    func item(at index: Int, context: ItemContext, number: Int) throws -> Any {
        let item = ItemContext(seed: context.seed, epoch: context.epoch, index: items.originalIndex(index))
        var context = TransformContext(splitIndex: splitIndex, items: [item])
        context.use = UInt64(number + 1) << 8
        return try pipeline.encode(try items[index], context: context, from: start)
    }

    /// A value back through the pipeline.
    public func decode(_ value: Any, full: Bool = true) throws -> Any {
        try pipeline.decode(value, full: full, splitIndex: splitIndex)
    }

    /// Part `number` of the split, 0 for training and 1 for validation, with the same transforms.
    public func subset(_ number: Int, file: StaticString = #fileID, line: UInt = #line) -> TransformedLists {
        require(number == 0 || number == 1, "subset: there is no part \(number), only 0 and 1", file: file, line: line)
        let indices = number == 0 ? split.train : split.valid
        return TransformedLists(
            items.subset(indices, file: file, line: line), pipeline, Split(train: Array(0..<indices.count), valid: []),
            number, start: start)
    }

    /// The training items.
    public var train: TransformedLists { subset(0) }
    /// The validation items.
    public var valid: TransformedLists { subset(1) }

    /// Items that are in both parts.
    public var overlap: [Int] {
        let train = Set(split.train)
        return split.valid.filter(train.contains)
    }

    /// The same items as another part of the data sees them: with 0, validation items get training augmentations.
    public func with(splitIndex: Int?) -> TransformedLists {
        TransformedLists(items, pipeline, split, splitIndex, start: start)
    }

    /// The same transforms without items.
    public func newEmpty() -> TransformedLists {
        TransformedLists(ItemList([Int]()), pipeline, Split(train: [], valid: []), splitIndex, start: start)
    }

    /// Other items through the same transforms, from the one that takes what the first item is.
    ///
    /// - Throws: `DataError` listing the types that are taken.
    public func infer(_ items: ItemList, splitIndex: Int? = 1) throws -> TransformedLists {
        let start = items.count > 0 ? try pipeline.start(for: items[0]) : 0
        return TransformedLists(
            items, pipeline, Split(train: Array(0..<items.count), valid: []), splitIndex, start: start)
    }
}
