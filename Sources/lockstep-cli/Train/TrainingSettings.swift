// SPDX-License-Identifier: Apache-2.0
// What a run was told, every setting with its value.

/// What a recipe and those who run it need of the settings, and all of them as JSON.
struct TrainingSettings: Sendable {
    let recipe: String
    /// Name of the network.
    let model: String
    let epochs: Int
    let lr: Double
    /// Samples per step over all ranks.
    let batchSize: Int
    let seed: UInt64
    /// Folder or file with the data; nil for data that come with the package.
    let data: String?
    /// All of them.
    let values: [String: SettingScalar]
    /// `settings.json` in the run's folder.
    let json: String

    init(
        _ recipe: some Recipe, _ common: RunOptions, _ options: TrainingOptions? = nil,
        values: [String: SettingScalar]
    ) throws {
        let usual = type(of: recipe).defaults
        (self.recipe, model, data) = (type(of: recipe).name, recipe.modelName, recipe.source)
        (epochs, lr) = (options?.epochs ?? usual.epochs, options?.lr ?? usual.lr)
        (batchSize, seed) = (common.batchSize ?? usual.batchSize, common.seed ?? RunOptions.seed.initial)
        self.values = values
        json = try SettingsFile.json(values)
    }
}
