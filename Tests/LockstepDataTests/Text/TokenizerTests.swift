// SPDX-License-Identifier: Apache-2.0
// Tests of tokenizers: fastai's rules, the way back, every kind of character.

import LockstepChecks
import Testing

@testable import LockstepData

/// What fastai gives; see Tests/Reference.
struct TextReference: Decodable {
    struct Sentence: Decodable { let text: String, tokens: [String] }
    struct Vocabulary: Decodable { let minFrequency: Int, maxVocab: Int, vocabulary: [String] }
    struct Batches: Decodable {
        let tokens: Int, batchSize: Int, blockLength: Int
        let inputs: [[[Int]]], targets: [[[Int]]]
    }
    let sentences: [Sentence]
    let corpus: [String]
    let vocabularies: [Vocabulary]
    let batches: [Batches]

    static func load() throws -> TextReference { try Reference.decode(TextReference.self, from: "text") }
}

@Suite("Tokenizer") struct TokenizerTests {
    @Test("words follow fastai's rules") func rules() throws {
        let reference = try TextReference.load()
        #expect(reference.sentences.count == 20)
        for sentence in reference.sentences {
            #expect(Tokenizer.words.tokens(sentence.text) == sentence.tokens, "\(sentence.text)")
        }
    }

    @Test("signs are tokens of their own; apostrophes join letters, points and commas join digits")
    func cutting() {
        let plain = Tokenizer(.words, usesRules: false)
        #expect(
            plain.tokens("Don't! (pi=3.14, 1,000.)") == ["Don't", "!", "(", "pi", "=", "3.14", ",", "1,000", ".", ")"])
        #expect(plain.tokens("a\r\nb\n\nc\t d") == ["a", "\n", "b", "\n", "\n", "c", "d"])
        #expect(plain.tokens("'quoted' x_1 naïve – 東京!") == ["'", "quoted", "'", "x_1", "naïve", "–", "東京", "!"])
        #expect(plain.tokens("aaaa") == ["aaaa"])
        #expect(plain.tokens("") == [])
    }

    @Test("case is looked at behind a bracket or quote, too") func brackets() {
        #expect(
            Tokenizer.words.tokens("(Yes) \"NO\"") == ["xxbos", "(", "xxmaj", "yes", ")", "\"", "xxup", "no", "\""])
        #expect(Tokenizer.words.tokens("É Été ÉTÉ") == ["xxbos", "é", "xxmaj", "été", "xxup", "été"])
    }

    @Test(
        "words are written as one writes them",
        arguments: [
            "The King, HENRY, is (truly) sooooo good: no no no!", "First.\n\nSecond line;\nthird", "", "ha Ha Ha Ha",
        ])
    func wayBack(text: String) {
        #expect(Tokenizer.words.text(of: Tokenizer.words.tokens(text)) == text.replacing("sooooo", with: "s ooooo"))
    }

    @Test("characters give back the very text", arguments: ["", "a", "Tschüß\r\n\t 👩‍👧 e\u{301}"])
    func characters(text: String) {
        let tokens = Tokenizer.characters.tokens(text)
        #expect(tokens.count == text.unicodeScalars.count)
        #expect(Array(Tokenizer.characters.text(of: tokens).utf8) == Array(text.utf8))
    }

    @Test("a number that a model invents does not fill the memory") func hostileRepetition() {
        #expect(Tokenizer.words.text(of: ["xxrep", "99999999999", "x"]) == "99999999999 x")
        #expect(Tokenizer.words.text(of: ["xxrep", "xxup", "xxwrep"]) == "")
        #expect(Tokenizer.words.text(of: ["xxwrep", "1000", "ha"]).count == 2999)
    }
}
