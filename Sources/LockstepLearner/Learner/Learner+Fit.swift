// SPDX-License-Identifier: Apache-2.0
// A fit: arguments, optimizer, the loop, and what happens however it ends.

public import LockstepOptim
import LockstepTensor

extension Learner {
    /// Trains for `nEpoch` epochs.
    ///
    /// Hyper-parameters stay on the optimizer between fits, except the learning rate, which is always written.
    /// Collective: on several ranks, call it on all of them.
    ///
    /// - Parameters:
    ///   - lr: Learning rate; nil takes ``lr``.
    ///   - wd: Weight decay; nil takes ``wd``, and if that is nil leaves the optimizer's.
    ///   - callbacks: For this fit only.
    ///   - resetOptimizer: Whether to start with a new optimizer.
    ///   - startEpoch: Epochs before this one are skipped, as when resuming; schedules go on where they were.
    ///   - resume: Whether to go on with the run whose checkpoints a ``CheckpointCallback`` finds.
    /// - Throws: ``CallbackError`` from a callback, ``EscapedCancelError`` for a cancel signal raised out of place, what
    ///   loaders throw. Whatever was replaced for the fit is back in place then.
    public func fit(
        _ nEpoch: Int, lr: LearningRate? = nil, wd: HyperValue? = nil, callbacks: [Callback] = [],
        resetOptimizer: Bool = false, startEpoch: Int = 0, resume: ResumePolicy = .never
    ) throws {
        guard !isFitting else { throw LearnerError(.busy, "fit: this learner is in the middle of a fit") }
        guard !hasLentWeights else {
            throw LearnerError(
                .busy, "fit: the parameters have other values here (withWeights); what is trained would be lost")
        }
        note(
            "fit",
            [
                "n_epoch": .int(nEpoch), "lr": lr.map(ConfigValue.init), "wd": wd.map(ConfigValue.init),
                "reset_opt": .bool(resetOptimizer), "start_epoch": .int(startEpoch),
            ])
        var (added, isResumed) = (startEpoch == 0 ? [] : [SkipToEpoch(startEpoch)] as [Callback], false)
        switch try resumePlan(resume, callbacks) {
        case .begin: break
        case .isOver: return
        case .goOn(let point):
            isResumed = true
            added.append(ResumeCallback(point))
        }
        try withAddedCallbacks(added + callbacks) {
            let optimizer = try standingOptimizer(reset: resetOptimizer && !isResumed)
            if let wd = wd ?? self.wd {
                if optimizer.hyperIndex("wd") == nil {
                    warn("\(optimizer.rule.name) knows no weight decay: wd has no effect")
                }
                try optimizer.setHyper("wd", wd)
            }
            try optimizer.setHyper("lr", lr ?? self.lr)
            try checkTrainable(optimizer)
            optimizer.zeroGradients()
            (self.nEpoch, resuming, place) = (nEpoch, Resuming(), ResumePoint(epoch: 0))
            (isFitting, checksLoss) = (true, true)
            (nonFiniteLoss, badValidationBatch) = (nil, nil)
            defer { (isFitting, epochsSeen) = (false, epochsSeen + nEpoch) }
            try cleaningUp {
                try run(.fit) { try allEpochs() }
            }
        }
    }

    /// Runs `body`, then the teardown of every callback and the end-of-fit cleanup, however it ends.
    func cleaningUp<Result>(_ body: () throws -> Result) throws -> Result {
        defer {
            for callback in runningOrder.reversed() {
                callback.teardown(self)
                callback.run = true
            }
            clearBatch()
        }
        do {
            return try DataMistakes.heard(by: mistakes, body)
        } catch {
            _ = mistakes.take()
            let final = explained(error)
            coordinator.abandon(because: final)
            throw final
        }
    }

    /// A cancel signal nobody caught, as an error that says where it came from.
    func explained(_ error: any Error) -> any Error {
        guard let signal = error as? CancelSignal else { return error }
        return EscapedCancelError(signal: signal, callback: cancelOrigin?.callback, event: cancelOrigin?.event)
    }

    /// Lets go of the last batch and its graph.
    func clearBatch() {
        (dl, xb, yb, preds) = (nil, [], [], [])
        (loss, lossGrad, stepLoss, batchWeight) = (nil, nil, nil, 0)
        part = BatchPart()
        cancelOrigin = nil
    }
}
