// SPDX-License-Identifier: Apache-2.0
// A text learner that was exported needs nothing else to predict: network and tokenizer come back as they were.

import Foundation
import LockstepChecks
import LockstepComm
import LockstepData
import LockstepDistributed
import LockstepLearner
import LockstepModels
import LockstepNN
import LockstepOptim
import LockstepTensor
import LockstepTesting
import Testing

@testable import LockstepTransfer

private let pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "good", "bad", "film", "a", "the", "##s", "."]
private let texts = ["a good film", "the films .", "bad", "", "a bad bad bad film . the end", "GOOD \u{e9}t\u{e9}"]

/// Tokenizers from every kind of file.
private enum Files: String, CaseIterable {
    case vocabulary, json, merges, words

    func tokenizer() throws -> PretrainedTokenizer {
        switch self {
        case .vocabulary: return try .bert(vocabulary: Array(pieces.joined(separator: "\n").utf8), lowercases: false)
        case .json:
            let list = pieces.enumerated().map { "\"\($1)\": \($0)" }.joined(separator: ", ")
            let json = """
                {"version": "1.0", "normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true,
                "strip_accents": null, "lowercase": true}, "pre_tokenizer": {"type": "BertPreTokenizer"},
                "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                "max_input_chars_per_word": 100, "vocab": {\(list)}}}
                """
            return try PretrainedTokenizer(json: Array(json.utf8))
        case .merges:
            let letters = (33...126).map { Character(Unicode.Scalar($0)) } + ["Ġ", "Ã", "©"]
            let tokens = letters.map { String($0) } + ["go", "od", "good"]
            let list = tokens.enumerated().map { "\($1 == "\"" || $1 == "\\" ? "\"\\\($1)\"" : "\"\($1)\""): \($0)" }
            return try .gpt2(
                vocabulary: Array("{\(list.joined(separator: ", "))}".utf8),
                merges: Array("#version: 0.2\ng o\no d\ngo od\n".utf8))
        case .words: return try .words(of: texts, minFrequency: 1)
        }
    }

    func body() throws -> TextBody {
        let count = try tokenizer().vocabularySize
        if self == .merges {
            return GPT2(GPT2Configuration(vocabulary: count, width: 8, layers: 1, heads: 2, context: 40))
        }
        var bert = BertConfiguration(vocabulary: count, width: 8, layers: 1, heads: 2)
        bert.context = 40
        return self == .json ? DistilBert(bert) : Bert(bert)
    }
}

private func learner(_ files: Files) throws -> Learner {
    setSeed(2)
    let labels = texts.indices.map { $0 % 2 == 0 ? "pos" : "neg" }
    let data = try DataLoaders.textClasses(
        texts, labels: labels, tokenizer: files.tokenizer(), maxLength: 40, batchSize: 2, validFraction: 0.3)
    let learner = try Learner.text(data.loaders, files.body())
    learner.logger = SilentLogger()
    return learner
}

@Suite("Export: texts") struct TextExportTests {
    @Test(
        "what comes back predicts new texts to the last bit, whatever the tokenizer's files", arguments: Files.allCases)
    private func predicts(files: Files) throws {
        let learner = try learner(files)
        try learner.withoutLogging { try learner.fit(1) }
        let loaded = try Learner.load(exported: learner.exported())
        #expect(loaded.model.description == learner.model.description)
        #expect(loaded.dls.vocabulary == ["neg", "pos"])
        let new = texts + ["the worst film .", "   ", "good good", "\"quoted\" \\ back"]
        func answers(_ learner: Learner) throws -> Predictions {
            try learner.withoutLogging {
                try learner.predictions(on: .loader(learner.dls.testLoader(for: new)), withDecoded: true)
            }
        }
        let (before, after) = (try answers(learner), try answers(loaded))
        #expect(before.predictions.floats == after.predictions.floats)
        #expect(before.predictions.shape == [new.count, 2] && before.predictions.floats.allSatisfy(\.isFinite))
        for text in new {
            let one = try loaded.withoutLogging { try loaded.predict(text, withInput: true) }
            #expect(["pos", "neg"].contains(one.decoded as? String))
            #expect(one.input?.first is String && one.input?[1] as? Int ?? 0 > 0)
        }
        // And once more: what was loaded is exported as what it was made of.
        #expect(try loaded.exported() == learner.exported())
    }

