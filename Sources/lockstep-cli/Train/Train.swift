// SPDX-License-Identifier: Apache-2.0
// `lockstep train`: recipes that fit a model and leave a folder with the run's files behind.

import ArgumentParser
import Lockstep

/// The group of recipes.
struct Train: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Train a model: on handwritten digits, MNIST, a table, or a text.",
        subcommands: [TrainDigits.self, TrainMNIST.self, TrainCSV.self, TrainText.self])
}

/// The digits that come with the package.
struct TrainDigits: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "digits", abstract: "Train on 1,797 real handwritten digits of 8×8 pixels; nothing to download.",
        discussion: "Defaults: 20 epochs, --lr 0.02.")

    @Option(help: "Network.") var model: ImageModel = .mlp
    @OptionGroup var options: TrainingOptions

    func run() throws {
        let settings = TrainingSettings(recipe: "digits", model: model.rawValue, options: options, epochs: 20, lr: 2e-2)
        try TrainingRun(settings, options).run { [model] settings in
            TrainingTask(
                dls: try .digits(batchSize: settings.batchSize, seed: settings.seed, asImages: model == .cnn),
                model: model.forDigits(), loss: .crossEntropy, metric: .accuracy)
        }
    }
}

/// A folder in MNIST's format.
struct TrainMNIST: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mnist",
        abstract: "Train on a folder of IDX files, plain or gzip: MNIST and its relatives.",
        discussion: "With train- and t10k- files the latter are for validation; with one pair a fifth of it is.\n"
            + "Defaults: 3 epochs, --lr 0.003.")

    @Option(help: ArgumentHelp("Folder with the IDX files.", valueName: "folder")) var data: String
    @Option(help: "Network.") var model: ImageModel = .cnn
    @OptionGroup var options: TrainingOptions

    func run() throws {
        try Failure.requireReadable(data, option: "--data")
        let settings = TrainingSettings(
            recipe: "mnist", model: model.rawValue, options: options, epochs: 3, lr: 3e-3, data: data)
        try TrainingRun(settings, options).run { [model, data] settings in
            TrainingTask(
                dls: try .mnist(
                    path: data, batchSize: settings.batchSize, seed: settings.seed, asImages: model == .cnn),
                model: model.forMNIST(), loss: .crossEntropy, metric: .accuracy)
        }
    }
}

/// A table with a header.
struct TrainCSV: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "csv",
        abstract: "Train on a CSV table with a header: what the columns are is inferred and printed.",
        discussion: "Defaults: 10 epochs, --lr 0.002.")

    @Option(help: ArgumentHelp("The table.", valueName: "file")) var data: String
    @Option(help: ArgumentHelp("Name of the column to predict.", valueName: "column")) var target: String
    @OptionGroup var options: TrainingOptions

    func run() throws {
        try Failure.requireReadable(data, option: "--data")
        let settings = TrainingSettings(
            recipe: "csv", model: "tabular", options: options, epochs: 10, lr: 2e-3, data: data, target: target)
        try TrainingRun(settings, options).run { [data, target] settings in
            let table = try DataLoaders.csv(
                path: data, target: target, batchSize: settings.batchSize, seed: settings.seed)
            let columns = table.columns
            let model = TabularModel(
                embeddings: columns.embeddingSizes.map { (categories: $0.count, width: $0.width) },
                continuous: columns.continuous.count, outputs: columns.target.outputCount)
            switch columns.target.kind {
            case .classification:
                return TrainingTask(
                    dls: table.loaders, model: model, loss: .crossEntropy, metric: .accuracy, notes: "\(columns)")
            case .regression:
                return TrainingTask(dls: table.loaders, model: model, loss: .mse, metric: .rmse, notes: "\(columns)")
            }
        }
    }
}
