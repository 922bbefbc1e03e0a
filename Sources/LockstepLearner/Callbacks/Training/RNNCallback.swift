// SPDX-License-Identifier: Apache-2.0
// Recurrent models that tell more than their predictions: keeping their states, and penalties on them.

import LockstepNN
public import LockstepTensor

/// For models with the outputs (prediction, raw states, states after dropout): keeps the prediction for the loss, and the
/// others for ``RNNRegularizer``. On several ranks each keeps those of its own parts.
/// - Note: fastai: `RNNCallback`.
public final class RNNCallback: Callback {
    /// The states of the last batch before dropout, `[N, T, H]`; nil when the model put out nothing but a prediction.
    public private(set) var rawStates: Tensor?
    /// The states of the last batch after dropout, `[N, T, H]`.
    public private(set) var states: Tensor?

    public override init() { super.init() }

    public override func afterPred(_ learner: Learner) {
        let outputs = learner.preds
        rawStates = outputs.count > 1 ? outputs[1] : nil
        states = outputs.count > 2 ? outputs[2] : nil
        learner.preds = Array(outputs.prefix(1))
    }

    public override func afterBatch(_ learner: Learner) { (rawStates, states) = (nil, nil) }
}

extension RNNCallback: Configurable {
    public static let configuration = Configuration(RNNCallback.self) { _ in RNNCallback() }
}

/// Adds penalties on large states (AR) and on fast changes of them (TAR) to what is differentiated. Merity et al., arXiv
/// 1708.02182.
///
/// ```
/// loss + α · mean(states²) + β · mean((rawₜ₊₁ − rawₜ)²)
/// ```
/// The loss that is logged stays as it is. On several ranks penalties are means over the global batch.
/// - Note: fastai: `RNNRegularizer`.
public final class RNNRegularizer: Callback {
    /// The weight of the penalty on large states.
    public let alpha: Double
    /// The weight of the penalty on fast changes.
    public let beta: Double

    /// With the weights of both penalties; 0 leaves one out.
    public init(alpha: Double = 0, beta: Double = 0) {
        (self.alpha, self.beta) = (alpha, beta)
        super.init()
        runValid = false
    }

    public override var order: Int { 1 }
    public override var runsAfter: [Callback.Type] { [RNNCallback.self] }

    public override func afterLoss(_ learner: Learner) throws {
        guard let states = learner.callback(ofType: RNNCallback.self) else {
            throw LearnerError(.missingCallback, "RNNRegularizer: there is no RNNCallback that keeps the states")
        }
        guard learner.isLabelled else { return }
        // Means over the global batch: parts of them count by items, whatever the loss's own count by.
        let own = Double(learner.batchItemCount)
        let all = try learner.coordinator.average(0, weight: own).weight
        try learner.evenOutLoss()
        let ranks = learner.lossFunction.reduction == .sum ? 1 : Double(learner.coordinator.rankCount)
        let share = all > 0 ? ranks * own / all : 0
        guard let loss = learner.lossGrad else { return }
        var penalty: Tensor?
        if alpha != 0, let outputs = states.states { penalty = outputs.square().mean() * (alpha * share) }
        if beta != 0, let raw = states.rawStates, raw.rank > 1, raw.shape[1] > 1 {
            let change = (raw[.all, 1...] - raw[.all, 0..<(raw.shape[1] - 1)]).square().mean() * (beta * share)
            penalty = penalty.map { $0 + change } ?? change
        }
        if let penalty { learner.lossGrad = loss + penalty }
    }
}

extension RNNRegularizer: Configurable {
    public static let configuration = Configuration(RNNRegularizer.self) {
        Field("alpha", \.alpha)
        Field("beta", \.beta)
    } make: {
        RNNRegularizer(alpha: try $0("alpha"), beta: try $0("beta"))
    }
}

extension Callback {
    /// The three that recurrent language models train with: state forgotten between phases, predictions told from states,
    /// and penalties on the states.
    /// - Note: fastai: `rnn_cbs`.
    public static func recurrent(alpha: Double = 0, beta: Double = 0) -> [Callback] {
        [ModelResetter(), RNNCallback()] + (alpha != 0 || beta != 0 ? [RNNRegularizer(alpha: alpha, beta: beta)] : [])
    }
}
