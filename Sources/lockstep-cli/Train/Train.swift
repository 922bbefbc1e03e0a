// SPDX-License-Identifier: Apache-2.0
// `lockstep train`: recipes that fit a model and leave a folder with the run's files behind.

import ArgumentParser

/// The group of recipes.
struct Train: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Train a model: on handwritten digits, MNIST, images, a table, or a text.",
        discussion:
            "The run's folder gets model.safetensors (weights), export.bundle (the whole learner, for `lockstep "
            + "predict` or Learner.load), history.csv and settings.json.",
        subcommands: [
            TrainCommand<DigitsRecipe>.self, TrainCommand<MNISTRecipe>.self, TrainCommand<ImagesRecipe>.self,
            TrainCommand<CSVRecipe>.self, TrainCommand<TextRecipe>.self,
        ])
}

/// `lockstep train <recipe>`.
struct TrainCommand<Source: Recipe>: ParsableCommand {
    static var configuration: CommandConfiguration {
        let (epochs, lr, batchSize) = Source.defaults
        return CommandConfiguration(
            commandName: Source.name, abstract: "Train on " + uncapitalized(Source.abstract),
            discussion: (Source.discussion.isEmpty ? "" : Source.discussion + "\n")
                + "Defaults: \(epochs) epochs, --lr \(lr), --batch-size \(batchSize).")
    }

    @OptionGroup var recipe: Source
    @OptionGroup var options: TrainingOptions
    @OptionGroup var common: RunOptions

    func run() throws {
        try recipe.check()
        var settings = try options.settled(recipe.settings(epochs: options.epochs, lr: options.lr, common), common)
        if options.tta {
            guard recipe.hasImages else {
                throw Failure.usage("--tta: \(Source.name) with --model \(recipe.modelName) has no images to change")
            }
            settings.augment = true
        }
        if options.printConfig { return print(try settings.json) }
        let training = TrainingRun(settings, options, folder: options.watch.resume ?? common.run)
        try common.ranks.run { [recipe] ranks in try training.train(recipe.task, ranks) }
    }
}

/// A sentence as the continuation of another.
func uncapitalized(_ text: String) -> String {
    // "A folder", "The table", but not "MNIST" or "1,797".
    guard let first = text.first, text.dropFirst().first.map({ !$0.isUppercase }) ?? false else { return text }
    return first.lowercased() + text.dropFirst()
}
