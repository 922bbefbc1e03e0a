// SPDX-License-Identifier: Apache-2.0
// What a bundle keeps of the data: how new items become batches, and no items.

import LockstepData

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
    /// A table's columns with their categories and statistics.
    let columns: TabularColumns?

    /// - Throws: ``ExportError`` when batches are made by code that cannot be stored.
    init(_ dls: DataLoaders) throws {
        (loaders, inputs, columns) = (dls.count, dls.inputCount, dls.columns)
        guard let model = (dls.valid ?? dls.train) as? DataLoader else {
            (batchSize, seed) = (DataLoader.Options().batchSize, DataLoader.Options().seed)
            return
        }
        guard type(of: model) == DataLoader.self else {
            throw ExportError(
                .unregistered, at: "data", "\(type(of: model)) makes batches in its own way, which cannot be stored",
                remedy: "Export with a plain DataLoader for validation")
        }
        let hooks: [(name: String, isSet: Bool)] = [
            ("afterItem", model.hooks.afterItem != nil), ("beforeBatch", model.hooks.beforeBatch != nil),
            ("createBatch", model.hooks.createBatch != nil), ("afterBatch", model.hooks.afterBatch != nil),
        ]
        if let hook = hooks.first(where: \.isSet) {
            throw ExportError(
                .function, at: "data", "the loader's hook \(hook.name) is a function, and code cannot be stored",
                remedy: "Use a transform for it, or export with loaders without the hook")
        }
        (batchSize, seed) = (model.batchSize, model.seed)
    }

    /// - Throws: ``ExportError`` for sizes that are impossible.
    func loaders(path: String) throws -> DataLoaders {
        guard (1...1_000).contains(loaders), (0...1_000).contains(inputs), batchSize.map({ $0 > 0 }) ?? true else {
            throw ExportError(
                .malformed, at: "data",
                "\(loaders) loaders of \(inputs) inputs in batches of \(batchSize.map(String.init) ?? "one item")")
        }
        let made = DataLoaders(
            (0..<loaders).map { _ in
                DataLoader(EmptyDataset(inputCount: inputs), batchSize: batchSize, seed: seed)
            }, path: path)
        made.columns = columns
        return made
    }
}
