// SPDX-License-Identifier: Apache-2.0
// The recipe for texts: a language model of any text file, by character or by word, that writes when it is trained.

import ArgumentParser
import Lockstep

/// What a token is.
enum TokenUnit: String, CaseIterable, ExpressibleByArgument, SettingValue {
    case characters, words

    var tokenizer: Tokenizer { self == .words ? .words : .characters }
}

/// A text in UTF-8.
struct TextRecipe: Recipe {
    static let name = "text"
    static let abstract = "A text file, by character or by word: a language model, which then writes."
    static let discussion =
        "The last tenth of the text is held out. Losses are nats per character (or word). The run's folder gets text.json, "
        + "and `lockstep sample` writes more with what lies there."
    static let defaults = (epochs: 3, lr: 3e-3, batchSize: 32)

    static let data = Setting(
        "data", "", help: "The text, in UTF-8.", valueName: "file", showsDefault: false, onResume: .given)
    @Argument(TextRecipe.data) var data: String?
    static let model = Setting("model", TextModel.gpt, help: "Network: transformer blocks, or an LSTM.")
    @Option(TextRecipe.model) var model: TextModel?
    static let tokens = Setting("tokens", TokenUnit.characters, help: "What a token is.")
    @Option(TextRecipe.tokens) var tokens: TokenUnit?
    static let blockLength = Setting("blockLength", 64, in: 1...65_536, help: "Tokens that the model is shown at once.")
    @Option(TextRecipe.blockLength) var blockLength: Int?
    static let width = Setting(
        "width", 128, in: 1...65_536, help: "Size of the vectors inside (default: 128, LSTM 256).", showsDefault: false)
    @Option(TextRecipe.width) var width: Int?
    static let layers = Setting(
        "layers", 4, in: 1...1024, help: "Number of layers (default: 4, LSTM 1).", showsDefault: false)
    @Option(TextRecipe.layers) var layers: Int?
    static let sample = Setting(
        "sample", 300, in: 0...1_000_000_000, help: "Tokens to write with the trained model; 0 for none.",
        onResume: .given)
    @Option(TextRecipe.sample) var sample: Int?
    @OptionGroup var sampling: SamplingOptions

    static var settings: [BoundSetting<Self>] {
        [
            BoundSetting(argument: data, \.data), BoundSetting(model, \.model), BoundSetting(tokens, \.tokens),
            BoundSetting(blockLength, \.blockLength),
            BoundSetting(width, \.width, initial: { $0.network == .gpt ? 128 : 256 }),
            BoundSetting(layers, \.layers, initial: { $0.network == .gpt ? 4 : 1 }), BoundSetting(sample, \.sample),
        ] + SamplingOptions.settings.map { $0.lifted(\.sampling) }
    }
    func validate() throws { try checkGiven() }

    private var network: TextModel { model ?? Self.model.initial }
    private var unit: TokenUnit { tokens ?? Self.tokens.initial }
    var modelName: String { network.rawValue }
    var source: String? { data }
    func check() throws { try Failure.requireReadable(data ?? "", option: "text") }

    var conflict: SettingConflict? {
        guard network == .lstm, let width, width % 4 != 0 else { return nil }
        return SettingConflict(key: "width", words: "--width \(width)", problem: "must be a multiple of 4 for an LSTM")
    }

    func task(_ settings: TrainingSettings) throws -> TrainingTask {
        let blockLength = blockLength ?? Self.blockLength.initial
        let text = try DataLoaders.text(
            path: data ?? "", tokenizer: unit.tokenizer, blockLength: blockLength, batchSize: settings.batchSize,
            seed: settings.seed)
        let description = TextModelFile(
            network, width: width ?? Self.width.initial, layers: layers ?? Self.layers.initial, context: blockLength,
            encoding: text.encoding)
        let json = try description.json
        return TrainingTask(
            dls: text.loaders, model: description.makeModel(), loss: .crossEntropy, metric: .accuracy,
            remarks: "\(text)",
            conclude: { learner, files in try conclude(learner, files, json, settings.seed) })
    }

    /// Keeps what the weights need, and writes with what has been saved rather than with what is in memory.
    private func conclude(_ learner: Learner, _ files: RunFolder, _ json: String, _ seed: UInt64) throws -> String {
        var written = ""
        try learner.coordinator.write {
            try files.write(json, to: TextModelFile.name)
            let sample = sample ?? Self.sample.initial
            if sample > 0 { written = try sampling.text(run: files.folder, count: sample, seed: seed) + "\n\n" }
        }
        let loss = learner.finalRecord.dropLast().last.flatMap { $0 }.map { decimals($0, 4) } ?? "unknown"
        return written + "validation loss \(loss) nats/\(unit == .characters ? "character" : "word")"
    }
}
