// SPDX-License-Identifier: Apache-2.0
// Trains a configuration on a number of ranks and records what comes out.

import Foundation
import LockstepComm
import LockstepData
import LockstepDistributed
import LockstepLearner
import LockstepNN
import LockstepOptim
import LockstepTensor

/// One way to run a configuration.
struct TrainingRun: Sendable {
    let configuration: Configuration
    /// Ranks; nil for a program that knows nothing of them.
    var ranks: Int?
    /// How often larger batches are than the configuration says.
    var batchFactor = 1
    /// Each weight is changed by up to this share of itself at the start.
    var disturbance = 0.0
    var disturbanceSeed: UInt64 = 0

    init(_ configuration: Configuration, ranks: Int? = nil) {
        (self.configuration, self.ranks) = (configuration, ranks)
    }

    /// What every rank has to show, or what stopped them.
    func outcome() -> Outcome {
        do {
            return .finished(
                try withFolder { folder in
                    try onRanks { try record(over: $0, folder) }
                })
        } catch {
            return .refused("\(error)")
        }
    }

    /// Trains on the ranks of `communicator`, and gives back what this rank has to show.
    func record(over communicator: (any Communicator)?, _ folder: String) throws -> TrainingRecord {
        let trained = try learner(communicator, folder)
        return try within(trained.learner, communicator) {
            try beforehand(trained.learner)
            try configuration.fit(trained.learner)
            if configuration["fits"] == "2" { try goOn(trained.learner) }
            return try record(trained, communicator, folder)
        }
    }

    /// Does what comes between two fits, and fits again.
    private func goOn(_ learner: Learner) throws {
        switch configuration["between"] {
        case "reload":
            try learner.save("between")
            try learner.load("between")
        case "validate": try learner.validate()
        default: break
        }
        try configuration.fit(learner, resets: configuration["between"] == "reset")
    }

    /// What a program may have done before: a mistake that it caught, a search for the rate.
    private func beforehand(_ learner: Learner) throws {
        if configuration.has("mistake") {
            let mistake = EarlyStoppingCallback(monitor: "valid_los", console: Console { _ in })
            do { try learner.fit(1, callbacks: [mistake]) } catch is CallbackError {}
        }
        if configuration.has("finder") { _ = try learner.lrFind(endLR: 0.1, iterations: 7) }
    }

    /// A learner of this run.
    func learner(_ ranks: (any Communicator)?, _ folder: String) throws -> ConfiguredLearner {
        try ConfiguredLearner(
            configuration, path: folder, ranks: ranks, batchFactor: batchFactor, disturbance: disturbance,
            disturbanceSeed: disturbanceSeed)
    }

    /// Runs `body` on every rank, each a thread, and gives back what they return.
    func onRanks<Result: Sendable>(
        _ body: @escaping @Sendable ((any Communicator)?) throws -> Result
    ) throws -> [Result] {
        guard let ranks else { return [try body(nil)] }
        return try InProcessWorld(
            ranks, ranksPerNode: configuration["nodes"] == "each" ? 1 : nil, timeouts: Timeouts(stall: 10, abort: 25)
        ).run { try body($0) }
    }

    /// Runs `body` as the ranks of `communicator` do it together, in the form that the configuration asks for.
    func within<Result>(
        _ learner: Learner, _ communicator: (any Communicator)?, _ body: () throws -> Result
    ) throws -> Result {
        guard let communicator else { return try body() }
        let batch: BatchConvention = configuration["convention"] == "perRank" ? .perRank : .global
        let update: UpdatePolicy =
            switch configuration["update"] {
            case "owner": .owner
            case "replicated": .replicated
            default: .automatic
            }
        let reduction: ReductionOrder = configuration["sums"] == "bitwise" ? .bitwise : .ranks
        let compression: GradientCompression = configuration["compression"] == "bf16" ? .bf16 : .none
        if configuration["form"] == "kept" {
            try learner.toDistributed(
                over: communicator, batch: batch, update: update, reduction: reduction, compression: compression)
            return try body()
        }
        guard configuration["form"] == "callback" else {
            return try learner.distributed(
                over: communicator, batch: batch, update: update, reduction: reduction, compression: compression, body)
        }
        let batchNorm: BatchNormPolicy =
            switch configuration["batchNorm"] {
            case "averageStatistics": .averageStatistics
            case "local": .local
            default: .sync
            }
        try learner.addCallback(
            DistributedCallback(
                communicator: communicator, batch: batch, batchNorm: batchNorm, update: update, reduction: reduction,
                compression: compression, checkInterval: Int(configuration["checkInterval"])))
        return try body()
    }

