// SPDX-License-Identifier: Apache-2.0
// The recipe for a table of texts and their classes.

import ArgumentParser
import Lockstep
import LockstepData

/// A CSV table with a column of texts and one of classes.
struct TextClassesRecipe: Recipe {
    static let name = "text-classes"
    static let abstract = "A CSV table with a column of texts and a column of their classes."
    static let discussion =
        "A fifth of the texts is for validation. With --weights a known network goes on from what it has learned elsewhere: a new "
        + "head is trained first, with the rest frozen, then everything, earlier layers more slowly; --lr is the head's rate. Without, "
        + "a small network learns the words that occur at least twice. The exported learner takes the tokenizer along."
    static let defaults = (epochs: 3, lr: 2e-3, batchSize: 32)

    static let data = Setting(
        "data", "", help: "The table.", valueName: "csv", showsDefault: false, onResume: .given)
    @Argument(TextClassesRecipe.data) var data: String?
    static let text = Setting("text", "text", help: "Name of the column of texts.", valueName: "column")
    @Option(TextClassesRecipe.text) var text: String?
    static let pair = Setting(
        "pair", "", help: "Name of the column of second texts, where a class is that of two texts.",
        valueName: "column",
        showsDefault: false)
    @Option(TextClassesRecipe.pair) var pair: String?
    static let target = Setting("target", "label", help: "Name of the column of classes.", valueName: "column")
    @Option(TextClassesRecipe.target) var target: String?
    static let model = Setting(
        "model", TextNetwork.small, help: "Network (default: small; with --weights what its folder says).",
        showsDefault: false)
    @Option(TextClassesRecipe.model) var model: TextNetwork?
    static let weights = Setting(
        "weights", "",
        help:
            "A folder of Hugging Face with config.json, the tokenizer and the weights of a known network; fine-tuned.",
        valueName: "folder", showsDefault: false, onResume: .given)
    @Option(TextClassesRecipe.weights) var weights: String?
    static let freezeEpochs = Setting(
        "freezeEpochs", 1, in: 1...Setting<Int>.most,
        help: "With --weights, epochs in which the head alone is trained; --epochs come after them.")
    @Option(TextClassesRecipe.freezeEpochs) var freezeEpochs: Int?
    static let maxLength = Setting(
        "maxLength", 256, in: 3...65_536,
        help: "The most tokens of a text (default: 256; of a known network what its files say, 512 at most).",
        showsDefault: false)
    @Option(TextClassesRecipe.maxLength) var maxLength: Int?
    @OptionGroup var weighting: ClassWeightsOption

    static var settings: [BoundSetting<Self>] {
        [
            BoundSetting(argument: data, \.data), BoundSetting(text, \.text), BoundSetting(optional: pair, \.pair),
            BoundSetting(target, \.target), BoundSetting(optional: weights, \.weights),
            BoundSetting(model, \.model, initial: { $0.network }),
            BoundSetting(optional: freezeEpochs, \.freezeEpochs), BoundSetting(optional: maxLength, \.maxLength),
        ] + ClassWeightsOption.settings.map { $0.lifted(\.weighting) }
    }
    func validate() throws { try checkGiven() }

    private var network: TextNetwork { model ?? weights.map { TextNetwork(folder: $0) } ?? .small }
    var modelName: String { network.rawValue }
    var source: String? { data }
    func check() throws {
        try Failure.requireReadable(data ?? "", option: "text-classes")
        if let weights { try Failure.requireReadable(weights, option: "--weights") }
    }

    var conflict: SettingConflict? {
        func conflict(_ key: String, _ words: String, _ problem: String) -> SettingConflict {
            SettingConflict(key: key, words: words, problem: problem)
        }
        if let weights, network == .small {
            return conflict("weights", "--weights \(weights)", "--model small is trained from scratch")
        }
        if weights == nil, network != .small {
            return conflict("model", "--model \(modelName)", "needs --weights, the folder of its files")
        }
        if columns.inputs.contains(columns.target) {
            return conflict("target", "--target \(columns.target)", "is a column of texts")
        }
        if let freezeEpochs, weights == nil {
            return conflict(
                "freezeEpochs", "--freeze-epochs \(freezeEpochs)",
                "without --weights everything is trained from the start")
        }
        return nil
    }

    func task(_ settings: TrainingSettings) throws -> TrainingTask {
        guard let weights else { return try ownTask(settings) }
        let type = try TextBody.modelType(weights)
        // One that is not known here is refused by name when it is read.
        if TextNetwork(rawValue: type) != nil, network.modelType != type {
            throw Failure.usage("--model \(modelName): \(weights)/config.json is that of a model of type “\(type)”")
        }
        var report = ""
        let body = try TextBody.pretrained(weights) { report = "\($0)" }
        let files = try SentenceFolder(weights)
        let tokenizer = try PretrainedTokenizer.load(weights)
        let longest = min(body.context, files.maxLength ?? tokenizer.truncation?.maxLength ?? 512)
        let texts = try data(settings, tokenizer, maxLength: min(maxLength ?? longest, body.context))
        let pooling = (files.pooling ?? (network == .minilm ? "mean" : nil)).flatMap(TextPooling.init)
        return try task(
            texts, TextClassifier(body, classes: texts.classes.count, pooling: pooling), .textClassifier, report,
            freezeEpochs: freezeEpochs ?? Self.freezeEpochs.initial)
    }

    /// A small transformer that knows no word before.
    private func ownTask(_ settings: TrainingSettings) throws -> TrainingTask {
        let length = maxLength ?? Self.maxLength.initial
        // What is held out is not looked at: its words may be unknown.
        let table = try CSV.read(data ?? "", options: columns.readingOptions())
        let all = try table.column(columns.text).texts
        let split = Splitter.random(seed: settings.seed)(all.count)
        let tokenizer = try PretrainedTokenizer.words(of: split.train.compactMap { all[$0] })
        let texts = try data(settings, tokenizer, maxLength: length)
        var configuration = BertConfiguration(
            vocabulary: tokenizer.vocabularySize, width: 128, layers: 2, heads: 4, hidden: 256)
        configuration.context = length
        let model = TextClassifier(
            Bert(configuration, hasPooler: false), classes: texts.classes.count, pooling: .mean)
        return try task(
            texts, model, .trainableParameters, "vocabulary   \(tokenizer.vocabularySize) words", freezeEpochs: nil)
    }

    private var columns: TextColumns {
        TextColumns(text: text ?? Self.text.initial, pair: pair, target: target ?? Self.target.initial)
    }

    private func data(
        _ settings: TrainingSettings, _ tokenizer: PretrainedTokenizer, maxLength: Int
    ) throws -> TextClassData {
        try DataLoaders.textClasses(
            path: data ?? "", text: columns.text, pair: columns.pair, target: columns.target, tokenizer: tokenizer,
            maxLength: maxLength, batchSize: settings.batchSize, seed: settings.seed)
    }

    private func task(
        _ texts: TextClassData, _ model: TextClassifier, _ splitter: ParameterSplitter, _ remark: String,
        freezeEpochs: Int?
    ) throws -> TrainingTask {
        try texts.loaders.checkTexts(vocabulary: model.body.vocabulary, context: model.body.context)
        return TrainingTask(
            dls: texts.loaders, model: model, loss: try weighting.loss(of: texts.loaders), metric: .accuracy,
            remarks: "\(texts)\n\(remark)", splitter: splitter, freezeEpochs: freezeEpochs)
    }
}
