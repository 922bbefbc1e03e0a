// SPDX-License-Identifier: Apache-2.0
// What every recipe can be told.

import ArgumentParser
import Foundation

/// Options of everything that runs a recipe. The recipe fills in what is not given.
struct RunOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Samples per step, over all ranks.", valueName: "n"))
    var batchSize: Int?

    @Option(help: ArgumentHelp("Decides initial weights, the split and the order of samples.", valueName: "n"))
    var seed: UInt64 = 42

    @Option(
        help: ArgumentHelp("Folder of the run's files (default: runs/<recipe>-<date>-<time>).", valueName: "folder"))
    var run: String?

    @OptionGroup var ranks: RankOptions

    func validate() throws {
        if let batchSize, batchSize < 1 { throw ValidationError("--batch-size \(batchSize): at least 1 is needed") }
    }
}

/// Options of training alone.
struct TrainingOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Passes over the training data.", valueName: "n"))
    var epochs: Int?

    @Option(help: ArgumentHelp("Peak learning rate of the one-cycle schedule.", valueName: "rate"))
    var lr: Double?

    @Option(
        help: ArgumentHelp(
            "Threads of each rank that make training batches ahead of its steps; the batches are the same (default: 0, "
                + "for images 1).", valueName: "n"))
    var workers: Int?

    @Option(help: ArgumentHelp("Write the trained weights here, too (safetensors).", valueName: "file"))
    var save: String?

    @Option(help: ArgumentHelp("Write the exported learner here, too.", valueName: "file"))
    var export: String?

    @Flag(help: "Also predict averages over randomly changed images (test-time augmentation); implies --augment.")
    var tta = false

    @Flag(help: "Show some predictions at the end, in the terminal and as results.html in the run's folder.")
    var showResults = false

    @Flag(
        help: "Train with the same bits on 1, 2, 4 and 8 ranks: batches in eight pieces, added as a fixed tree. Slower."
    )
    var bitwise = false

    @Flag(help: "Print the settings as JSON and do not train.")
    var printConfig = false

    @OptionGroup var compression: CompressionOption
    @OptionGroup var watch: WatchOptions

    func validate() throws {
        if let epochs, epochs < 1 { throw ValidationError("--epochs \(epochs): at least 1 is needed") }
        if let lr, !(lr > 0 && lr.isFinite) { throw ValidationError("--lr \(lr): must be greater than 0") }
        if let workers, workers < 0 { throw ValidationError("--workers \(workers): cannot be negative") }
        if bitwise, compression.isOn {
            throw ValidationError(
                "--bitwise and --compression bf16 exclude each other: the one keeps the bits that the other rounds")
        }
        if let save, save.hasSuffix("/") { throw ValidationError("--save \(save): name a file, not a folder") }
        if let export, export.hasSuffix("/") { throw ValidationError("--export \(export): name a file, not a folder") }
    }

    /// The settings to train with: those of the run to resume if one is named.
    func settled(_ settings: TrainingSettings, _ common: RunOptions) throws -> TrainingSettings {
        if watch.resume != nil, common.run != nil {
            throw Failure.usage("--resume names the run's folder; leave --run out")
        }
        return try watch.resumed(
            settings,
            given: [
                ("--epochs", { epochs == nil || epochs == $0.epochs }), ("--lr", { lr == nil || lr == $0.lr }),
                ("--batch-size", { common.batchSize == nil || common.batchSize == $0.batchSize }),
                ("--seed", { common.seed == 42 || common.seed == $0.seed }),
            ])
    }
}
