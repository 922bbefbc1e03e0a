// SPDX-License-Identifier: Apache-2.0
// Other values of the parameters for a scope: an average of weights, or those of another epoch.

import LockstepNN
import LockstepOptim
public import LockstepTensor

extension Learner {
    /// Runs `body` while the model's parameters have other values, and puts their own back however it ends.
    ///
    /// Evaluate, predict, save and export in it; what it assigns to parameters is forgotten with the scope, and fits are refused.
    /// In a fit it stands between batches, best around a level of the loop (``Callback/around(_:_:_:)``). Buffers, such as running
    /// statistics, stay as they are.
    ///
    /// The parameters' memory is left alone: on several ranks, which may share it, each rank lends its model values of its own. What
    /// is collective, such as `validate`, needs the same values on all ranks.
    ///
    /// ```swift
    /// let start = learner.model.parameters().map { $0.value + 0 }
    /// try learner.fit(1)
    /// try learner.withWeights(start) { try learner.validate() }
    /// ```
    ///
    /// - Parameter weights: One tensor for each of `model.parameters()`, in their order; converted to the parameter's type.
    /// - Throws: ``LearnerError`` (`unsuitableWeights`) when number or shapes differ, before anything has changed; what `body`
    ///   throws.
    @discardableResult
    public func withWeights<Result>(_ weights: [Tensor], _ body: () throws -> Result) throws -> Result {
        let parameters = model.parameters()
        guard weights.count == parameters.count else {
            throw LearnerError(
                .unsuitableWeights,
                "withWeights: \(weights.count) tensors for a model of \(parameters.count) parameters")
        }
        for (index, (parameter, new)) in zip(parameters, weights).enumerated()
        where parameter.value.shape != new.shape || !new.dtype.isFloatingPoint {
            throw LearnerError(
                .unsuitableWeights,
                "withWeights: tensor \(index) is \(new.dtype) \(new.shape), \(name(of: parameter)) is \(parameter.value.dtype) \(parameter.value.shape)"
            )
        }
        // Copies: what is assigned in the scope must not reach the caller's tensors.
        let lent = zip(parameters, weights).map { parameter, new in
            (parameter, parameter.lend(new.detached.to(parameter.value.dtype).ownCopy()))
        }
        defer { for (parameter, own) in lent { parameter.takeBack(own) } }
        return try replacing(\.hasLentWeights, on: self, with: true, body)
    }

    private func name(of parameter: Parameter) -> String {
        model.namedParameters().first { $0.parameter === parameter }?.name ?? "the parameter"
    }
}
