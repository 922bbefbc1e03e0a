// SPDX-License-Identifier: Apache-2.0
// Fine-tuning a text classifier: what is frozen, and that ranks train as one process.

import LockstepData
import LockstepLearner
import LockstepModels
import LockstepNN
import LockstepOptim
import LockstepTensor
import LockstepTesting
import Testing

@testable import LockstepTransfer

private let vocabulary = [
    "[PAD]", "[UNK]", "[CLS]", "[SEP]", "good", "bad", "film", "a", "the", "was", "very", "not", "##s", ".",
]

private func tokenizer() throws -> PretrainedTokenizer {
    try .bert(vocabulary: Array(vocabulary.joined(separator: "\n").utf8))
}

/// Texts of many lengths, whose class is their first word of two.
private func data(_ count: Int = 70, batchSize: Int = 7) throws -> TextClassData {
    var random = SplitMix64(seed: 3)
    let filling = ["film", "films", "a", "the", "was", "very", "."]
    var (texts, labels): ([String], [String]) = ([], [])
    for number in 0..<count {
        let label = number % 3 == 0 ? "bad" : "good"
        let words = (0..<random.next() % 9).map { _ in filling[Int(random.next() % 7)] }
        let place = Int(random.next() % UInt64(words.count + 1))
        texts.append((words[..<place] + [label] + words[place...]).joined(separator: " "))
        labels.append(label)
    }
    return try DataLoaders.textClasses(
        texts, labels: labels, tokenizer: tokenizer(), batchSize: batchSize, validFraction: 0.25, seed: 5)
}

private func body(dropout: Double = 0.1) -> Bert {
    var configuration = BertConfiguration(vocabulary: vocabulary.count, width: 16, layers: 2, heads: 2)
    (configuration.context, configuration.dropout, configuration.attentionDropout) = (16, dropout, dropout)
    return Bert(configuration)
}

private func learner(pooling: TextPooling? = .mean) throws -> Learner {
    try Learner.text(data().loaders, body(), pooling: pooling)
}

@Suite("Text classifiers")
struct TextLearnerTests {
    @Test(
        "the body but for its normalisation is frozen at the start, fineTune trains the head and then all, and the classes are learnt"
    )
    func fineTuning() throws {
        setSeed(1)
        let learner = try Learner.text(data(200).loaders, body(dropout: 0), pooling: .mean)
        let model = try #require(learner.model as? TextClassifier)
        #expect(learner.optimizer?.groups.count == 3)
        let trainable = model.namedParameters().filter(\.parameter.isTrainable).map(\.name)
        // Normalisation goes on training in frozen groups, as fastai's train_bn has it.
        #expect(trainable.filter { !$0.contains("LayerNorm") } == ["classifier.weight", "classifier.bias"])
        let before = model.stateDictionary()
        try learner.withoutLogging { try learner.fit(1) }
        for (old, new) in zip(before, model.stateDictionary()) {
            let trains = old.name.hasPrefix("classifier") || old.name.contains("LayerNorm")
            #expect((old.tensor.floats != new.tensor.floats) == trains, "\(old.name)")
        }
        try learner.withoutLogging { try learner.fineTune(12, baseLR: 2e-2, lrMult: 2) }
        #expect(!model.parameters().contains { !$0.isTrainable })
        let accuracy = try #require(try learner.withoutLogging { try learner.validate() }.last ?? nil)
        #expect(accuracy > 0.95)
    }

    @Test(
        "dropout included, 2 and 3 ranks train as one process",
        arguments: [.mean, nil] as [TextPooling?])
    func ranks(pooling: TextPooling?) throws {
        try expectTrainsAlike({ try learner(pooling: pooling) }, training: { try $0.fineTune(1) })
    }

    @Test("new texts are predicted in their order, whatever their length")
    func predictions() throws {
        setSeed(1)
        let data = try data()
        let learner = try Learner.text(data.loaders, body(), pooling: .mean)
        let texts = ["good", "the film was very very bad .", "a good film", "bad bad bad bad bad bad bad bad bad", ""]
        let all = try learner.withoutLogging { try learner.predictions(on: .loader(data.testLoader(for: texts))) }
        #expect(all.predictions.shape == [5, 2])
        for (number, text) in texts.enumerated() {
            let one = try learner.withoutLogging { try learner.predictions(on: .loader(data.testLoader(for: [text]))) }
            expectClose(one.predictions[0], all.predictions[number], relative: 1e-5, absolute: 1e-6)
        }
    }
}
