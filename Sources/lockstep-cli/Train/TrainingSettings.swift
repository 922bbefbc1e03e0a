// SPDX-License-Identifier: Apache-2.0
// The options of a recipe with everything filled in: printed by --print-config, written beside the weights.

import Foundation

/// What a run was told. `settings.json` in the run's folder.
struct TrainingSettings: Codable, Sendable {
    let recipe: String
    /// Name of the network.
    let model: String
    let epochs: Int
    let lr: Double
    /// Samples per step over all ranks.
    let batchSize: Int
    let seed: UInt64
    /// Folder or file with the data; nil for data that come with the package.
    var data: String?
    /// The column to predict, for tables.
    var target: String?
    /// Tokens in a block, for texts.
    var blockLength: Int?
    /// The version of Lockstep.
    var lockstep = LockstepVersion.current

    /// Fills in what the options leave open.
    init(
        recipe: String, model: String, options: TrainingOptions, epochs: Int, lr: Double,
        data: String? = nil, target: String? = nil, batchSize: Int = 64
    ) {
        (self.recipe, self.model, self.data, self.target) = (recipe, model, data, target)
        self.epochs = options.epochs ?? epochs
        self.lr = options.lr ?? lr
        self.batchSize = options.batchSize ?? batchSize
        seed = options.seed
    }

    /// Indented, keys in alphabetical order.
    var json: String {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            return String(decoding: try encoder.encode(self), as: UTF8.self)
        }
    }
}
