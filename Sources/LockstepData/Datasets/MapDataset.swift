// SPDX-License-Identifier: Apache-2.0
// Datasets made from closures over any collection, parts of datasets, and a dataset without items.

public import LockstepTensor

/// Items made by closures from the elements of a collection.
///
/// ```swift
/// let data = MapDataset(0..<5, inputs: [{ Tensor(Double(-$0)) }], targets: [{ Tensor(Double($0 + 1)) }])
/// ```
public struct MapDataset<Items: RandomAccessCollection>: Dataset {
    /// What items are made from.
    public let items: Items
    /// How many of an item's members are inputs.
    public let inputCount: Int
    private let make: (Items.Element) throws -> Sample

    /// One closure per member of an item.
    public init(
        _ items: Items, inputs: [(Items.Element) throws -> Tensor], targets: [(Items.Element) throws -> Tensor] = []
    ) {
        self.items = items
        inputCount = inputs.count
        make = { element in
            Sample(inputs: try inputs.map { try $0(element) }, targets: try targets.map { try $0(element) })
        }
    }

    /// One closure that makes the whole item.
    public init(_ items: Items, inputCount: Int = 1, _ make: @escaping (Items.Element) throws -> Sample) {
        self.items = items
        self.inputCount = inputCount
        self.make = make
    }

    /// One closure that makes an item as a tuple: what the model is given, and what it should say.
    ///
    /// ```swift
    /// let squares = MapDataset(0..<100) { i in (Tensor(Double(i)), Tensor(Double(i * i))) }
    /// ```
    public init(_ items: Items, _ make: @escaping (Items.Element) throws -> (Tensor, Tensor)) {
        self.init(items) { element in
            let (input, target) = try make(element)
            return Sample(inputs: [input], targets: [target])
        }
    }

    /// The number of items.
    public var count: Int { items.count }

    /// The item at an index.
    public func item(at index: Int) throws -> Sample {
        require(index >= 0 && index < count, "MapDataset: there is no item \(index) among \(count)")
        return try make(items[items.index(items.startIndex, offsetBy: index)])
    }
}

/// Some items of another dataset, in a chosen order.
public struct Subset: Dataset {
    /// The data set it takes items from.
    public let base: any Dataset
    /// Indices into `base`.
    public let indices: [Int]

    /// - Precondition: every index is one of `base`'s.
    public init(_ base: any Dataset, _ indices: [Int], file: StaticString = #fileID, line: UInt = #line) {
        let range = 0..<base.count
        for index in indices {
            require(
                range.contains(index), "Subset: there is no item \(index) among \(base.count)", file: file, line: line)
        }
        self.base = base
        self.indices = indices
    }

    /// The number of items.
    public var count: Int { indices.count }
    /// How many of an item's members are inputs.
    public var inputCount: Int { base.inputCount }
    /// The item at an index.
    public func item(at index: Int) throws -> Sample { try base.item(at: indices[index]) }

    /// The item at `index`; what is random about it follows from `context`.
    public func item(at index: Int, context: ItemContext) throws -> Sample {
        try base.item(
            at: indices[index], context: ItemContext(seed: context.seed, epoch: context.epoch, index: indices[index]))
    }

    /// The items at these indices as one batch; nil where they have to be made one by one.
    public func batch(at positions: [Int], epoch: Int) throws -> Batch? {
        try base.batch(at: positions.map { indices[$0] }, epoch: epoch)
    }

    /// What an item's members are, beyond tensors.
    public var memberTypes: [any SemanticTensor.Type] { base.memberTypes }
    /// What the targets mean, from which a learner infers its loss.
    public var targetKind: TargetKind? { base.targetKind }
    /// The classes that numbers stand for.
    public var vocabulary: [String]? { base.vocabulary }
    /// The same without items.
    public func newEmpty() -> any Dataset { base.newEmpty() }
}

/// A dataset without items that remembers what they would be like.
public struct EmptyDataset: Dataset {
    /// How many of an item's members are inputs.
    public let inputCount: Int

    /// What an item's members are, beyond tensors.
    public let memberTypes: [any SemanticTensor.Type]
    /// What the targets mean, from which a learner infers its loss.
    public let targetKind: TargetKind?
    /// The classes that numbers stand for.
    public let vocabulary: [String]?

    /// A data set without items, of this many inputs.
    public init(inputCount: Int = 1, targetKind: TargetKind? = nil, vocabulary: [String]? = nil) {
        (self.inputCount, self.targetKind, self.vocabulary) = (inputCount, targetKind, vocabulary)
        memberTypes = []
    }

    /// What is left of `dataset` without its items.
    public init(_ dataset: any Dataset) {
        (inputCount, memberTypes) = (dataset.inputCount, dataset.memberTypes)
        (targetKind, vocabulary) = (dataset.targetKind, dataset.vocabulary)
    }

    /// The number of items.
    public var count: Int { 0 }

    /// The item at an index.
    public func item(at index: Int) throws -> Sample {
        throw DataError(.item, file: "dataset", "there is no item \(index): the dataset is empty")
    }
}

/// The items of another dataset without their targets.
public struct Unlabelled: Dataset {
    /// The data set whose targets are left out.
    public let base: any Dataset

    /// `base` without its targets.
    public init(_ base: any Dataset) { self.base = base }

    /// The number of items.
    public var count: Int { base.count }
    /// How many of an item's members are inputs.
    public var inputCount: Int { base.inputCount }
    /// The item at an index.
    public func item(at index: Int) throws -> Sample { Sample(inputs: try base.item(at: index).inputs) }

    /// The item at `index`; what is random about it follows from `context`.
    public func item(at index: Int, context: ItemContext) throws -> Sample {
        Sample(inputs: try base.item(at: index, context: context).inputs)
    }

    /// The items at these indices as one batch; nil where they have to be made one by one.
    public func batch(at indices: [Int], epoch: Int) throws -> Batch? {
        try base.batch(at: indices, epoch: epoch).map { Batch(inputs: $0.inputs, size: $0.size) }
    }

    /// What an item's members are, beyond tensors.
    public var memberTypes: [any SemanticTensor.Type] { Array(base.memberTypes.prefix(inputCount)) }
}
