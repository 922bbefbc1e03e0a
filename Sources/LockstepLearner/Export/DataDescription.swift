// SPDX-License-Identifier: Apache-2.0
// What a bundle keeps of the data: how new items become batches, and no items.

import LockstepData
import LockstepTensor

/// The loaders of a learner without their items.
///
/// New items go the way of the validation loader's, or the training loader's where there is no other: that one is kept.
struct DataDescription: Codable {
    /// Number of loaders.
    let loaders: Int
    /// How many members of a batch are inputs.
    let inputs: Int
    /// Items in a batch of new items; nil when an item is a batch.
    let batchSize: Int?
    let seed: UInt64
    /// The dataset without items, when it makes them with transforms.
    let items: ExportPart?
    /// The loader's own transforms, when it has any.
    let afterItem: PipelineDescription?
    let beforeBatch: PipelineDescription?
    let afterBatch: PipelineDescription?
    /// A table's columns with their categories and statistics.
    let columns: TabularColumns?

    /// - Throws: `ExportError` when batches are made by code that cannot be stored.
    init(_ dls: DataLoaders) throws {
        (loaders, inputs, columns) = (dls.count, dls.inputCount, dls.columns)
        let model = dls.valid ?? dls.train
        let options = model.loaderOptions ?? DataLoader.Options()
        (batchSize, seed) = (options.batchSize ?? DataLoader.Options().batchSize, options.seed)
        let transforms =
            (model as? any TransformingBatchSource)?.transforms
            ?? (options.transforms.isEmpty ? nil : options.transforms)
        items = model.dataset is any TransformedDataset ? model.dataset.map(ExportPart.init) : nil
        afterItem = transforms.map { PipelineDescription($0.afterItem) }
        beforeBatch = transforms.map { PipelineDescription($0.beforeBatch) }
        afterBatch = transforms.map { PipelineDescription($0.afterBatch) }
        try DataDescription.check(model, options.hooks)
    }

    private static func check(_ loader: any BatchSource, _ set: DataLoader.Hooks) throws {
        if let wrapper = loader as? any WrappingBatchSource { return try check(wrapper.inner, set) }
        // Batches at hand, and streams of another kind, are no way from an item to a batch.
        let makesBatches = loader is DataLoader || loader.indexed != nil
        let known = [DataLoader.self, TransformedDataLoader.self, SortedTextLoader.self]
        guard !makesBatches || known.contains(where: { $0 == type(of: loader) }) else {
            throw ExportError(
                .unregistered, at: "data", "\(type(of: loader)) makes batches in its own way, which cannot be stored",
                remedy: "Export with a plain DataLoader for validation")
        }
        let hooks: [(name: String, isSet: Bool)] = [
            ("afterItem", set.afterItem != nil), ("beforeBatch", set.beforeBatch != nil),
            ("createBatch", set.createBatch != nil), ("afterBatch", set.afterBatch != nil),
        ]
        if let hook = hooks.first(where: \.isSet) {
            throw ExportError(
                .function, at: "data", "the loader's hook \(hook.name) is a function, and code cannot be stored",
                remedy: "Use a transform for it, or export with loaders without the hook")
        }
    }

    /// The largest batch a bundle may ask for.
    private static let largestBatch = 1 << 24

    /// - Throws: `ExportError` for sizes that are impossible.
    func loaders(path: String) throws -> DataLoaders {
        guard (1...1_000).contains(loaders), (0...1_000).contains(inputs),
            batchSize.map({ $0 > 0 && $0 <= DataDescription.largestBatch }) ?? true
        else {
            throw ExportError(
                .malformed, at: "data",
                "\(loaders) loaders of \(inputs) inputs in batches of \(batchSize.map(String.init) ?? "one item")")
        }
        var options = DataLoader.Options()
        (options.batchSize, options.seed) = (batchSize, seed)
        options.transforms = LoaderTransforms(
            afterItem: try afterItem?.made(at: "data.afterItem") ?? Pipeline(),
            beforeBatch: try beforeBatch?.made(at: "data.beforeBatch") ?? Pipeline(),
            afterBatch: try afterBatch?.made(at: "data.afterBatch") ?? Pipeline())
        let dataset =
            try items?.made(as: (any TransformedDataset).self, at: "data.items")
            ?? columns.map { TabularDataset(columns: $0) as any TransformedDataset }
        let type: DataLoader.Type =
            dataset is TokenizedTexts
            ? SortedTextLoader.self : afterItem == nil ? DataLoader.self : TransformedDataLoader.self
        return DataLoaders(
            (0..<loaders).map { part in
                type.init(
                    dataset?.with(splitIndex: part == 0 ? 0 : 1) ?? EmptyDataset(inputCount: inputs), options: options)
            }, path: path)
    }
}
