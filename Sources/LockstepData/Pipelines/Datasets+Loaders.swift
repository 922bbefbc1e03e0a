// SPDX-License-Identifier: Apache-2.0
// Loaders of a split dataset.

import LockstepTensor

extension Datasets {
    /// Training and validation loaders. The training loader is shuffled and, if it is, drops a short last batch; the
    /// validation loader does neither. `sampling` and `hooks` act on training, `validHooks` on validation.
    public func dataLoaders(
        batchSize: Int = 64, validBatchSize: Int? = nil, shuffle: Bool = true, validShuffle: Bool = false,
        dropLast: Bool? = nil, n: Int? = nil, sampling: Sampling = .every, numWorkers: Int = 0, seed: UInt64 = 42,
        path: String = ".",
        hooks: DataLoader.Hooks = DataLoader.Hooks(), validHooks: DataLoader.Hooks = DataLoader.Hooks(),
        file: StaticString = #fileID, line: UInt = #line
    ) -> DataLoaders {
        var options = DataLoader.Options()
        (options.batchSize, options.shuffle, options.dropLast) = (batchSize, shuffle, dropLast ?? shuffle)
        (options.n, options.numWorkers, options.seed, options.hooks) = (n, numWorkers, seed, hooks)
        options.sampling = sampling
        var validOptions = options
        validOptions.sampling = .every
        (validOptions.batchSize, validOptions.shuffle) = (validBatchSize ?? batchSize, validShuffle)
        (validOptions.dropLast, validOptions.n, validOptions.hooks) = (false, nil, validHooks)
        let type = all is any TransformedDataset ? TransformedDataLoader.self : DataLoader.self
        return DataLoaders(
            type.init(train, options: options, file: file, line: line),
            type.init(valid, options: validOptions, file: file, line: line), path: path)
    }

    /// The same with a loader's transforms, which learn from the training loader.
    ///
    /// - Parameters:
    ///   - afterItem: act on every item as an ``ItemTuple``, on worker threads.
    ///   - beforeBatch: act on the items of a batch, `[Sample]`.
    ///   - afterBatch: act on whole batches, whose members are tensors or `SemanticTensor`s.
    /// - Throws: what a transform throws while it learns.
    public func dataLoaders(
        batchSize: Int = 64, validBatchSize: Int? = nil, shuffle: Bool = true, validShuffle: Bool = false,
        dropLast: Bool? = nil, n: Int? = nil, sampling: Sampling = .every, numWorkers: Int = 0, seed: UInt64 = 42,
        path: String = ".",
        afterItem: [any Transform] = [], beforeBatch: [any Transform] = [], afterBatch: [any Transform] = [],
        file: StaticString = #fileID, line: UInt = #line
    ) throws -> DataLoaders {
        var options = DataLoader.Options()
        (options.batchSize, options.shuffle, options.dropLast) = (batchSize, shuffle, dropLast ?? shuffle)
        (options.n, options.sampling, options.numWorkers, options.seed) = (n, sampling, numWorkers, seed)
        options.splitIndex = 0
        let train = TransformedDataLoader(train, options: options, file: file, line: line)
        try train.add(afterItem, at: .afterItem)
        try train.add(beforeBatch, at: .beforeBatch)
        try train.add(afterBatch, at: .afterBatch)
        let valid = train.new(
            dataset: valid, batchSize: validBatchSize ?? batchSize, shuffle: validShuffle, dropLast: false, file: file,
            line: line)
        valid.options.splitIndex = 1
        return DataLoaders(train, valid, path: path)
    }
}
