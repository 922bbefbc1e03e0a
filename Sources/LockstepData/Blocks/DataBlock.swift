// SPDX-License-Identifier: Apache-2.0
// Data put together from blocks: what an input is, what a target is, where both come from, and how items are split.

package import LockstepTensor

/// The transforms that one kind of input or target needs. fastai's `TransformBlock`.
public struct TransformBlock {
    /// Make the member of an item.
    public var typeTransforms: [any Transform]
    /// Act on items on their way into a batch, after ``ToTensor``.
    public var itemTransforms: [any Transform]
    /// Act on whole batches.
    public var batchTransforms: [any Transform]

    /// A recipe of blocks, and how an item's source is cut and split.
    public init(
        typeTransforms: [any Transform] = [], itemTransforms: [any Transform] = [],
        batchTransforms: [any Transform] = []
    ) {
        (self.typeTransforms, self.itemTransforms) = (typeTransforms, itemTransforms)
        self.batchTransforms = batchTransforms
    }

    /// Values as they are.
    public static var input: TransformBlock { TransformBlock() }

    /// A class.
    public static var category: TransformBlock { category() }

    /// A class; see ``Categorize``.
    public static func category(vocab: [String]? = nil, sort: Bool = true, addNA: Bool = false) -> TransformBlock {
        TransformBlock(typeTransforms: [Categorize(vocab: vocab, sort: sort, addNA: addNA)])
    }

    /// Any number of classes.
    public static var multiCategory: TransformBlock { multiCategory() }

    /// Any number of classes as lists of labels, or, `encoded`, as vectors of 0 and 1 in the order of `vocab`.
    public static func multiCategory(
        encoded: Bool = false, vocab: [String]? = nil, addNA: Bool = false
    ) -> TransformBlock {
        TransformBlock(
            typeTransforms: encoded
                ? [EncodedMultiCategorize(vocab: vocab ?? [])]
                : [MultiCategorize(vocab: vocab, addNA: addNA), OneHotEncode()])
    }

    /// Numbers.
    public static var regression: TransformBlock { regression() }

    /// `count` numbers; as many as the first item has when nil.
    public static func regression(count: Int? = nil) -> TransformBlock {
        TransformBlock(typeTransforms: [RegressionSetup(count: count)])
    }
}

/// A description of data, to be applied to a source of them.
///
/// ```swift
/// let pets = DataBlock(blocks: [.input, .category], getX: [OpenImage()], getY: [ParentLabel()])
/// let dls = try pets.dataLoaders(FileList.files(in: "pets", extensions: ["png"]))
/// ```
///
/// fastai's `DataBlock`.
public struct DataBlock {
    /// One per member of an item.
    public let blocks: [TransformBlock]
    /// How many of an item's members are inputs.
    public let inputCount: Int
    private let getters: [(any Transform)?]
    private let getItems: ((Any) throws -> ItemList)?
    private let splitter: Splitter
    private let itemTransforms: [any Transform]
    private let batchTransforms: [any Transform]

