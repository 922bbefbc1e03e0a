// SPDX-License-Identifier: Apache-2.0
// The learner of a configuration, with what watches and disturbs it.

import LockstepData
import LockstepLearner
import LockstepNN
import LockstepOptim
import LockstepTensor

/// A learner as a configuration asks for it, and what it noted.
final class ConfiguredLearner {
    let configuration: Configuration
    let learner: Learner
    /// Optimizer steps that were not cancelled, and what the whole batch was asked for.
    private(set) var steps = 0
    private(set) var answers: [Double] = []
    private(set) var nested: [Double] = []
    let fetching = FetchPredsCallback()

    /// - Parameters:
    ///   - path: The folder for files.
    ///   - rank: Which rank this is.
    ///   - ranks: How many there are.
    ///   - batchFactor: How often larger batches are than the configuration says.
    ///   - disturbance: How much each weight is changed at the start, in relation to itself.
    init(
        _ configuration: Configuration, path: String, rank: Int, ranks: Int, batchFactor: Int, disturbance: Double = 0,
        disturbanceSeed: UInt64 = 0
    ) throws {
        self.configuration = configuration
        let data = ConfiguredData(configuration: configuration, batchFactor: batchFactor)
        let model = configuration.model()
        if disturbance > 0 { model.disturb(by: disturbance, seed: disturbanceSeed) }
        learner = Learner(
            dls: try data.loaders(path: path), model: model, loss: configuration.loss(),
            optimizer: configuration.optimizer(), lr: configuration.rate, splitter: configuration.splitter(),
            callbacks: configuration.callbacks() + (configuration.has("fetching") ? [fetching] : []),
            metrics: configuration.metrics(), path: path, defaultCallbacks: .core)
        learner.logger = SilentLogger()
        try learner.on(.afterStep, order: -90) { [self] _ in steps += 1 }
        try addSignal(rank: rank, ranks: ranks)
        try addQuestions()
        if configuration["frozen"] == "group" { try learner.createOptimizer().freeze(to: 1) }
    }

    /// Throws the signal at its place in the first epoch, on the ranks that are to.
    private func addSignal(rank: Int, ranks: Int) throws {
        guard let signal = CancelSignal(rawValue: configuration["signal"]),
            let event = Event(rawValue: configuration["signalAt"])
        else { return }
        let isMine =
            switch configuration["signalRank"] {
            case "last": rank == ranks - 1
            case "first": rank == 0
            default: true
            }
        let batch = configuration.number("signalBatch")
        try learner.on(event, order: configuration.number("signalOrder")) { learner in
            guard isMine, learner.epoch == 0, !learner.isInferring else { return }
            if event.isInner, !learner.training || learner.iter != batch { return }
            throw signal
        }
    }

    private func addQuestions() throws {
        switch configuration["asks"] {
        case "average":
            try learner.on(.afterLoss) { [self] learner in
                guard learner.training else { return }
                let isMean = configuration["reduction"] == "mean"
                let loss = isMean ? learner.loss?.mean().item() ?? 0 : 1
                let answer = try learner.coordinator.average(loss, weight: learner.batchWeight)
                answers += [answer.mean ?? -1, answer.weight]
            }
        case "wholeBatch":
            try learner.on(.beforeBatch) { [self] learner in
                guard learner.training, !learner.xb.isEmpty else { return }
                answers += try learner.coordinator.wholeBatch(learner.xb).map { $0.to(.float64).sum().item() }
            }
        default: break
        }
        switch configuration["nested"] {
        case "validate":
            try learner.on(.afterBatch, order: 55) { [self] learner in
                if learner.training, learner.iter == 1 { nested += try learner.validate().map { $0 ?? -1 } }
            }
        case "predictions":
            try learner.on(.afterEpoch, order: 55) { [self] learner in
                guard !learner.isInferring else { return }
                nested += try learner.predictions().predictions.doubles
            }
        default: break
        }
    }

    /// Takes out what only watches and disturbs, and cannot be given away.
    func removeWatchers() { learner.removeCallbacks(ofType: ClosureCallback.self) }
}

extension Module {
    /// Changes every weight by up to `share` of itself.
    func disturb(by share: Double, seed: UInt64) {
        var generator = PhiloxGenerator(seed: seed)
        for (_, parameter) in namedParameters() {
            let value = parameter.value
            let factors = value.doubles.map { $0 * (1 + Double.random(in: -share...share, using: &generator)) }
            parameter.wrappedValue = Tensor(factors, shape: value.shape).to(value.dtype)
        }
    }
}
