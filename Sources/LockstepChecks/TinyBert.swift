// SPDX-License-Identifier: Apache-2.0
// A folder as Hugging Face has them, of a network of no size to speak of: what tests and documents fine-tune.

package import Foundation
import LockstepData
import LockstepLearner
package import LockstepModels
import LockstepNN

/// A BERT that knows some words about films.
package enum TinyBert {
    /// Its tokens.
    package static let vocabulary =
        "[PAD] [UNK] [CLS] [SEP] a the film was very not good bad great dull plot acting i loved hated it . , ! ##s ##ing and"
        .split(separator: " ").map(String.init)

    /// Its sizes.
    package static var configuration: BertConfiguration {
        var result = BertConfiguration(vocabulary: vocabulary.count, width: 16, layers: 2, heads: 2, hidden: 24)
        result.context = 32
        return result
    }

    /// Its `config.json`.
    package static let json = """
        {"model_type": "bert", "vocab_size": \(vocabulary.count), "hidden_size": 16, "num_hidden_layers": 2,
        "num_attention_heads": 2, "intermediate_size": 24, "max_position_embeddings": 32, "pad_token_id": 0}
        """

    /// The network with weights by a formula.
    package static func body() throws -> Bert {
        let body = Bert(configuration)
        try FormulaWeights.fill(body)
        return body
    }

    /// Writes `config.json`, `vocab.txt` and `model.safetensors`, and the files of sentence-transformers if asked for.
    package static func write(to folder: URL, forSentences: Bool = false) throws {
        func write(_ text: String, to name: String) throws {
            let file = folder.appending(path: name)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }
        try write(json, to: "config.json")
        try write(vocabulary.map { $0 + "\n" }.joined(), to: "vocab.txt")
        let weights = try body().stateDictionary().map { Safetensors.Item($0.name, $0.tensor) }
        try Safetensors.write(weights, to: folder.appending(path: "model.safetensors").path)
        guard forSentences else { return }
        let modules = ["Transformer", "Pooling", "Normalize"].enumerated().map { place, type in
            "{\"idx\": \(place), \"name\": \"\(place)\", \"path\": \"\(place == 0 ? "" : "\(place)_\(type)")\", "
                + "\"type\": \"sentence_transformers.models.\(type)\"}"
        }
        try write("[\(modules.joined(separator: ", "))]", to: "modules.json")
        try write(
            "{\"word_embedding_dimension\": 16, \"pooling_mode_cls_token\": false, \"pooling_mode_mean_tokens\": true}",
            to: "1_Pooling/config.json")
        try write("{\"max_seq_length\": 24, \"do_lower_case\": false}", to: "sentence_bert_config.json")
    }

    /// A table of texts of these words, with the class `pos` or `neg`.
    package static func reviews(_ count: Int) -> String {
        let words = [["good", "great", "loved"], ["bad", "dull", "hated"]]
        let frames = ["the film was %", "a % film", "very % acting and plot", "i thought it was % , not long", "%"]
        return "review,label\n"
            + (0..<count).map { row in
                let (kind, frame) = (row * 7 / 5 % 2, frames[row % frames.count])
                let text = frame.replacing("%", with: words[kind][row % 3])
                return "\"\(text)\",\(kind == 0 ? "pos" : "neg")\n"
            }.joined()
    }
}
