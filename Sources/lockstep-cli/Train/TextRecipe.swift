// SPDX-License-Identifier: Apache-2.0
// The recipe for texts: a language model of any text file, by character or by word, that writes when it is trained.

import ArgumentParser
import Lockstep

/// What a token is.
enum TokenUnit: String, CaseIterable, ExpressibleByArgument {
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

    @Argument(help: ArgumentHelp("The text, in UTF-8.", valueName: "file")) var file: String
    @Option(help: "Network: transformer blocks, or an LSTM.") var model: TextModel = .gpt
    @Option(help: "What a token is.") var tokens: TokenUnit = .characters
    @Option(help: ArgumentHelp("Tokens that the model is shown at once.", valueName: "n")) var blockLength = 64
    @Option(help: ArgumentHelp("Size of the vectors inside (default: 128, LSTM 256).", valueName: "n")) var width: Int?
    @Option(help: ArgumentHelp("Number of layers (default: 4, LSTM 1).", valueName: "n")) var layers: Int?
    @Option(help: ArgumentHelp("Tokens to write with the trained model; 0 for none.", valueName: "n")) var sample = 300
    @OptionGroup var sampling: SamplingOptions

    func validate() throws {
        for (name, size, most) in [
            ("block-length", blockLength, 65_536), ("width", width ?? 1, 65_536), ("layers", layers ?? 1, 1024),
        ]
        where !(1...most).contains(size) {
            throw ValidationError("--\(name) \(size): must be between 1 and \(most)")
        }
        if model == .lstm, let width, width % 4 != 0 {
            throw ValidationError("--width \(width): must be a multiple of 4 for an LSTM")
        }
        if sample < 0 { throw ValidationError("--sample \(sample): must be 0 or greater") }
    }

    var modelName: String { model.rawValue }
    func complete(_ settings: inout TrainingSettings) { (settings.data, settings.blockLength) = (file, blockLength) }
    func check() throws { try Failure.requireReadable(file, option: "text") }

    func task(_ settings: TrainingSettings) throws -> TrainingTask {
        let text = try DataLoaders.text(
            path: file, tokenizer: tokens.tokenizer, blockLength: blockLength, batchSize: settings.batchSize,
            seed: settings.seed)
        let description = TextModelFile(
            model, width: width, layers: layers, context: blockLength, encoding: text.encoding)
        let json = try description.json
        return TrainingTask(
            dls: text.loaders, model: description.makeModel(), loss: .crossEntropy, metric: .accuracy, notes: "\(text)",
            conclude: { learner, files in try conclude(learner, files, json, settings.seed) })
    }

    /// Keeps what the weights need, and writes with what has been saved rather than with what is in memory.
    private func conclude(_ learner: Learner, _ files: RunFolder, _ json: String, _ seed: UInt64) throws -> String {
        var written = ""
        try learner.coordinator.write {
            try files.write(json, to: TextModelFile.name)
            if sample > 0 { written = try sampling.text(run: files.folder, count: sample, seed: seed) + "\n\n" }
        }
        let loss = learner.finalRecord.dropLast().last.flatMap { $0 }.map { decimals($0, 4) } ?? "unknown"
        return written + "validation loss \(loss) nats/\(tokens == .characters ? "character" : "word")"
    }
}
