// SPDX-License-Identifier: Apache-2.0
// Datasets whose items are made by transforms and can be turned back.

package import LockstepTensor

/// A dataset that gives items of any type, and turns what a model says back into what a person reads.
public protocol TransformedDataset: Dataset {
    /// The part of the data: 0 training, 1 validation, nil the whole.
    var splitIndex: Int? { get }
    /// The pipelines, one per member: what an export keeps. Nil (the default) where items are made in another way.
    var pipelines: [Pipeline]? { get }
    /// Item `index` before it is tensors, inputs first.
    func tuple(at index: Int, context: ItemContext) throws -> ItemTuple
    /// Members of an item back through its transforms; all the way if `full`, otherwise until each can show itself.
    func decode(_ tuple: ItemTuple, full: Bool) throws -> ItemTuple
    /// The same items as another part of the data sees them.
    func with(splitIndex: Int?) -> any TransformedDataset
    /// Other items through the same transforms as validation items; inputs only, unless `withLabels`.
    func testSet(_ items: ItemList, withLabels: Bool) throws -> any Dataset
}

extension TransformedDataset {
    /// The default: none that could be told.
    public var pipelines: [Pipeline]? { nil }

    /// The item at an index.
    public func item(at index: Int) throws -> Sample {
        try item(at: index, context: ItemContext(seed: 42, epoch: 0, index: index))
    }

    /// The item at `index`; what is random about it follows from `context`.
    public func item(at index: Int, context: ItemContext) throws -> Sample {
        try Sample(tuple(at: index, context: context), inputCount: inputCount)
    }
}

/// Items through several pipelines, one per member.
package struct TransformedTuples: TransformedDataset {
    /// All over the same items. A test set has those of the inputs only, and keeps the rest to decode with.
    package let lists: [TransformedLists]
    package let inputCount: Int
    /// How many of the lists make members.
    let memberCount: Int

    package init(_ lists: [TransformedLists], inputCount: Int, memberCount: Int? = nil) {
        (self.lists, self.inputCount) = (lists, inputCount)
        self.memberCount = memberCount ?? lists.count
    }

    package var count: Int { lists.first?.count ?? 0 }
    package var splitIndex: Int? { lists.first?.splitIndex }
    package var pipelines: [Pipeline]? { lists.map(\.pipeline) }

    package func tuple(at index: Int, context: ItemContext) throws -> ItemTuple {
        let members = try (0..<memberCount).map { try lists[$0].item(at: index, context: context, number: $0) }
        // One pipeline may give the whole item, as a tuple of Swift.
        return ItemTuple(memberCount == 1 ? ItemTuple.members(ofSwiftTuple: members[0]) ?? members : members)
    }

    package func decode(_ tuple: ItemTuple, full: Bool) throws -> ItemTuple {
        ItemTuple(
            try tuple.members.enumerated().map { number, member in
                number < lists.count ? try lists[number].decode(member, full: full) : member
            })
    }

    package func with(splitIndex: Int?) -> any TransformedDataset { changed { $0.with(splitIndex: splitIndex) } }
    package func subset(_ number: Int) -> TransformedTuples { changed { $0.subset(number) } }
    package func newEmpty() -> any Dataset { changed { $0.newEmpty() } }

    package func testSet(_ items: ItemList, withLabels: Bool) throws -> any Dataset {
        let labelled = withLabels ? lists.count : inputCount
        return TransformedTuples(
            try lists.enumerated().map { number, list in
                // Labels that are not asked for need not be there, but what the model says is decoded with their transforms.
                number < labelled ? try list.infer(items) : list.newEmpty().with(splitIndex: 1)
            }, inputCount: inputCount, memberCount: labelled)
    }

    package var targetKind: TargetKind? {
        lists.dropFirst(inputCount).reversed().lazy.compactMap(\.pipeline.targetKind).first
    }
    package var vocabulary: [String]? { lists.reversed().lazy.compactMap(\.pipeline.vocabulary).first }

    private func changed(_ body: (TransformedLists) -> TransformedLists) -> TransformedTuples {
        TransformedTuples(lists.map(body), inputCount: inputCount, memberCount: memberCount)
    }
}

extension TransformedTuples: Configurable {
    /// Its pipelines; no items.
    package static let configuration = Configuration(TransformedTuples.self, as: "TransformedItems") {
        Field("pipelines", { $0.lists.map { PipelineDescription($0.pipeline) } })
        Field("inputs", \.inputCount)
    } make: { fields in
        let pipelines: [PipelineDescription] = try fields("pipelines")
        let inputs: Int = try fields("inputs")
        try fields.check(
            !pipelines.isEmpty && (0...pipelines.count).contains(inputs),
            "\(inputs) of \(pipelines.count) members are inputs")
        let data = Datasets(pipelines: try pipelines.map { try $0.made(at: fields.place) }, nInputs: inputs)
        guard let empty = data.all.newEmpty() as? TransformedTuples else {
            throw ExportError(.malformed, at: fields.place, "\(fields.type): the pipelines make no items")
        }
        return empty
    }
}

extension Dataset {
    /// The pipelines that make the items, one per member; nil where the dataset makes its items itself.
    package var itemPipelines: [Pipeline]? { (self as? TransformedTuples)?.lists.map(\.pipeline) }
}
