// SPDX-License-Identifier: Apache-2.0
// Tests of vocabularies: fastai's order and limits, unknown tokens, files, mistakes.

import Foundation
import LockstepTesting
import Testing

@testable import LockstepData

@Suite("Numericalize") struct NumericalizeTests {
    @Test("vocabularies are fastai's") func vocabularies() throws {
        let reference = try TextReference.load()
        #expect(reference.vocabularies.count == 6)
        for wanted in reference.vocabularies {
            let made = Numericalize(
                fitting: reference.corpus, minFrequency: wanted.minFrequency, maxVocab: wanted.maxVocab)
            #expect(made.tokens == wanted.vocabulary)
        }
    }

    @Test("tokens have their place as number, others that of xxunk") func numbers() {
        let made = Numericalize(fitting: ["b", "a", "b", "xxunk"], minFrequency: 1, reserved: ["xxpad", "xxunk"])
        #expect(made.tokens == ["xxpad", "xxunk", "b", "a"])
        #expect(made.encode(["a", "b", "c", "xxunk"]) == [3, 2, 1, 1])
        #expect(made.decode([3, 2, 1]) == ["a", "b", "xxunk"])
        #expect(Numericalize(vocabulary: ["p", "q"]).encode("r") == 0)
        #expect(Numericalize(fitting: []).tokens == SpecialToken.all)
    }

    @Test("an encoding goes through a file unchanged") func coding() throws {
        let encoding = TextEncoding(fitting: "To be, or not to be: to be!", tokenizer: .words, minFrequency: 2)
        let again = try JSONDecoder().decode(TextEncoding.self, from: JSONEncoder().encode(encoding))
        #expect(again == encoding)
        #expect(again.encode("To be unheard") == encoding.encode("To be unheard"))
        for text in ["[]", "[\"a\",\"a\"]", "[1]", "{}", "\"a\""] {
            #expect(throws: DecodingError.self) { try JSONDecoder().decode(Numericalize.self, from: Data(text.utf8)) }
        }
    }

    @Test("characters: one number for each, and the text back") func characters() {
        let encoding = TextEncoding(fitting: "hello")
        #expect(encoding.numericalize.tokens == ["xxunk", "l", "h", "e", "o"])
        #expect(encoding.encode("hole?") == [2, 4, 1, 3, 0])
        #expect(encoding.decode([2, 4, 1, 3]) == "hole")
    }

    @Test("mistakes are named") func mistakes() async throws {
        let twice = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Numericalize(vocabulary: ["a", "b", "a"])
        }
        expectTrap(twice, says: "Numericalize: \"a\" is twice in the vocabulary")
        let number = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Numericalize(vocabulary: ["a"]).decode([1])
        }
        expectTrap(number, says: "Numericalize.decode: there is no token 1 among 1")
    }
}
