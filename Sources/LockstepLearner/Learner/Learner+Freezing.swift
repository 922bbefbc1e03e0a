// SPDX-License-Identifier: Apache-2.0
// Which parameter groups train.

import LockstepOptim
import LockstepTensor

extension Learner {
    /// Trains only the parameter groups from `index` on; a negative index counts from the back.
    ///
    /// Normalisation layers of frozen groups go on training if ``trainBn`` says so. The optimizer is made if there is none,
    /// and forgets its moments and step counts. With an index beyond the last group the whole model is frozen; that is a
    /// warning here and a ``NothingToTrainError`` when a fit begins.
    ///
    /// Nothing is communicated: on several ranks call it on all of them.
    /// - Throws: `OptimizerError` when the optimizer cannot be made.
    /// - Note: fastai: `freeze_to`.
    public func freeze(to index: Int, file: StaticString = #fileID, line: UInt = #line) throws {
        let optimizer = try optimizer ?? createOptimizer()
        let count = optimizer.groups.count
        require(
            index >= -count, "freeze(to: \(index)): there are only \(count) parameter groups", file: file, line: line)
        optimizer.freeze(to: index)
        optimizer.clearState()
        optimizer.zeroGradients()
        if optimizer.frozenIndex >= count {
            warn("freeze(to: \(index)): the whole model is frozen, it has only \(count) parameter group(s)")
        }
    }

    /// Freezes all parameter groups but the last. With one group nothing is frozen.
    ///
    /// Nothing is communicated: on several ranks call it on all of them.
    public func freeze() throws { try freeze(to: -1) }

    /// Makes every parameter group train.
    ///
    /// Nothing is communicated: on several ranks call it on all of them.
    public func unfreeze() throws { try freeze(to: 0) }

    /// - Throws: ``NothingToTrainError`` when no parameter of `optimizer` trains.
    func checkTrainable(_ optimizer: Optimizer) throws(NothingToTrainError) {
        guard optimizer.arena.slots.contains(where: { $0.parameter.isTrainable }) else {
            throw NothingToTrainError(groupCount: optimizer.groups.count, hasParameters: true)
        }
    }
}

/// A fit of a model that is frozen altogether, or has nothing to train.
public struct NothingToTrainError: Error, CustomStringConvertible, Sendable {
    /// How many parameter groups there are.
    public let groupCount: Int
    /// Whether the model has parameters at all.
    public let hasParameters: Bool
    public var description: String {
        hasParameters
            ? "fit: all \(groupCount) parameter group(s) are frozen, so nothing can be trained; call unfreeze() first"
            : "fit: the model has no parameters, so nothing can be trained; it can only be evaluated"
    }
}
