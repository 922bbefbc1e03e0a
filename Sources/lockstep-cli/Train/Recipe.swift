// SPDX-License-Identifier: Apache-2.0
// What a recipe is: data, a model and a loss that `train` trains and `lr-find` looks for a rate for.

import ArgumentParser
import Lockstep

/// Options that say what is learnt from which data.
protocol Recipe: ParsableArguments, Sendable {
    /// The word behind `lockstep train`.
    static var name: String { get }
    static var abstract: String { get }
    /// More about it, if there is more to say; the defaults are added.
    static var discussion: String { get }
    /// What is not asked for otherwise.
    static var defaults: (epochs: Int, lr: Double, batchSize: Int) { get }

    /// Name of the network.
    var modelName: String { get }
    /// Writes into the settings what only this recipe has: where data come from.
    func complete(_ settings: inout TrainingSettings)
    /// Whether the items are images, which can be randomly changed.
    var hasImages: Bool { get }
    /// Refuses files that cannot be read, before any rank is started.
    func check() throws
    /// What is to be trained; made on every rank.
    func task(_ settings: TrainingSettings) throws -> TrainingTask
}

extension Recipe {
    static var discussion: String { "" }
    static var defaults: (epochs: Int, lr: Double, batchSize: Int) { (10, 1e-3, 64) }
    func complete(_ settings: inout TrainingSettings) {}
    var hasImages: Bool { false }
    func check() throws {}

    /// The options with everything filled in.
    func settings(epochs: Int? = nil, lr: Double? = nil, _ options: RunOptions) -> TrainingSettings {
        var settings = TrainingSettings(
            recipe: Self.name, model: modelName, epochs: epochs ?? Self.defaults.epochs, lr: lr ?? Self.defaults.lr,
            batchSize: options.batchSize ?? Self.defaults.batchSize, seed: options.seed)
        complete(&settings)
        return settings
    }
}

/// What a recipe trains.
struct TrainingTask {
    let dls: DataLoaders
    let model: Module
    let loss: any LossFunction
    let metric: Metric
    /// Printed before training, once.
    var notes = ""
    /// Run on every rank when the weights are saved; what it returns is printed instead of the metric, once.
    var conclude: (@Sendable (Learner, RunFolder) throws -> String)?

    /// - Throws: ``Failure`` when there is nothing to train on.
    func check(_ settings: TrainingSettings) throws {
        guard let train = dls.train as? DataLoader, train.batchCount == 0 else { return }
        throw Failure.usage(
            "--batch-size \(settings.batchSize): larger than the training set of \(train.itemCount ?? 0) samples")
    }

    /// The recipe's name, the sizes of data and model, and who trains.
    func opening(_ settings: TrainingSettings, _ ranks: any Communicator) -> String {
        func items(_ source: (any BatchSource)?) -> String { "\((source as? DataLoader)?.itemCount ?? 0)" }
        let kind = ranks is InProcessCommunicator ? "threads" : "processes"
        return (notes.isEmpty ? "" : notes + "\n")
            + "\(settings.recipe): \(items(dls.train)) samples to train on, \(items(dls.valid)) to validate; "
            + "\(settings.model) of \(model.parameterCount) parameters; "
            + (ranks.size == 1 ? "1 rank" : "\(ranks.size) ranks (\(kind))") + "\n"
    }
}
