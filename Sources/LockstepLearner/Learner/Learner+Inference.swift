// SPDX-License-Identifier: Apache-2.0
// The validation loop outside of training, or in the middle of it.

import LockstepData
import LockstepNN
import LockstepTensor

extension Learner {
    /// Evaluates the model: loss and metrics over all items of `source`.
    ///
    /// Events are those of a fit of one epoch without training; recorders, trackers and progress sit it out, so that the
    /// history of training stays as it is. Inside a fit only the events from `beforeValidate` to `afterValidate` fire and
    /// the loop goes on where it was. A cancel signal for fit or epoch ends it early. Collective.
    ///
    /// - Returns: the mean loss, then each metric; nil where there were no targets.
    @discardableResult
    public func validate(on source: DataSource = .valid, callbacks: [Callback] = []) throws -> [Double?] {
        let evaluation = EvaluationCallback()
        try infer(on: loader(for: source), callbacks: [evaluation] + callbacks)
        return evaluation.values ?? Array(repeating: nil, count: 1 + metrics.count)
    }

    /// ``validate(on:callbacks:)`` with the columns' names. Collective.
    ///
    /// ```swift
    /// let accuracy = try learner.validateNamed()["accuracy"]
    /// ```
    public func validateNamed(on source: DataSource = .valid, callbacks: [Callback] = []) throws -> NamedValues {
        let values = try validate(on: source, callbacks: callbacks)
        return NamedValues(zip(["valid_loss"] + metrics.map(\.name), values).map { (name: $0, value: $1) })
    }

    /// One validation phase over `loader`.
    func infer(on loader: any BatchSource, callbacks: [Callback]) throws {
        try inferring(callbacks: callbacks) {
            dl = loader
            try withNoGrad { try run(.validate) { try allBatches() } }
        }
    }

    /// Runs `body`, which infers, in the shell that suits where the learner stands: between the events of a fit of one
    /// epoch, or inside of a fit (or another inference) with the loop put back afterwards.
    func inferring(callbacks: [Callback], _ body: () throws -> Void) throws {
        let isNested = isFitting || isInferring
        let before = LoopState(self)
        try replacing(\.isInferring, on: self, with: true) {
            try withoutLogging {
                try withAddedCallbacks(callbacks) {
                    if isNested {
                        defer { before.restore(to: self) }
                        try body()
                    } else {
                        try cleaningUp { try asFitOfOneEpoch(body) }
                    }
                }
            }
        }
    }

    /// Fires `before_fit` and `before_epoch`, runs `body`, and fires `after_epoch` and `after_fit`, also when `body` throws.
    private func asFitOfOneEpoch(_ body: () throws -> Void) throws {
        do {
            try self([.beforeFit, .beforeEpoch])
            try body()
        } catch CancelSignal.fit, CancelSignal.epoch {
        } catch {
            try? self([.afterEpoch, .afterFit])  // the error at hand is the one that matters
            throw error
        }
        try self([.afterEpoch, .afterFit])
    }
}

/// Accumulates loss and metrics over one validation phase, leaving the metrics as they were.
final class EvaluationCallback: Callback {
    /// Loss and metrics; nil until the phase has ended.
    private(set) var values: [Double?]?
    private let loss = AvgLoss()
    private var saved: [MetricState] = []

    override var order: Int { 50 }
    override var isExported: Bool { false }
    override var name: String { "evaluation" }

    override func beforeValidate(_ learner: Learner) {
        saved = learner.metrics.map(\.state)
        loss.reset()
        for metric in learner.metrics { metric.reset() }
    }

    override func afterBatch(_ learner: Learner) {
        guard !learner.yb.isEmpty, !learner.preds.isEmpty else { return }
        loss.accumulate(learner)
        for metric in learner.metrics { metric.take(learner) }
    }

    override func afterValidate(_ learner: Learner) throws {
        values = try learner.coordinator.values(of: [loss] + learner.metrics)
    }

    override func teardown(_ learner: Learner) {
        for (metric, state) in zip(learner.metrics, saved) { metric.state = state }
        saved = []
    }
}

/// Where a loop stands, to be put back after an inner one.
private struct LoopState {
    let dl: (any BatchSource)?
    let (epoch, iter, nIter): (Int, Int, Int)
    let (training, isModelTraining): (Bool, Bool)
    let (xb, yb, preds): ([Tensor], [Tensor], [Tensor])
    let (loss, lossGrad, stepLoss, batchWeight): (Tensor?, Tensor?, Double?, Double)
    let part: BatchPart

    init(_ learner: Learner) {
        dl = learner.dl
        (epoch, iter, nIter) = (learner.epoch, learner.iter, learner.nIter)
        (training, isModelTraining) = (learner.training, learner.model.isTraining)
        (xb, yb, preds) = (learner.xb, learner.yb, learner.preds)
        (loss, lossGrad, stepLoss, batchWeight) = (
            learner.loss, learner.lossGrad, learner.stepLoss, learner.batchWeight
        )
        part = learner.part
    }

    func restore(to learner: Learner) {
        learner.dl = dl
        (learner.epoch, learner.iter, learner.nIter, learner.training) = (epoch, iter, nIter, training)
        if learner.model.isTraining != isModelTraining { learner.model.train(isModelTraining) }
        (learner.xb, learner.yb, learner.preds) = (xb, yb, preds)
        (learner.loss, learner.lossGrad) = (loss, lossGrad)
        (learner.stepLoss, learner.batchWeight) = (stepLoss, batchWeight)
        learner.part = part
    }
}