    /// - Parameters:
    ///   - getItems: makes the items of the source; by default the source is a collection of items.
    ///   - getX: what makes each input of an item, one per input; items as they are when empty.
    ///   - getY: what makes each target, one per target.
    ///   - splitter: a random fifth for validation by default.
    ///   - itemTransforms: more transforms of items; of two of one type the last is kept.
    ///   - batchTransforms: more transforms of batches; likewise.
    ///   - nInputs: how many blocks are inputs; all but the last when nil, at least one.
    /// - Precondition: as many functions in `getX` as inputs, in `getY` as targets.
    public init(
        blocks: [TransformBlock], getItems: ((Any) throws -> ItemList)? = nil, getX: [any Transform] = [],
        getY: [any Transform] = [], splitter: Splitter = .random(), itemTransforms: [any Transform] = [],
        batchTransforms: [any Transform] = [], nInputs: Int? = nil, file: StaticString = #fileID, line: UInt = #line
    ) {
        require(!blocks.isEmpty, "DataBlock: no blocks", file: file, line: line)
        let inputCount = nInputs ?? max(1, blocks.count - 1)
        let targetCount = blocks.count - inputCount
        require(
            inputCount >= 0 && targetCount >= 0, "DataBlock: nInputs is \(inputCount), of \(blocks.count) blocks",
            file: file, line: line)
        require(
            getX.isEmpty || getX.count == inputCount,
            "DataBlock: \(getX.count) functions in getX for \(inputCount) inputs", file: file, line: line)
        require(
            getY.isEmpty || getY.count == targetCount,
            "DataBlock: \(getY.count) functions in getY for \(targetCount) targets", file: file, line: line)
        (self.blocks, self.inputCount, self.getItems, self.splitter) = (blocks, inputCount, getItems, splitter)
        getters =
            (getX.isEmpty ? Array(repeating: nil, count: inputCount) : getX)
            + (getY.isEmpty ? Array(repeating: nil, count: targetCount) : getY)
        self.itemTransforms = DataBlock.merged([ToTensor()] + blocks.flatMap(\.itemTransforms) + itemTransforms)
        self.batchTransforms = DataBlock.merged(blocks.flatMap(\.batchTransforms) + batchTransforms)
    }

    /// The datasets of `source`; transforms learn from the training items now.
    ///
    /// - Parameter source: what `getItems` takes, otherwise an `ItemList` or any collection.
    /// - Throws: `DataError` when it is something else, and what reading an item or a transform throws.
    public func datasets(_ source: Any) throws -> Datasets {
        let items = try items(of: source)
        let transforms = zip(getters, blocks).map { getter, block in
            // A getter comes before transforms of any order.
            DataBlock.merged((getter.map { [Getter(transform: $0) as any Transform] } ?? []) + block.typeTransforms)
        }
        return try Datasets(items, transforms: transforms, splits: splitter(items), nInputs: inputCount)
    }

    /// Loaders of `source`: the training part shuffled, its short last batch dropped.
    public func dataLoaders(
        _ source: Any, batchSize: Int = 64, validBatchSize: Int? = nil, shuffle: Bool = true, dropLast: Bool? = nil,
        numWorkers: Int = 0, seed: UInt64 = 42, path: String = "."
    ) throws -> DataLoaders {
        try datasets(source).dataLoaders(
            batchSize: batchSize, validBatchSize: validBatchSize, shuffle: shuffle, dropLast: dropLast,
            numWorkers: numWorkers, seed: seed, path: path, afterItem: itemTransforms, afterBatch: batchTransforms)
    }

    private func items(of source: Any) throws -> ItemList {
        if let getItems { return try getItems(source) }
        if let items = source as? ItemList { return items }
        if let table = source as? CSVTable { return ItemList(rowsOf: table) }
        func list(_ items: some RandomAccessCollection) -> ItemList { ItemList(items) }
        guard let items = source as? any RandomAccessCollection else {
            throw DataError(
                .mismatch, file: "DataBlock", "a \(type(of: source)) is not a collection of items",
                remedy: "Say with getItems how to find the items in it")
        }
        return list(items)
    }

    /// `transforms` without those of which another of the same type follows; closures are all different.
    private static func merged(_ transforms: [any Transform]) -> [any Transform] {
        transforms.enumerated().filter { index, transform in
            transform is FunctionTransform || transform is Getter
                || !transforms[(index + 1)...].contains { type(of: $0) == type(of: transform) }
        }.map(\.element)
    }
}

/// A transform that comes before all others.
package struct Getter: Transform {
    package let transform: any Transform

    package init(transform: any Transform) { self.transform = transform }

    package var encodes: [TypedFunction] { transform.encodes }
    package var decodes: [TypedFunction] { transform.decodes }
    package var order: Int { .min }
    package var splitIndex: Int? { transform.splitIndex }
}

extension Getter: Configurable {
    package static let configuration = Configuration(Getter.self) {
        Field(part: "transform") { $0.transform }
    } make: {
        Getter(transform: try $0.part("transform"))
    }
}
