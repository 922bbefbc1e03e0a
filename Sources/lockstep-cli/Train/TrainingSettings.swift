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
    /// Whether training images are randomly changed; nil where there are none.
    var augment: Bool?
    /// The version of Lockstep.
    var lockstep = LockstepVersion.current

    init(recipe: String, model: String, epochs: Int, lr: Double, batchSize: Int, seed: UInt64) {
        (self.recipe, self.model, self.epochs, self.lr) = (recipe, model, epochs, lr)
        (self.batchSize, self.seed) = (batchSize, seed)
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
