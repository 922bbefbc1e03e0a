// SPDX-License-Identifier: Apache-2.0
// `lockstep train`: recipes that fit a model and leave a folder with the run's files behind.

import ArgumentParser
import Lockstep

/// The group of recipes.
struct Train: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Train a model: on handwritten digits, MNIST, images, a table, a text, or classes of texts.",
        discussion:
            "The run's folder gets model.safetensors (weights), export.bundle (the whole learner, for `lockstep "
            + "predict` or Learner.load), history.csv and settings.json.",
        subcommands: [
            TrainCommand<DigitsRecipe>.self, TrainCommand<MNISTRecipe>.self, TrainCommand<ImagesRecipe>.self,
            TrainCommand<CSVRecipe>.self, TrainCommand<TextRecipe>.self, TrainCommand<TextClassesRecipe>.self,
        ])
}

/// `lockstep train <recipe>`.
struct TrainCommand<Source: Recipe>: RunCommand {
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
    var taken = TakenConfiguration()

    static var verb: String { "train" }
    static var settings: [BoundSetting<Self>] {
        Source.settings.map { $0.lifted(\.recipe) }
            + TrainingOptions.settings(Source.defaults).map { $0.lifted(\.options) }
            + RunOptions.settings(batchSize: Source.defaults.batchSize).map { $0.lifted(\.common) }
    }
    static var calls: [BoundSetting<Self>] {
        TrainingOptions.calls.map { $0.lifted(\.options) } + RunOptions.calls.map { $0.lifted(\.common) }
    }
    static var elsewhere: [String] { Source.elsewhere + TrainingOptions.elsewhere + RunOptions.elsewhere }

    func validate() throws { try options.watch.check(common.log) }

    func checkGroups() throws {
        try validate()
        try common.log.validate()
        try options.watch.validate()
        try options.validate()
        try common.ranks.validate()
        try common.validate()
    }

    var conflict: SettingConflict? {
        recipe.conflict ?? options.conflict ?? recipe.folds.flatMap { options.conflict(withFolds: $0) }
    }

    mutating func run() throws {
        // A request to stop ends with 75, whenever it comes; signals are watched since the program was loaded.
        if !StopSignals.areWatched || Launcher.startedRanks != nil { StopSignals.watch() }
        try takeConfiguration()
        let plan = try RunPlan(options.watch, run: common.run, recipe: Source.name)
        // Where ranks were started, the first one says it to all: others may not see the same files yet.
        if case .isComplete(let folder) = plan, !common.printConfig, Launcher.startedRanks == nil {
            return RunFolder.sayComplete(folder, common.log.value)
        }
        let resumed = plan.resumed
        if options.tta, resumed == nil, recipe.hasImages { recipe.changeImages() }
        let values = try resolve(resuming: resumed)
        if options.tta, !recipe.hasImages {
            throw Failure.usage("--tta: \(Source.name) with --model \(recipe.modelName) has no images to change")
        }
        if options.tta, values["augment"] == .flag(false), let resumed {
            throw Failure.usage(
                "--resume \(resumed): that run was begun without --augment, which --tta implies; leave it out")
        }
        let settings = try TrainingSettings(recipe, common, options, values: values)
        if common.printConfig { return try say(configuration(values), terminator: "") }
        try recipe.check()
        try common.checkFolder(recipe: settings.recipe, resuming: resumed)
        try options.checkPlaces()
        if let count = recipe.folds { return try train(folds: count, settings, values, plan) }
        let training = TrainingRun(settings, options, plan, common.log.value)
        try common.ranks.run { [recipe] ranks in try training.train(recipe.task, ranks) }
    }

    /// Trains a model for each fold.
    private func train(
        folds count: Int, _ settings: TrainingSettings, _ values: [String: SettingScalar], _ plan: RunPlan
    ) throws {
        let ofFolds = try (0..<count).map { fold in
            let own = recipe.ofFold(fold)
            return try TrainingSettings(
                own, common, options, values: values.merging(["fold": .whole(fold)]) { $1 })
        }
        let run = FoldsRun(
            recipe: recipe, settings: settings, ofFolds: ofFolds, options: options, plan: plan, log: common.log.value)
        try common.ranks.run { ranks in try run.train(over: ranks) }
    }
}

/// A sentence as the continuation of another.
func uncapitalized(_ text: String) -> String {
    // "A folder", "The table", but not "MNIST" or "1,797".
    guard let first = text.first, text.dropFirst().first.map({ !$0.isUppercase }) ?? false else { return text }
    return first.lowercased() + text.dropFirst()
}
