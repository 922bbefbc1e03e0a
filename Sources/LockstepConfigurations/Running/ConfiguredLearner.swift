// SPDX-License-Identifier: Apache-2.0
// The learner of a configuration, with what watches and disturbs it.

import LockstepComm
import LockstepData
import LockstepLearner
import LockstepNN
import LockstepOptim
import LockstepTensor

/// A learner as a configuration asks for it, and what it recorded.
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
    ///   - ranks: All ranks; nil for a program that knows of none.
    ///   - batchFactor: How often larger batches are than the configuration says.
    ///   - disturbance: How much each weight is changed at the start, in relation to itself.
    init(
        _ configuration: Configuration, path: String, ranks: (any Communicator)?, batchFactor: Int,
        disturbance: Double = 0,
        disturbanceSeed: UInt64 = 0
    ) throws {
        self.configuration = configuration
        let data = ConfiguredData(configuration: configuration, batchFactor: batchFactor, ranks: ranks)
        let model = configuration.model()
        if disturbance > 0 { model.disturb(by: disturbance, seed: disturbanceSeed) }
        learner = Learner(
            dls: try data.loaders(path: path), model: model, loss: configuration.loss(),
            optimizer: configuration.optimizer(), lr: configuration.rate, splitter: configuration.splitter(),
            callbacks: configuration.callbacks(path) + (configuration.has("fetching") ? [fetching] : []),
            metrics: configuration.metrics(), path: path, wdBnBias: configuration.has("wdBnBias"),
            trainBn: configuration.has("trainBn"), defaultCallbacks: .core)
        learner.logger = SilentLogger()
        try learner.on(.afterStep, order: -90) { [self] _ in steps += 1 }
        try addSignal(rank: ranks?.rank ?? 0, ranks: ranks?.size ?? 1)
        try addAssignment()
        try addQuestions()
        if configuration["frozen"] == "group" { try learner.createOptimizer().freeze(to: 1) }
    }

    /// Throws the signal at its place in the first epoch, on the ranks that are to.
    private func addSignal(rank: Int, ranks: Int) throws {
        guard configuration["signal"] != "none", let event = Event(rawValue: configuration["signalAt"]) else { return }
        let signal: any Error = CancelSignal(rawValue: configuration["signal"]) ?? PlannedError()
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

    /// Writes to a parameter while the ranks may share it.
    private func addAssignment() throws {
        guard configuration.has("assigns") else { return }
        try learner.on(.afterBatch, order: 30) { learner in
            guard learner.training, learner.iter == 0, let parameter = learner.model.parameters().first else { return }
            parameter.wrappedValue = (parameter.value * 0.9).detached
        }
    }

    private func addQuestions() throws {
        switch configuration["asks"] {
        case "average":
            try learner.on(.afterLoss) { [self] learner in
                guard learner.training else { return }
                // Items, and the mean of something over them.
                let mean = learner.batchItemCount == 0 ? 0 : learner.x?.to(.float64).mean().item() ?? 0
                let answer = try learner.coordinator.average(mean, weight: Double(learner.batchItemCount))
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

/// What a callback throws on purpose.
struct PlannedError: Error, CustomStringConvertible {
    let description = "an error on purpose"
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
