// SPDX-License-Identifier: Apache-2.0
// Looking at what a model makes of some items.

import LockstepData
import LockstepNN
import LockstepTensor

extension Learner {
    /// Items of one batch with their targets and what the model takes them for, printed and returned.
    ///
    /// ```swift
    /// try learner.showResults().write(to: "results.html")
    /// ```
    /// Not collective: it runs on the rank that calls it, with that rank's copy of the model; only the writing rank prints.
    /// - Parameters:
    ///   - maxCount: How many items; fewer when a batch has fewer.
    ///   - shuffle: Whether the items are drawn at random, the same ones for the same ``seed``, or are the first.
    ///   - console: Where they are printed; nil for nowhere.
    /// - Throws: what loaders, transforms and callbacks throw.
    /// - Note: fastai: `show_results`.
    @discardableResult
    public func showResults(
        on source: DataSource = .valid, maxCount: Int = 9, shuffle: Bool = true, console: Console? = .standardOutput
    ) throws -> ShownResults {
        let loader = try loader(for: source)
        return try results(of: shownBatch(of: loader, maxCount, shuffle), loader, console)
    }

    /// Certain items with their targets and what the model takes them for: those with the largest losses, say.
    ///
    /// ```swift
    /// let worst = try Interpretation(learner: learner).topLosses(9)
    /// try learner.showResults(at: worst.map(\.index))
    /// ```
    /// Not collective, as ``showResults(on:maxCount:shuffle:console:)``.
    /// - Parameters:
    ///   - places: In the order of the data source, which has to have numbers for its items.
    /// - Throws: what loaders, transforms and callbacks throw; `LearnerError` for a stream.
    /// - Note: fastai: `plot_top_losses`.
    @discardableResult
    public func showResults(
        at places: [Int], on source: DataSource = .valid, console: Console? = .standardOutput,
        file: StaticString = #fileID, line: UInt = #line
    ) throws -> ShownResults {
        let source = try loader(for: source)
        guard let loader = source.indexed, loader.batchSize != nil else {
            throw LearnerError(.noLoader, "showResults: the items of a stream have no numbers to be shown by")
        }
        let order = loader.indices(epoch: 0)
        require(
            places.allSatisfy(order.indices.contains),
            "showResults: there is no item \(places.first { !order.indices.contains($0) } ?? 0) among \(order.count)",
            file: file, line: line)
        guard !places.isEmpty else { return ShownResults(items: []) }
        var batches = try loader.makeIterator(epoch: 0, batches: [places.map { order[$0] }])
        return try results(of: batches.next(), loader, console)
    }

    /// What the model takes the items of a batch for, computed on this rank alone; printed where there are any.
    private func results(
        of batch: Batch?, _ loader: any BatchSource, _ console: Console?
    ) throws -> ShownResults {
        guard let batch, batch.size > 0 else { return ShownResults(items: []) }
        let results = try alone {
            let all = try predictions(on: .batches([batch]), withDecoded: true)
            return ShownResults(items: try items(of: batch, all, loader))
        }
        if let console, coordinator.isWriter {
            console.write(results.text(width: console.width, usesColor: console.usesColor))
        }
        return results
    }

    private func shownBatch(of source: any BatchSource, _ maxCount: Int, _ shuffle: Bool) throws -> Batch? {
        guard let loader = source.indexed, let size = loader.batchSize else {
            return try firstBatch(of: source).map { batch in
                let count = max(0, min(maxCount, batch.size))
                return Batch(
                    inputs: batch.inputs.map { $0[0..<count] }, targets: batch.targets.map { $0[0..<count] },
                    size: count)
            }
        }
        let shown = shuffle ? loader.complete(shuffle: true, seed: seed) : loader
        var batches = try shown.makeIterator(
            epoch: 0, batches: [Array(shown.indices(epoch: 0).prefix(max(0, min(maxCount, size))))])
        return try batches.next()
    }

    private func items(of batch: Batch, _ all: Predictions, _ loader: any BatchSource) throws -> [ShownResults.Item] {
        guard let decisions = all.decisions, let decided = decisions.first else { return [] }
        let isClassifier = lossFunction.usesIntegerTargets
        func shown(_ targets: [Tensor]) throws -> [[ShownResults.Content]] {
            try ShownResults.contents(
                of: Batch(inputs: batch.inputs, targets: targets, size: batch.size), loader, namesClasses: isClassifier)
        }
        let (predicted, actual) = (try shown(decisions), try shown(batch.targets))
        // How sure: the largest probability, where there is one decision per item.
        let scores = all.predictions
        let isSure = isClassifier && scores.rank == 2 && decided.rank == 1
        return (0..<batch.size).map { row in
            let inputs = Array(actual[row].prefix(batch.inputs.count))
            let targets = Array(actual[row].dropFirst(batch.inputs.count))
            let predictions = Array(predicted[row].dropFirst(batch.inputs.count))
            return ShownResults.Item(
                inputs: inputs, targets: targets, predictions: predictions,
                probability: isSure ? scores[row].max().item() : nil,
                isRight: isSure ? targets.first.map { $0 == predictions.first } : nil)
        }
    }
}
