// SPDX-License-Identifier: Apache-2.0
// What every recipe can be told.

import ArgumentParser
import Foundation

/// Options shared by the training recipes. A recipe fills in what is not given.
struct TrainingOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Passes over the training data.", valueName: "n"))
    var epochs: Int?

    @Option(help: ArgumentHelp("Peak learning rate of the one-cycle schedule.", valueName: "rate"))
    var lr: Double?

    @Option(help: ArgumentHelp("Samples per step, over all ranks (default: 64).", valueName: "n"))
    var batchSize: Int?

    @Option(help: ArgumentHelp("Decides initial weights, the split and the order of samples.", valueName: "n"))
    var seed: UInt64 = 42

    @Option(help: ArgumentHelp("Write the trained weights here, too (safetensors).", valueName: "file"))
    var save: String?

    @Option(
        help: ArgumentHelp("Folder of the run's files (default: runs/<recipe>-<date>-<time>).", valueName: "folder"))
    var run: String?

    @Flag(help: "Print the settings as JSON and do not train.")
    var printConfig = false

    @OptionGroup var watch: WatchOptions
    @OptionGroup var ranks: RankOptions

    func validate() throws {
        if let epochs, epochs < 1 { throw ValidationError("--epochs \(epochs): at least 1 is needed") }
        if let lr, !(lr > 0 && lr.isFinite) { throw ValidationError("--lr \(lr): must be greater than 0") }
        if let batchSize, batchSize < 1 { throw ValidationError("--batch-size \(batchSize): at least 1 is needed") }
        if watch.resume != nil, run != nil { throw ValidationError("--resume names the run's folder; leave --run out") }
        if let save, save.hasSuffix("/") { throw ValidationError("--save \(save): name a file, not a folder") }
    }

    /// The settings to train with: those of the run to resume if one is named.
    func settled(_ settings: TrainingSettings) throws -> TrainingSettings {
        try watch.resumed(
            settings,
            given: [
                ("--epochs", { epochs == nil || epochs == $0.epochs }), ("--lr", { lr == nil || lr == $0.lr }),
                ("--batch-size", { batchSize == nil || batchSize == $0.batchSize }),
                ("--seed", { seed == 42 || seed == $0.seed }),
            ])
    }
}
