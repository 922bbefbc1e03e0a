// SPDX-License-Identifier: Apache-2.0
// Writing text with the model that a run has saved.

import ArgumentParser
import Lockstep

/// How text is drawn from a model.
struct SamplingOptions: SettingGroup {
    static let prompt = Setting(
        "prompt", "\n", help: "What the text begins with (default: a new line).", valueName: "text",
        showsDefault: false,
        onResume: .given, problem: { $0.isEmpty ? "the text to begin with is empty" : nil })
    @Option(SamplingOptions.prompt) var prompt: String?

    static let temperature = Setting(
        "temperature", 0.8, help: "Below 1 the likely becomes likelier; 0 always takes the likeliest.", valueName: "t",
        onResume: .given, problem: { $0 >= 0 && $0.isFinite ? nil : "must be 0 or greater" })
    @Option(SamplingOptions.temperature) var temperature: Double?

    static let topK = Setting(
        "topK", 1, in: 1...1_000_000_000, help: "Draw among this many likeliest tokens only.", valueName: "k",
        showsDefault: false, onResume: .given)
    @Option(SamplingOptions.topK) var topK: Int?

    static var settings: [BoundSetting<Self>] {
        [
            BoundSetting(prompt, \.prompt), BoundSetting(temperature, \.temperature),
            BoundSetting(optional: topK, \.topK),
        ]
    }
    func validate() throws { try checkGiven() }

    /// The prompt and `count` tokens after it, written by the model in a run's folder.
    func text(run folder: String, count: Int, seed: UInt64) throws -> String {
        let file = try TextModelFile(run: folder)
        let model = file.makeModel()
        let learner = Learner(
            dls: DataLoaders(DataLoader(EmptyDataset())), model: model, loss: .crossEntropy, path: folder,
            modelDirectory: "", defaultCallbacks: .none)
        try learner.load("model", withOptimizer: false)
        let start = file.encoding.encode(prompt ?? Self.prompt.initial)
        guard !start.isEmpty else { throw Failure.usage("--prompt: holds no \(file.encoding.tokenizer.unit)") }
        let drawn = model.generate(
            after: start, count: count, context: file.context, temperature: temperature ?? Self.temperature.initial,
            topK: topK, seed: seed)
        return file.encoding.decode(start + drawn)
    }
}

/// `lockstep sample`.
struct SampleText: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sample", abstract: "Write text with a model that `lockstep train text` has saved.")

    @Argument(help: ArgumentHelp("Folder of the run.", valueName: "run")) var folder: String
    @Option(help: ArgumentHelp("Characters or words to write.", valueName: "n")) var count = 500
    @Option(help: ArgumentHelp("Decides what is drawn.", valueName: "n")) var seed: UInt64 = 42
    @OptionGroup var sampling: SamplingOptions

    func validate() throws {
        if !(0...1_000_000_000).contains(count) {
            throw ValidationError("--count \(count): must be between 0 and 1000000000")
        }
    }

    func run() throws {
        try say(sampling.text(run: folder, count: count, seed: seed))
    }
}
