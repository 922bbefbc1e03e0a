// SPDX-License-Identifier: Apache-2.0
// A dataset together with its split into training and validation items.

import LockstepTensor

/// Items, what becomes of them, and their split.
///
/// ```swift
/// let data = Datasets(TensorDataset(inputs: [x], targets: [y]), split: .random(0.2, seed: 1))
/// let files = try FileList.files(in: "pets", extensions: ["png"])
/// let pets = try Datasets(files, transforms: [[OpenImage()], [ParentLabel(), Categorize()]], splits: split)
/// let dls = data.dataLoaders(batchSize: 64)
/// ```
public struct Datasets {
    /// All items.
    public let all: any Dataset
    /// Which items are for training and which for validation.
    public let split: Split
    /// The items for training.
    public let train: any Dataset
    /// The items for validation.
    public let valid: any Dataset

    /// A dataset that makes its items itself.
    /// - Precondition: the split names only items that exist.
    public init(
        _ all: any Dataset, split: Splitter = .none, file: StaticString = #fileID, line: UInt = #line
    ) {
        self.init(all, split: split(all.count), file: file, line: line)
    }

    /// A dataset that makes its items itself.
    /// - Precondition: the split names only items that exist.
    public init(_ all: any Dataset, split: Split, file: StaticString = #fileID, line: UInt = #line) {
        self.all = all
        self.split = split
        train = Subset(all, split.train, file: file, line: line)
        valid = Subset(all, split.valid, file: file, line: line)
    }

    /// Members made of the same items by one pipeline each, which learn from the training items now.
    ///
    /// - Parameters:
    ///   - splits: everything is for training when nil.
    ///   - nInputs: how many members are inputs; all but the last when nil, at least one.
    /// - Throws: what reading an item or a transform throws.
    /// - Precondition: at least one pipeline; the split names only items that exist.
    public init(
        _ items: ItemList, transforms: [[any Transform]], splits: Split? = nil, nInputs: Int? = nil,
        trainSetup: Bool = true, file: StaticString = #fileID, line: UInt = #line
    ) throws {
        let lists = try transforms.map {
            try TransformedLists(
                items, transforms: $0, splits: splits, trainSetup: trainSetup, file: file, line: line)
        }
        self.init(lists, nInputs, file, line)
    }

    /// The elements of a collection; as above.
    public init<Items: RandomAccessCollection>(
        _ items: Items, transforms: [[any Transform]], splits: Split? = nil, nInputs: Int? = nil,
        trainSetup: Bool = true, file: StaticString = #fileID, line: UInt = #line
    ) throws {
        try self.init(
            ItemList(items), transforms: transforms, splits: splits, nInputs: nInputs, trainSetup: trainSetup,
            file: file, line: line)
    }

    /// Pipelines that have learned already over items, none by default: how exported data are made again.
    public init(
        pipelines: [Pipeline], items: ItemList = ItemList([Int]()), splits: Split? = nil, nInputs: Int? = nil,
        file: StaticString = #fileID, line: UInt = #line
    ) {
        self.init(pipelines.map { TransformedLists(items, pipeline: $0, split: splits) }, nInputs, file, line)
    }

    private init(_ lists: [TransformedLists], _ nInputs: Int?, _ file: StaticString, _ line: UInt) {
        require(!lists.isEmpty, "Datasets: no pipelines; an empty one leaves items as they are", file: file, line: line)
        let inputCount = nInputs ?? max(1, lists.count - 1)
        require(
            inputCount >= 0 && inputCount <= lists.count,
            "Datasets: nInputs is \(inputCount), of \(lists.count) members", file: file, line: line)
        let tuples = TransformedTuples(lists, inputCount: inputCount)
        (all, split) = (tuples, lists[0].split)
        (train, valid) = (tuples.subset(0), tuples.subset(1))
    }

    /// The pipelines, one per member; nil where the dataset makes its items itself.
    public var pipelines: [Pipeline]? { (all as? any TransformedDataset)?.pipelines }

    /// Item `index`, transformed, as part of the whole: training augmentations do not act.
    public subscript(index: Int) -> ItemTuple {
        get throws { try tuple(at: index, context: ItemContext(seed: 42, epoch: 0, index: index)) }
    }

    /// The items at `indices`, transformed.
    public subscript(indices: [Int]) -> [ItemTuple] {
        get throws { try indices.map { try self[$0] } }
    }

    /// Members back through their transforms.
    public func decode(_ tuple: ItemTuple) throws -> ItemTuple { try decode(tuple, full: true) }

    /// Items that are in both parts; a validation that measures what was trained on is worth little.
    public var overlap: [Int] {
        let train = Set(split.train)
        return split.valid.filter(train.contains)
    }
}

extension Datasets: TransformedDataset {
    /// The number of items.
    public var count: Int { all.count }
    /// How many of an item's members are inputs.
    public var inputCount: Int { all.inputCount }
    /// None: all parts.
    public var splitIndex: Int? { nil }
    /// What the targets mean, from which a learner infers its loss.
    public var targetKind: TargetKind? { all.targetKind }
    /// The classes that numbers stand for.
    public var vocabulary: [String]? { all.vocabulary }

    /// The item at an index, transformed, its members with their types.
    public func tuple(at index: Int, context: ItemContext) throws -> ItemTuple {
        if let transformed = all as? any TransformedDataset {
            return try transformed.tuple(at: index, context: context)
        }
        return ItemTuple(try all.item(at: index, context: context).members)
    }

    /// The items at these indices as one batch; nil where they have to be made one by one.
    public func batch(at indices: [Int], epoch: Int) throws -> Batch? { try all.batch(at: indices, epoch: epoch) }

    /// An item before the transforms.
    public func decode(_ tuple: ItemTuple, full: Bool) throws -> ItemTuple {
        try (all as? any TransformedDataset)?.decode(tuple, full: full) ?? tuple
    }

    /// The same items as another part of the data.
    public func with(splitIndex: Int?) -> any TransformedDataset {
        (all as? any TransformedDataset)?.with(splitIndex: splitIndex) ?? self
    }

    /// The same without items.
    public func newEmpty() -> any Dataset { all.newEmpty() }

    /// New items in place of these, transformed as these are.
    public func testSet(_ items: ItemList, withLabels: Bool) throws -> any Dataset {
        if let transformed = all as? any TransformedDataset {
            return try transformed.testSet(items, withLabels: withLabels)
        }
        return ItemsAsTheyAre(items, inputCount: inputCount, withLabels: withLabels)
    }
}

/// Items of any type without transforms: tensors, numbers, samples, or tuples of them.
struct ItemsAsTheyAre: Dataset {
    let items: ItemList
    let inputCount: Int
    let withLabels: Bool

    init(_ items: ItemList, inputCount: Int, withLabels: Bool) {
        (self.items, self.inputCount, self.withLabels) = (items, inputCount, withLabels)
    }

    var count: Int { items.count }

    func item(at index: Int) throws -> Sample {
        let value = try items[index]
        let sample = try value as? Sample ?? Sample(ItemTuple(item: value), inputCount: inputCount)
        return withLabels ? sample : Sample(inputs: sample.inputs)
    }
}
