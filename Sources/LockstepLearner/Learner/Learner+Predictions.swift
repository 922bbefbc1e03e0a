// SPDX-License-Identifier: Apache-2.0
// Predictions for whole data sets.

import LockstepNN
public import LockstepTensor

extension Learner {
    /// The model's predictions for all items of `source`, with their targets.
    ///
    /// Collective; the writing rank gets everything, the others empty parts.
    /// - Parameters:
    ///   - withInput: Whether inputs are kept too.
    ///   - withDecoded: Whether to add decisions: the loss function's `decodes` of the activated predictions.
    ///   - withLoss: Whether to add each item's loss.
    ///   - activation: What is applied to the outputs; nil means the loss function's own. Pass `{ $0 }` for raw outputs.
    ///   - reorder: Whether the result is in the data set's order (the default), or in that of a shuffled loader.
    ///   - callbacks: For this run only.
    public func predictions(
        on source: DataSource = .valid, withInput: Bool = false, withDecoded: Bool = false, withLoss: Bool = false,
        activation: ((Tensor) -> Tensor)? = nil, reorder: Bool = true, callbacks: [Callback] = []
    ) throws -> Predictions {
        let gathering = GatherPredictions(withInput: withInput, withLoss: withLoss)
        let loader = try loader(for: source, inOrder: reorder)
        if withLoss {
            try withUnreducedLoss { try infer(on: loader, callbacks: [gathering] + callbacks) }
        } else {
            try infer(on: loader, callbacks: [gathering] + callbacks)
        }
        var result = gathering.result(of: try coordinator.gather(gathering.rows))
        withNoGrad {
            result.outputs = result.outputs.map { activation?($0) ?? lossFunction.activation($0) }
            if withDecoded, let first = result.outputs.first { result.decoded = lossFunction.decodes(first) }
        }
        return result
    }
}
