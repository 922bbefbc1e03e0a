// SPDX-License-Identifier: Apache-2.0
// Predictions for whole data sets.

import LockstepData
import LockstepNN
public import LockstepTensor

extension Learner {
    /// The model's predictions for all items of `source`, with their targets.
    ///
    /// Predictions that do not fit in memory go to files: with `savePredictions` (and `saveTargets`) every batch is
    /// written as it comes, raw, and nothing of it is kept; ``SavedPredictions`` reads them.
    ///
    /// Collective; the writing rank gets everything, the others empty parts, and it alone writes files.
    /// - Parameters:
    ///   - withInput: Whether inputs are kept too.
    ///   - withDecoded: Whether to add decisions: the loss function's `decodes` of the activated predictions.
    ///   - withLoss: Whether to add each item's loss.
    ///   - withPredictions: Whether predictions are kept. Without them there are no decisions either.
    ///   - withTargets: Whether targets are kept.
    ///   - activation: What is applied to the outputs; nil means the loss function's own. Pass `{ $0 }` for raw outputs.
    ///   - reorder: Whether the result is in the data set's order (the default), or in that of a shuffled loader.
    ///   - callbacks: For this run only.
    ///   - savePredictions: An existing folder that gets one `.npy` file per batch, in place of `outputs`.
    ///   - saveTargets: The same for the first target.
    ///   - concatDim: The axis of inputs, outputs and targets that counts items. On several ranks batches at hand
    ///     (``DataSource/batches(_:)``) are cut along axis 0, so another one needs a loader of numbered items there.
    /// - Throws: `DataError` for a folder that is missing or cannot be written to (on every rank); what loaders and
    ///   callbacks throw.
    /// - Note: fastai: `get_preds`.
    public func predictions(
        on source: DataSource = .valid, withInput: Bool = false, withDecoded: Bool = false, withLoss: Bool = false,
        withPredictions: Bool = true, withTargets: Bool = true, activation: ((Tensor) -> Tensor)? = nil,
        reorder: Bool = true, callbacks: [Callback] = [], savePredictions: String? = nil, saveTargets: String? = nil,
        concatDim: Int = 0, file: StaticString = #fileID, line: UInt = #line
    ) throws -> Predictions {
        require(concatDim >= 0, "predictions: concatDim \(concatDim) is no axis", file: file, line: line)
        let loader = try loader(for: source, inOrder: reorder)
        let order = loader.itemOrder(epoch: inferenceEpoch)
        // An activation is a function of each item but for one that somebody gives, or along the axis of items.
        let activatesParts = activation == nil && concatDim == 0
        let gathering = GatherPredsCallback(
            withInput: withInput, withLoss: withLoss, withPredictions: withPredictions, withTargets: withTargets,
            savePredictions: savePredictions, saveTargets: saveTargets, concatDim: concatDim,
            expected: order?.count, activates: activatesParts)
        if withLoss {
            try withUnreducedLoss { try infer(on: loader, callbacks: [gathering] + callbacks) }
        } else {
            try infer(on: loader, callbacks: [gathering] + callbacks)
        }
        // In order as they come, rows need no sorting.
        let isUsual = order.map { zip($0, $0.dropFirst()).allSatisfy { $0 <= $1 } } ?? true
        var result = gathering.result(order: reorder && !isUsual ? order : nil)
        withNoGrad {
            if !activatesParts {
                result.outputs = result.outputs.map { outputs in
                    activation.map { outputs.map($0) } ?? lossFunction.meaning(of: outputs)
                }
            }
            // A rank that never saw an item has the part all the same.
            if withDecoded, let all = result.outputs {
                result.decisions = all.isEmpty ? [.zeros([0])] : lossFunction.decisions(on: all)
            }
        }
        return result
    }
}
