// SPDX-License-Identifier: Apache-2.0
// Writing text with the model that a run has saved.

import ArgumentParser
import Lockstep

/// How text is drawn from a model.
struct SamplingOptions: ParsableArguments {
    @Option(help: ArgumentHelp("What the text begins with (default: a new line).", valueName: "text"))
    var prompt = "\n"

    @Option(help: ArgumentHelp("Below 1 the likely becomes likelier; 0 always takes the likeliest.", valueName: "t"))
    var temperature = 0.8

    @Option(help: ArgumentHelp("Draw among this many likeliest tokens only.", valueName: "k"))
    var topK: Int?

    func validate() throws {
        if prompt.isEmpty { throw ValidationError("--prompt: the text to begin with is empty") }
        if !(temperature >= 0 && temperature.isFinite) {
            throw ValidationError("--temperature \(temperature): must be 0 or greater")
        }
        if let topK, topK < 1 { throw ValidationError("--top-k \(topK): at least 1 is needed") }
    }

    /// The prompt and `count` tokens after it, written by the model in a run's folder.
    func text(run folder: String, count: Int, seed: UInt64) throws -> String {
        let file = try TextModelFile(run: folder)
        let model = file.makeModel()
        let learner = Learner(
            dls: DataLoaders(DataLoader(EmptyDataset())), model: model, loss: .crossEntropy, path: folder,
            modelDirectory: "", defaultCallbacks: .none)
        try learner.load("model", withOptimizer: false)
        let start = file.encoding.encode(prompt)
        guard !start.isEmpty else { throw Failure.usage("--prompt: holds no \(file.encoding.tokenizer.unit)") }
        let drawn = model.generate(
            after: start, count: count, context: file.context, temperature: temperature, topK: topK, seed: seed)
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
        if count < 0 { throw ValidationError("--count \(count): must be 0 or greater") }
    }

    func run() throws {
        Console.standardOutput.write(try sampling.text(run: folder, count: count, seed: seed) + "\n")
    }
}
