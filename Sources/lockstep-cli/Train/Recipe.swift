// SPDX-License-Identifier: Apache-2.0
// What a recipe is: data, a model and a loss that `train` trains and `lr-find` looks for a rate for.

import ArgumentParser
import Lockstep

/// Options that say what is learnt from which data. All of them are settings.
protocol Recipe: SettingGroup, Sendable {
    /// The word behind `lockstep train`.
    static var name: String { get }
    static var abstract: String { get }
    /// More about it, if there is more to say; the defaults are added.
    static var discussion: String { get }
    /// What is not asked for otherwise.
    static var defaults: (epochs: Int, lr: Double, batchSize: Int) { get }

    /// Name of the network.
    var modelName: String { get }
    /// The file or folder with the data; nil for data that come with the package.
    var source: String? { get }
    /// Whether the items are images, which can be randomly changed.
    var hasImages: Bool { get }
    /// Has training images randomly changed.
    mutating func changeImages()
    /// The first settings that do not go together.
    var conflict: SettingConflict? { get }
    /// Refuses files that cannot be read, before any rank is started.
    func check() throws
    /// How many models are trained one after another, each on all folds of the data but one; nil for one model.
    var folds: Int? { get }
    /// The recipe of one fold.
    func ofFold(_ fold: Int) -> Self
    /// For each row of the data the fold in which it is for validation.
    func foldsOfRows(_ settings: TrainingSettings) throws -> [Int]
    /// What is to be trained; made on every rank.
    func task(_ settings: TrainingSettings) throws -> TrainingTask
}

extension Recipe {
    static var discussion: String { "" }
    static var defaults: (epochs: Int, lr: Double, batchSize: Int) { (10, 1e-3, 64) }
    var source: String? { nil }
    var hasImages: Bool { false }
    mutating func changeImages() {}
    var conflict: SettingConflict? { nil }
    func check() throws {}
    var folds: Int? { nil }
    func ofFold(_ fold: Int) -> Self { self }
    func foldsOfRows(_ settings: TrainingSettings) throws -> [Int] { [] }
}

/// What a recipe trains.
struct TrainingTask {
    let dls: DataLoaders
    let model: Module
    let loss: any LossFunction
    let metric: Metric
    var optimizer = OptimizerFactory.adam()
    /// Printed before training, once.
    var remarks = ""
    /// Cuts the model into parameter groups.
    var splitter = ParameterSplitter.trainableParameters
    /// Epochs in which the last group alone is trained, before all are with smaller rates for earlier ones; nil trains everything
    /// from the start.
    var freezeEpochs: Int?
    /// Run on every rank when the weights are saved; what it returns is printed instead of the metric, once.
    var conclude: (@Sendable (Learner, RunFolder) throws -> String)?

    /// - Throws: ``Failure`` when there is nothing to train on, or nothing that can be trained.
    func check(_ settings: TrainingSettings) throws {
        guard let train = dls.train.indexed, let items = train.itemCount else { return }
        guard train.batchCount != 0 else {
            throw Failure.usage(
                "--batch-size \(settings.batchSize): larger than the training set of \(items) samples")
        }
        try checkSmallestBatch(train, items, settings.batchSize)
    }

    /// The recipe's name, the sizes of data and model, and who trains.
    func opening(_ settings: TrainingSettings, _ ranks: any Communicator) -> String {
        func items(_ source: (any BatchSource)?) -> String { "\(source?.itemCount ?? 0)" }
        let kind = ranks is InProcessCommunicator ? "threads" : "processes"
        return (remarks.isEmpty ? "" : remarks + "\n")
            + "\(settings.recipe): \(items(dls.train)) samples to train on, \(items(dls.valid)) to validate; "
            + "\(settings.model) of \(model.parameterCount) parameters; "
            + (ranks.size == 1 ? "1 rank" : "\(ranks.size) ranks (\(kind))") + "\n"
    }
}
