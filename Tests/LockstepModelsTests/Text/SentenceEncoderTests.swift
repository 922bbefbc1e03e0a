// SPDX-License-Identifier: Apache-2.0
// Vectors of sentences: what the files in a folder say is done, whatever the texts beside.

import Foundation
import LockstepChecks
import LockstepData
import LockstepModels
import LockstepNN
import LockstepTensor
import LockstepTesting
import Testing

private let texts = ["the film was good", "a dull plot", "", "very very very bad acting , i hated it", "great !"]

@Suite("Sentence encoder") struct SentenceEncoderTests {
    private func folder(
        forSentences: Bool = true, _ files: [String: String] = [:], _ body: (URL) throws -> Void
    ) throws {
        try withTemporaryFolder { folder in
            try TinyBert.write(to: folder, forSentences: forSentences)
            for (name, text) in files { try Data(text.utf8).write(to: folder.appending(path: name)) }
            try body(folder)
        }
    }

    /// The mean of the tokens' vectors by hand, one text at a time.
    private func mean(_ text: String, _ body: TextBody, _ tokenizer: PretrainedTokenizer) throws -> [Float] {
        let ids = try tokenizer.encode(text).ids
        return withNoGrad { body.hidden(Tensor(ids, shape: [1, ids.count])).mean(axis: 1).floats }
    }

    @Test("a text's vector is the mean of its tokens', of length 1 where a folder says so, in batches of any size")
    func vectors() throws {
        try folder { folder in
            let encoder = try SentenceEncoder.pretrained(folder.path)
            #expect(encoder.normalizes && encoder.width == 16 && encoder.tokenizer.truncation?.maxLength == 24)
            let body = try TextBody.pretrained(folder.path)
            body.eval()
            let all = try encoder.vectors(of: texts)
            #expect(all.shape == [5, 16])
            for size in [1, 2, 7] { expectClose(try encoder.vectors(of: texts, batchSize: size), all, absolute: 1e-6) }
            for (row, text) in texts.enumerated() {
                let plain = try mean(text, body, encoder.tokenizer)
                let length = plain.reduce(0) { $0 + $1 * $1 }.squareRoot()
                expectClose(all[row].floats, plain.map { $0 / length }, absolute: 1e-6)
            }
            #expect(try encoder.vectors(of: []).shape == [0, 16])
        }
    }

    @Test("without files that say so nothing is normalised, and a file alone says the pooling")
    func otherFolders() throws {
        try folder(forSentences: false) { folder in
            let encoder = try SentenceEncoder.pretrained(folder.path)
            #expect(!encoder.normalizes && encoder.tokenizer.truncation?.maxLength == 32)
            let body = try TextBody.pretrained(folder.path)
            body.eval()
            expectClose(
                try encoder.vectors(of: [texts[0]])[0].floats, try mean(texts[0], body, encoder.tokenizer),
                absolute: 1e-6)
        }
        for (said, pooling) in [
            (#"{"pooling_mode_cls_token": true}"#, TextPooling.cls), (#"{"pooling_mode": "lasttoken"}"#, .last),
            (#"{"pooling_mode_lasttoken": true, "include_prompt": true}"#, .last),
            (#"{"pooling_mode": "mean"}"#, .mean),
        ] {
            try folder(["1_Pooling/config.json": said]) { folder in
                let encoder = try SentenceEncoder.pretrained(folder.path)
                let body = try TextBody.pretrained(folder.path)
                let own = SentenceEncoder(body, tokenizer: encoder.tokenizer, pooling: pooling, normalizes: true)
                #expect(try encoder.vectors(of: texts).floats == own.vectors(of: texts).floats)
            }
        }
    }

    @Test(
        "what is not implemented is refused by name, and so is a tokenizer of another model",
        arguments: [
            ("1_Pooling/config.json", #"{"pooling_mode_max_tokens": true}"#, "max_tokens"),
            ("1_Pooling/config.json", #"{"pooling_mode_mean_sqrt_len_tokens": true}"#, "mean_sqrt_len_tokens"),
            ("1_Pooling/config.json", #"{"pooling_mode_cls_token": true, "pooling_mode_mean_tokens": true}"#, "and"),
            ("1_Pooling/config.json", "{}", "nothing"), ("1_Pooling/config.json", "[]", "1_Pooling/config.json"),
            ("1_Pooling/config.json", #"{"pooling_mode": "max"}"#, "max"),
            ("modules.json", #"[{"type": "sentence_transformers.models.Dense", "path": ""}]"#, "Dense"),
            ("modules.json", #"[{"type": "x.Transformer"}, {"type": "x.Normalize"}]"#, "Normalize"),
            ("modules.json", "{}", "modules.json"),
            ("sentence_bert_config.json", #"{"do_lower_case": true}"#, "lower-cases"),
        ])
    func refused(file: String, text: String, word: String) throws {
        try folder([file: text]) { folder in
            let error = #expect(throws: DataError.self) { try SentenceEncoder.pretrained(folder.path) }
            #expect("\(error as Any)".contains(word), "\(error as Any)")
        }
    }

    @Test("a token beyond the network's is an error") func otherTokenizer() throws {
        let tokenizer = try PretrainedTokenizer.bert(
            vocabulary: Array((TinyBert.vocabulary + ["film2"]).joined(separator: "\n").utf8))
        let encoder = SentenceEncoder(try TinyBert.body(), tokenizer: tokenizer)
        #expect(try encoder.vectors(of: ["the film"]).shape == [1, 16])
        #expect(throws: DataError.self) { try encoder.vectors(of: ["film2"]) }
    }

    @Test("a classifier's vectors are what it tells classes from") func classifier() throws {
        let tokenizer = try PretrainedTokenizer.bert(
            vocabulary: Array(TinyBert.vocabulary.joined(separator: "\n").utf8))
        let model = TextClassifier(try TinyBert.body(), classes: 2)
        let encoder = SentenceEncoder(model, tokenizer: tokenizer)
        let ids = try tokenizer.encode(texts[0]).ids
        let input = Tensor(ids, shape: [1, ids.count])
        let vector = withNoGrad { try? encoder.vectors(of: [texts[0]]) }
        let scores = withNoGrad { model.forward([input])[0] }
        let head = try #require(model.namedParameters().first { $0.name == "classifier.weight" }).parameter.value
        let offset = try #require(model.namedParameters().first { $0.name == "classifier.bias" }).parameter.value
        expectClose(try #require(vector).linear(head, offset), scores, absolute: 1e-5)
    }
}