    @Test("rows of a table are texts by the names of their columns, with their classes if asked for")
    func rows() throws {
        try withTemporaryFolder { folder in
            let file = folder.appending(path: "t.csv").path
            try Data("body,kind\ngood film,pos\nbad film,neg\na good,pos\nthe bad,neg\n".utf8).write(
                to: URL(filePath: file))
            let data = try DataLoaders.textClasses(
                path: file, text: "body", target: "kind", tokenizer: Files.vocabulary.tokenizer(), batchSize: 2,
                validFraction: 0.5)
            let loaded = try Learner.load(exported: Learner.text(data.loaders, Files.vocabulary.body()).exported())
            let dataset = try #require(loaded.dls.trainDataset as? TokenizedTexts)
            #expect(dataset.columns == TextColumns(text: "body", target: "kind") && dataset.count == 0)
            let row = ["body": "the film", "kind": "neg"]
            let labelled = try loaded.dls.testLoader(for: [row], withLabels: true).oneBatch()
            #expect(labelled.inputs[0].ints == [2, 8, 6, 3] && labelled.targets.map(\.ints) == [[0]])
            #expect(try loaded.dls.testLoader(for: [row]).oneBatch().targets.isEmpty)
            for (item, words) in [
                (7 as Any, "a Int is not a text"), (["body": ""] as Any, "no value in the column “body”"),
                (["text": "a"] as Any, "body"), (["a", "b"] as Any, "is not a text"),
            ] {
                let error = #expect(throws: DataError.self) { try loaded.dls.testLoader(for: [item]).oneBatch() }
                #expect("\(error as Any)".contains(words), "\(error as Any)")
            }
            let unknown = #expect(throws: DataError.self) {
                try loaded.dls.testLoader(for: [["body": "a", "kind": "so-so"]], withLabels: true)
            }
            #expect("\(unknown as Any)".contains("“so-so” is none of the 2 classes"))
        }
    }

    @Test("pairs of texts keep their types")
    func pairs() throws {
        let tokenizer = try Files.vocabulary.tokenizer()
        let data = try DataLoaders.textClasses(
            ["a film", "good", "bad", "the film"], pairs: ["good", "bad", "a film", ""], labels: ["y", "n", "y", "n"],
            tokenizer: tokenizer, batchSize: 2, validFraction: 0.5)
        let learner = try Learner.text(data.loaders, Files.vocabulary.body())
        let loaded = try Learner.load(exported: learner.exported())
        let new = [["good film", "bad"], ["a", "the film ."]]
        let batch = try loaded.dls.testLoader(for: new).oneBatch()
        #expect(batch.inputs.count == 3 && batch.inputs[2].ints.contains(1))
        func answers(_ learner: Learner) throws -> [Float] {
            try learner.withoutLogging {
                try learner.predictions(on: .loader(learner.dls.testLoader(for: new))).predictions.floats
            }
        }
        #expect(try answers(loaded) == answers(learner))
    }

    @Test("ranks that load an export predict what one process does", arguments: [1, 2, 3])
    func ranks(count: Int) throws {
        let learner = try learner(.words)
        let bundle = try learner.exported()
        let alone = try learner.withoutLogging {
            try learner.predictions(on: .loader(learner.dls.testLoader(for: texts))).predictions.floats
        }
        try InProcessWorld(count).run { communicator in
            let loaded = try Learner.load(exported: bundle)
            loaded.logger = SilentLogger()
            try loaded.distributed(over: communicator) {
                let all = try loaded.predictions(on: .loader(loaded.dls.testLoader(for: texts)))
                if communicator.rank == 0 {
                    expectClose(all.predictions.floats, alone, relative: 1e-5, absolute: 1e-6)
                }
            }
        }
    }

    @Test("texts whose tokenizer nobody knows cannot be exported, and say so")
    func unknownTokenizer() throws {
        let tokenizer = try Files.vocabulary.tokenizer()
        let tokens = try tokenizer.encode(["good", "bad film"])
        let data = TokenizedTexts(tokens, labels: [0, 1], classes: ["a", "b"], padding: TextPadding(id: 0))
        var options = DataLoader.Options()
        options.batchSize = 1
        let learner = try Learner.text(
            DataLoaders(SortedTextLoader(data, options: options)), Files.vocabulary.body(), pooling: .mean)
        let error = #expect(throws: ExportError.self) { try learner.exported() }
        #expect("\(error as Any)".contains("tokenizer"), "\(error as Any)")
    }

    @Test("texts that the network cannot read are refused before it is trained")
    func misfits() throws {
        let data = try DataLoaders.textClasses(
            ["good " + String(repeating: "film ", count: 50), "bad"], labels: ["a", "b"],
            tokenizer: Files.vocabulary.tokenizer(), batchSize: 1, validFraction: 0)
        let long = #expect(throws: DataError.self) { try Learner.text(data.loaders, Files.vocabulary.body()) }
        #expect("\(long as Any)".contains("maxLength: 40"), "\(long as Any)")
        let small = Bert(BertConfiguration(vocabulary: 5, width: 8, layers: 1, heads: 2))
        let other = #expect(throws: DataError.self) { try Learner.text(data.loaders, small) }
        #expect("\(other as Any)".contains("tokenizer that of another model"), "\(other as Any)")
    }
}
