// SPDX-License-Identifier: Apache-2.0
// Making the optimizer, with flags for normalisation layers and biases.

import LockstepNN
public import LockstepOptim
import LockstepTensor

extension Learner {
    /// Makes a new optimizer over the splitter's groups, with default hyper-parameters and ``lr``.
    ///
    /// A factory that carries a learning rate of its own wins, and ``lr`` becomes that. Groups that were frozen stay so.
    /// Nothing is communicated: each rank makes its own, and a fit gives all of them rank 0's state.
    ///
    /// - Throws: `OptimizerError` when ``lr`` lists another number of rates than there are groups;
    ///   ``LearnerError`` inside of ``withWeights(_:_:)`` and for parameters of several types, as a bundle may have; ``NothingToTrainError`` when the model has no parameters.
    @discardableResult
    public func createOptimizer() throws -> Optimizer {
        guard !hasLentWeights else {
            throw LearnerError(.busy, "createOptimizer: the parameters have other values here (withWeights)")
        }
        if let own = optimizerFactory.lr { lr = .value(own) }
        let groups = splitter(model)
        guard groups.contains(where: { !$0.isEmpty }) else {
            throw NothingToTrainError(groupCount: groups.count, hasParameters: false)
        }
        let types = groups.joined().map(\.value.dtype)
        if let other = types.first(where: { $0 != types[0] }) {
            throw LearnerError(
                .unsuitableWeights,
                "createOptimizer: parameters of \(types[0]) and of \(other) cannot be trained together; convert the model to one type"
            )
        }
        let new = optimizerFactory(groups, lr: 0)
        try new.setHyper("lr", lr)
        let norms = Set(model.normalizationParameters().map(ObjectIdentifier.init))
        let biases = Set(model.biasParameters().map(ObjectIdentifier.init))
        for (index, slot) in new.arena.slots.enumerated() {
            let parameter = ObjectIdentifier(slot.parameter)
            if !wdBnBias { new.flags[index].doWD = !norms.contains(parameter) && !biases.contains(parameter) }
            if trainBn { new.flags[index].forceTrain = norms.contains(parameter) }
        }
        if let old = optimizer, old.frozenIndex != 0, old.groups.count == new.groups.count {
            new.freeze(to: old.frozenIndex)
        }
        optimizer = new
        return new
    }

    /// The optimizer that a fit uses. One whose parameters lie elsewhere by now, because they were converted to another type
    /// or another optimizer took them, would step memory that nobody reads: a new one goes on from its state.
    func standingOptimizer(reset: Bool) throws -> Optimizer {
        guard let old = optimizer, !reset else { return try createOptimizer() }
        if old.arena.isWhole { return old }
        let new = try createOptimizer()
        // The state of parameters that have another shape now is not theirs; nothing is taken then.
        if !new.isWrapped { try? new.loadStateDictionary(old.stateDictionary) }
        return new
    }
}
