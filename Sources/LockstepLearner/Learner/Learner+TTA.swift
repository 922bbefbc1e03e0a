// SPDX-License-Identifier: Apache-2.0
// Predictions averaged over augmented versions of each item.

public import LockstepData
public import LockstepTensor

/// What test-time augmentation gives back.
public enum TTAResult {
    /// Augmented and plain predictions in one.
    case combined(Predictions)
    /// The mean (or maximum) of the augmented passes, and the predictions of the items as they are.
    case separate(augmented: Predictions, plain: Predictions)

    /// The predictions to go by: the combined ones; of separate ones the augmented.
    public var predictions: Predictions {
        switch self {
        case .combined(let predictions), .separate(augmented: let predictions, plain: _): predictions
        }
    }
}

extension Learner {
    /// Predictions over `n` augmented versions of each item and the item itself, with targets.
    ///
    /// ```
    /// A = 1/n Σ augmented pass   P = plain pass     result = (1 − β)·A + β·P
    /// useMax:   A = max over passes                 result = max(A, P), whatever β
    /// ```
    /// The activation is applied in every pass, so probabilities are averaged. Pass i asks the loader for epoch i, so each
    /// draws other random changes, the same on any number of ranks and in every run.
    ///
    /// Collective; the writing rank gets everything, the others empty parts.
    /// - Parameters:
    ///   - n: Number of augmented passes.
    ///   - itemTransforms: Transforms of items in place of the loader's `afterItem` ones. Those for training act in the
    ///     augmented passes, others in all.
    ///   - batchTransforms: The same for whole batches, in place of the loader's `afterBatch` ones.
    ///   - beta: The share of the plain predictions; nil for both apart.
    ///   - useMax: Whether the largest value is taken instead of the mean.
    /// - Precondition: `n` is positive.
    /// - Throws: ``LearnerError`` when the data cannot be augmented (they are batches at hand, or a loader cannot make its items
    ///   again), or come in another order each time; what `predictions` throws.
    /// - Note: fastai: `tta`.
    public func tta(
        on source: DataSource = .valid, n: Int = 4, itemTransforms: [any Transform]? = nil,
        batchTransforms: [any Transform]? = nil, beta: Double? = 0.25, useMax: Bool = false,
        activation: ((Tensor) -> Tensor)? = nil, callbacks: [Callback] = [], file: StaticString = #fileID,
        line: UInt = #line
    ) throws -> TTAResult {
        require(n > 0, "tta: \(n) augmented passes are none", file: file, line: line)
        let (augmented, plain) = try ttaLoaders(for: source, itemTransforms, batchTransforms, passes: n)
        func run(_ loader: any BatchSource, _ pass: Int) throws -> Predictions {
            try replacing(\.inferenceEpoch, on: self, with: pass) {
                try predictions(on: .loader(loader), activation: activation, reorder: true)
            }
        }
        var (total, whole): ([Tensor], Predictions?) = ([], nil)
        let before = epoch
        defer { epoch = before }
        try inferring(callbacks: callbacks) {
            for pass in 0..<n {
                epoch = pass
                let outputs = try run(augmented, pass).outputs ?? []
                total = total.isEmpty ? outputs : zip(total, outputs).map { useMax ? maximum($0, $1) : $0 + $1 }
            }
            epoch = n
            whole = try run(plain, n)
        }
        // A run that was cancelled has no average.
        guard var result = whole else { return .combined(Predictions(outputs: [], targets: [])) }
        let means = useMax ? total : total.map { $0 / Double(n) }
        let pairs = zip(means, result.outputs ?? [])
        if useMax {
            result.outputs = pairs.map { maximum($0, $1) }
        } else if let beta {
            result.outputs = pairs.map { $0 * (1 - beta) + $1 * beta }
        } else {
            var augmented = result
            augmented.outputs = means
            return .separate(augmented: augmented, plain: result)
        }
        return .combined(result)
    }

    /// The loaders of the augmented passes and of the plain one: the same items in the same order.
    private func ttaLoaders(
        for source: DataSource, _ itemTransforms: [any Transform]?, _ batchTransforms: [any Transform]?, passes: Int
    ) throws -> (augmented: any BatchSource, plain: any BatchSource) {
        let loader = try loader(for: source)
        if let indexed = loader.indexed {
            let order = indexed.indices(epoch: 0)
            guard (1...passes).allSatisfy({ indexed.indices(epoch: $0) == order }) else {
                throw LearnerError(
                    .unstableOrder,
                    "tta: \(type(of: loader)) takes other items in each pass, so the passes cannot be averaged")
            }
        }
        var changes = TTAChanges()
        (changes.itemTransforms, changes.batchTransforms) = (itemTransforms, batchTransforms)
        let hooks = loader.loaderOptions?.hooks ?? DataLoader.Hooks()
        (changes.augmentedHooks, changes.plainHooks) = (hooks, hooks)
        // Loaders without transforms carry their augmentations as hooks, those of training items on the training loader.
        if let train = dls.train.loaderOptions?.hooks {
            (changes.augmentedHooks.afterItem, changes.augmentedHooks.afterBatch) = (train.afterItem, train.afterBatch)
        }
        if source.isTraining, let valid = dls.valid?.loaderOptions?.hooks {
            (changes.plainHooks.afterItem, changes.plainHooks.afterBatch) = (valid.afterItem, valid.afterBatch)
        }
        guard let loaders = try loader.ttaLoaders(changes) else {
            throw LearnerError(
                .noLoader,
                "tta: only items that a loader can make again can be augmented, as a DataLoader can; these come as \(source)"
            )
        }
        return loaders
    }
}

extension DataSource {
    /// Whether it is the training loader, whose items come augmented.
    fileprivate var isTraining: Bool {
        switch self {
        case .train, .index(0): true
        default: false
        }
    }
}
