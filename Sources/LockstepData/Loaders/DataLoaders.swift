// SPDX-License-Identifier: Apache-2.0
// The loaders of a training run: training, validation, and any more.

import LockstepTensor

/// A training loader, a validation loader, and more if wanted, with the folder the run belongs to.
public final class DataLoaders {
    /// All loaders; the first is for training, the second for validation.
    public var loaders: [any BatchSource]
    /// The folder that models and tables of this run are kept in.
    public var path: String

    /// - Precondition: at least one loader.
    public init(_ loaders: [any BatchSource], path: String = ".", file: StaticString = #fileID, line: UInt = #line) {
        require(!loaders.isEmpty, "DataLoaders: no loaders", file: file, line: line)
        self.loaders = loaders
        self.path = path
    }

    /// A training and, if given, a validation loader.
    public convenience init(_ train: any BatchSource, _ valid: (any BatchSource)? = nil, path: String = ".") {
        self.init([train] + (valid.map { [$0] } ?? []), path: path)
    }

    /// Loaders over datasets: the first shuffled, its short last batch dropped; the others neither.
    ///
    /// - Parameters:
    ///   - validBatchSize: for all but the first; `batchSize` when nil.
    ///   - dropLast: whether the training loader drops a short last batch; as `shuffle` when nil.
    public convenience init(
        _ datasets: [any Dataset], batchSize: Int = 64, validBatchSize: Int? = nil, shuffle: Bool = true,
        dropLast: Bool? = nil, n: Int? = nil, numWorkers: Int = 0, seed: UInt64 = 42, path: String = ".",
        hooks: DataLoader.Hooks = DataLoader.Hooks(), validHooks: DataLoader.Hooks = DataLoader.Hooks(),
        file: StaticString = #fileID, line: UInt = #line
    ) {
        require(!datasets.isEmpty, "DataLoaders: no datasets", file: file, line: line)
        let loaders = datasets.enumerated().map { index, dataset in
            index == 0
                ? DataLoader(
                    dataset, batchSize: batchSize, shuffle: shuffle, dropLast: dropLast ?? shuffle, n: n,
                    numWorkers: numWorkers, seed: seed, hooks: hooks, file: file, line: line)
                : DataLoader(
                    dataset, batchSize: validBatchSize ?? batchSize, numWorkers: numWorkers, seed: seed,
                    hooks: validHooks,
                    file: file, line: line)
        }
        self.init(loaders, path: path, file: file, line: line)
    }

    /// Loader `index`: 0 for training, 1 for validation.
    public subscript(index: Int) -> any BatchSource {
        get {
            require(loaders.indices.contains(index), "DataLoaders: there is no loader \(index) among \(loaders.count)")
            return loaders[index]
        }
        set {
            require(
                index >= 0 && index <= loaders.count, "DataLoaders: there is no loader \(index) among \(loaders.count)")
            if index == loaders.count { loaders.append(newValue) } else { loaders[index] = newValue }
        }
    }

    /// The number of loaders.
    public var count: Int { loaders.count }

    /// The loader for training.
    public var train: any BatchSource {
        get { self[0] }
        set { self[0] = newValue }
    }

    /// The loader for validation; nil when there is none.
    public var valid: (any BatchSource)? {
        get { loaders.count > 1 ? loaders[1] : nil }
        set {
            if let newValue { self[1] = newValue } else if loaders.count > 1 { loaders.remove(at: 1) }
        }
    }

    /// The dataset that is trained on, where the loader has one.
    public var trainDataset: (any Dataset)? { train.dataset }
    /// The dataset that is validated on, where there is a loader and it has one.
    public var validDataset: (any Dataset)? { valid?.dataset }
    /// How many members of a batch are inputs.
    public var inputCount: Int { train.inputCount }

    /// The first batch of the training loader's next epoch.
    public func oneBatch() throws -> Batch { try train.oneBatch() }

    /// A loader with the validation loader's settings over other data: every item, in order.
    ///
    /// - Parameter withLabels: whether batches keep their targets.
    public func testLoader(for dataset: any Dataset, withLabels: Bool = false) -> DataLoader {
        (valid ?? train).testLoader(for: withLabels ? dataset : Unlabelled(dataset))
    }

    /// The same loaders without items: what a model that is given away keeps of its data.
    public func newEmpty() -> DataLoaders { DataLoaders(loaders.map { $0.newEmpty() }, path: path) }

    /// What is probably not meant, one sentence each: training data that give no batch at all.
    public var warnings: [String] {
        guard let items = train.itemCount, let size = train.batchSize, items > 0, train.batchCount == 0
        else { return [] }
        return [
            "the training set of \(items) items gives no batch of \(size), because a short last batch is dropped: "
                + "nothing will be trained. Use a smaller batchSize, or dropLast: false"
        ]
    }
}