    /// What a rank has to show after its fits.
    func record(
        _ trained: ConfiguredLearner, _ communicator: (any Communicator)?, _ folder: String
    ) throws -> TrainingRecord {
        var record = TrainingRecord()
        let learner = trained.learner
        let isFirst = communicator?.rank ?? 0 == 0
        record.addModel(learner, buffersAreShared: configuration["batchNorm"] != "local")
        record.addHistory(learner)
        record.add("steps", [Double(trained.steps), Double(learner.trainIter)], isRounded: false)
        if let precision = learner.callback(ofType: MixedPrecision.self) {
            record.add("steps left out", [Double(precision.skippedSteps), precision.scale], isRounded: false)
        }
        record.add("answers", trained.answers)
        let isShared = configuration["nested"] == "validate"
        // Metrics among them are computed in float32.
        record.add(
            "nested", isFirst || isShared ? trained.nested : [], isShared: isShared, leastTolerance: isShared ? 1e-5 : 0
        )
        if configuration.has("fetching") {
            record.add("fetched", trained.fetching.predictions?.predictions.doubles ?? [], isShared: false)
        }
        record.add("writer", [learner.coordinator.isWriter == isFirst ? 1 : 0], isShared: false, isRounded: false)
        if configuration.has("validate") {
            let values = try learner.validate(on: .train).map { $0 ?? missing }
            record.add("validated loss", Array(values.prefix(1)))
            record.add("validated metrics", Array(values.dropFirst()), leastTolerance: 1e-5)
        }
        try record.addPredictions(of: learner, configuration)
        if configuration["saving"] != "none", isFirst {
            let saved = try? Safetensors.read(folder + "/models/best.safetensors")
            record.add("saved", saved.map { $0.entries.flatMap { [Double($0.range.count)] } } ?? [], isShared: false)
        } else {
            record.add("saved", [], isShared: false)
        }
        if configuration.has("csv") {
            let text = isFirst ? (try? Files.read(folder + "/history.csv")) ?? [] : []
            record.add("history", [Double(text.count { $0 == 10 })], isShared: false, isRounded: false)
        }
        return record
    }
}

/// Stands for a value that is not there.
let missing = -12_345.0

/// How a run ended.
enum Outcome: Sendable {
    case finished([TrainingRecord])
    /// The sentence of the error that was thrown.
    case refused(String)
}

extension TrainingRecord {
    mutating func addModel(_ learner: Learner, buffersAreShared: Bool) {
        add("weights", learner.model.namedParameters().flatMap { $0.parameter.value.doubles })
        add("buffers", learner.model.namedBuffers().flatMap { $0.buffer.value.doubles }, isShared: buffersAreShared)
    }

    mutating func addHistory(_ learner: Learner) {
        guard let recorder = learner.recorder else { return }
        add("losses", recorder.losses)
        add("rates", recorder.lrs)
        add("epochs", [Double(recorder.rows.count)], isRounded: false)
        for (column, name) in recorder.names.enumerated() {
            // Metrics are computed in float32 whatever the model is.
            add(
                name, recorder.rows.map { $0.values[column] ?? missing },
                leastTolerance: name.hasSuffix("_loss") ? 0 : 1e-5)
        }
    }

    mutating func addPredictions(of learner: Learner, _ configuration: Configuration) throws {
        func keep(_ name: String, _ result: Predictions) {
            for (part, tensors) in result.parts {
                add("\(name) \(part)", (tensors ?? []).flatMap(\.doubles), isShared: false)
            }
            add("\(name) count", [Double(result.count)], isShared: false, isRounded: false)
        }
        switch configuration["predictions"] {
        case "plain": keep("predictions", try learner.predictions())
        case "losses": keep("predictions", try learner.predictions(on: .train, withLoss: true))
        case "everything":
            keep("predictions", try learner.predictions(withInput: true, withDecoded: true, withLoss: true))
        case "single":
            let item = Tensor([0.5, -0.3, 0.2, 0.9]).to(configuration["dtype"] == "float64" ? .float64 : .float32)
            add("prediction", try learner.predict(item).output.doubles)
        case "interpretation":
            add("losses of items", try Interpretation(learner: learner).losses, isShared: false)
        default: break
        }
        if configuration.has("tta") { keep("tta", try learner.tta(n: 2).predictions) }
    }
}

/// Runs `body` with an empty folder that is removed afterwards.
func withFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
        "lockstep-configuration-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder.path)
}
