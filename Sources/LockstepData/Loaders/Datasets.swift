// SPDX-License-Identifier: Apache-2.0
// A dataset together with its split into training and validation items.

import LockstepTensor

/// A dataset and its split.
///
/// ```swift
/// let data = Datasets(TensorDataset(inputs: [x], targets: [y]), split: .random(0.2, seed: 1))
/// let dls = data.dataLoaders(batchSize: 64)
/// ```
public struct Datasets {
    /// All items.
    public let all: any Dataset
    public let split: Split
    /// The items for training.
    public let train: any Dataset
    /// The items for validation.
    public let valid: any Dataset

    /// - Precondition: the split names only items that exist.
    public init(
        _ all: any Dataset, split: Splitter = .none, file: StaticString = #fileID, line: UInt = #line
    ) {
        self.init(all, split: split(all.count), file: file, line: line)
    }

    /// - Precondition: the split names only items that exist.
    public init(_ all: any Dataset, split: Split, file: StaticString = #fileID, line: UInt = #line) {
        self.all = all
        self.split = split
        train = Subset(all, split.train, file: file, line: line)
        valid = Subset(all, split.valid, file: file, line: line)
    }

    public var count: Int { all.count }
    public var inputCount: Int { all.inputCount }

    /// Items that are in both parts; a validation that measures what was trained on is worth little.
    public var overlap: [Int] {
        let train = Set(split.train)
        return split.valid.filter(train.contains)
    }

    /// Training and validation loaders. The training loader is shuffled and, if it is, drops a short last batch; the
    /// validation loader does neither. `hooks` act on training, `validHooks` on validation.
    public func dataLoaders(
        batchSize: Int = 64, validBatchSize: Int? = nil, shuffle: Bool = true, validShuffle: Bool = false,
        dropLast: Bool? = nil, n: Int? = nil, numWorkers: Int = 0, seed: UInt64 = 42, path: String = ".",
        hooks: DataLoader.Hooks = DataLoader.Hooks(), validHooks: DataLoader.Hooks = DataLoader.Hooks(),
        file: StaticString = #fileID, line: UInt = #line
    ) -> DataLoaders {
        let trainLoader = DataLoader(
            train, batchSize: batchSize, shuffle: shuffle, dropLast: dropLast ?? shuffle, n: n, numWorkers: numWorkers,
            seed: seed, hooks: hooks, file: file, line: line)
        let validLoader = DataLoader(
            valid, batchSize: validBatchSize ?? batchSize, shuffle: validShuffle, numWorkers: numWorkers, seed: seed,
            hooks: validHooks, file: file, line: line)
        return DataLoaders(trainLoader, validLoader, path: path)
    }
}
