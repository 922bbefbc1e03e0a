// SPDX-License-Identifier: Apache-2.0
// A tokenizer of the words of some texts, and tokenizers in files of something else.

import Foundation
import LockstepTensor
import LockstepTesting
import Testing

@testable import LockstepData

@Suite("Tokenizers that are made and kept") struct WordsTokenizerTests {
    @Test("the most frequent words come first, equal ones by their bytes; rare ones are unknown")
    func words() throws {
        let texts = ["B a, \u{c9}t\u{e9}", "a b c", "a \"c\" rare\\"]
        let tokenizer = try PretrainedTokenizer.words(of: texts)
        #expect(
            (0..<tokenizer.vocabularySize).map(tokenizer.token) == [
                "[PAD]", "[UNK]", "[CLS]", "[SEP]", "a", "\"", "b", "c",
            ])
        #expect(try tokenizer.encode("A rare \"b\"").ids == [2, 4, 1, 5, 6, 5, 3])
        let pair = try tokenizer.encode("a", pair: "b c")
        #expect(pair.ids == [2, 4, 3, 6, 7, 3] && pair.typeIDs == [0, 0, 0, 1, 1, 1])
        #expect(try tokenizer.encode("").ids == [2, 3])
        let few = try PretrainedTokenizer.words(of: texts, minFrequency: 1, maxVocabulary: 3)
        #expect((4..<few.vocabularySize).map(few.token) == ["a", "\"", "b"])
        #expect(try PretrainedTokenizer.words(of: [], minFrequency: 1).vocabularySize == 4)
        // What is a special token in a text is one, as in every tokenizer of this format.
        #expect(try PretrainedTokenizer.words(of: ["[SEP] [SEP]"]).encode("[SEP]").ids.count == 3)
    }

    @Test("two processes number words alike: nothing depends on the order of a table in memory")
    func order() throws {
        var random = SplitMix64(seed: 4)
        let texts = (0..<50).map { _ in (0..<30).map { _ in "w\(random.next() % 200)" }.joined(separator: " ") }
        let tokenizer = try PretrainedTokenizer.words(of: texts)
        let counts = Dictionary(grouping: texts.flatMap { $0.split(separator: " ") }, by: \.self).mapValues(\.count)
        let wanted = counts.filter { $0.value > 1 }.sorted { ($1.value, "\($0.key)") < ($0.value, "\($1.key)") }
        #expect((4..<tokenizer.vocabularySize).map { tokenizer.token($0) ?? "" } == wanted.map { "\($0.key)" })
    }

    @Test("a tokenizer comes back from JSON with its truncation, and cuts as before")
    func codable() throws {
        var tokenizer = try PretrainedTokenizer.words(of: ["a good film", "a bad film"], minFrequency: 1)
        tokenizer.truncation = TextTruncation(maxLength: 5, strategy: .onlyFirst, side: .left)
        tokenizer.padding = TextPadding(id: 0, length: 6, side: .left)
        let copy = try JSONDecoder().decode(PretrainedTokenizer.self, from: JSONEncoder().encode(tokenizer))
        #expect(copy.truncation == tokenizer.truncation && copy.padding == tokenizer.padding)
        #expect(try copy.encode("a good bad film") == tokenizer.encode("a good bad film"))
        let whole = String(decoding: try JSONEncoder().encode(tokenizer), as: UTF8.self)
        let lengths = [
            ("\"maxLength\":5", "\"maxLength\":-9223372036854775808"), ("\"stride\":0", "\"stride\":5"),
            ("\"length\":6", "\"length\":1099511627776"), ("\"length\":6", "\"length\":-1"),
        ].map { whole.replacing($0, with: $1) }
        #expect(lengths.allSatisfy { $0 != whole })
        for json in lengths + [
            "{}", #"{"json": "{}"}"#, #"{"json": 7}"#, #"{"vocabulary": "{}", "merges": "a b"}"#,
            #"{"vocabulary": "[UNK]", "lowercases": true}"#,
            #"{"vocabulary": "[UNK]", "lowercases": true, "cleansText": true, "separatesIdeographs": true, "stripsAccents": true}"#,
        ] {
            #expect(throws: DecodingError.self) {
                try JSONDecoder().decode(PretrainedTokenizer.self, from: Data(json.utf8))
            }
        }
    }
}
