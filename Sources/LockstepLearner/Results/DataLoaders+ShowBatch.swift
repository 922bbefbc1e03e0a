// SPDX-License-Identifier: Apache-2.0
// Looking at a batch: what the model will be given, and what it should say.

public import LockstepData
import LockstepTensor

extension DataLoaders {
    /// Items of the training loader's next batch with their targets, printed and returned. The loader stays where it was.
    ///
    /// ```swift
    /// try dls.showBatch(maxCount: 4).write(to: "batch.html")
    /// ```
    /// On several ranks each that calls it prints.
    /// - Parameters:
    ///   - batch: what is shown; nil for the first batch of the next epoch.
    ///   - maxCount: How many items; fewer when a batch has fewer.
    ///   - console: Where they are printed; nil for nowhere.
    /// - Throws: what loaders and transforms throw; `DataError` when there is no batch.
    /// - Note: fastai: `show_batch`.
    @discardableResult
    public func showBatch(
        _ batch: Batch? = nil, maxCount: Int = 9, console: Console? = .standardOutput
    ) throws -> ShownResults {
        func first() throws -> Batch? {
            var batches = try train.makeIterator(epoch: train.epoch)
            return try batches.next()
        }
        guard let batch = try batch ?? first() else {
            throw DataError(.item, file: "data loader", "there are no batches to show")
        }
        let isClassified = if case .category = targetKind { true } else { false }
        let count = batch.inputs.count
        let contents = try ShownResults.contents(
            of: batch, train, namesClasses: isClassified, maxCount: max(0, maxCount))
        let shown = ShownResults(
            items: contents.map { item in
                ShownResults.Item(
                    inputs: Array(item.prefix(count)), targets: Array(item.dropFirst(count)), predictions: [],
                    probability: nil, isRight: nil)
            })
        if let console { console.write(shown.text(width: console.width, usesColor: console.usesColor)) }
        return shown
    }
}

extension ShownResults {
    /// What a person is shown of a batch, item by item: inputs, then targets, which are classes' names if `namesClasses`.
    static func contents(
        of batch: Batch, _ loader: any BatchSource, namesClasses: Bool, maxCount: Int? = nil
    ) throws -> [[Content]] {
        let names = namesClasses ? loader.dataset?.vocabulary : nil
        let encoding = (loader.dataset as? LanguageModelDataset)?.encoding
        return try loader.decodeBatch(batch, maxCount: maxCount ?? batch.size, full: false).map { item in
            item.members.enumerated().map { place, value in
                if place >= batch.inputs.count, let names, let tensor = value as? Tensor, tensor.count == 1,
                    names.indices.contains(Int(tensor.item()))
                {
                    return .text(names[Int(tensor.item())])
                }
                if let encoding, let tokens = value as? Tensor, tokens.rank == 1, tokens.dtype == .int64 {
                    return .text(encoding.decode(tokens.ints.filter { (0..<encoding.count).contains($0) }))
                }
                return Content(value)
            }
        }
    }
}
