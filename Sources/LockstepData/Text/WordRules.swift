// SPDX-License-Identifier: Apache-2.0
// fastai's rules for words: repetitions and capitals become tokens before lower-case words.

/// Applies the rules to tokens as they come.
///
/// fastai applies `replace_rep`, `replace_wrep`, `replace_all_caps`, `replace_maj` and `lowercase` to the text before it is
/// cut. Here they see tokens: a capital after a bracket or quote counts, and a line's end interrupts a repetition.
struct WordRules {
    private var waiting: String?
    private var count = 0

    /// Takes the next token; what it gives may come out only with the one after.
    mutating func take(_ token: String, _ emit: (String) -> Void) {
        if token == waiting {
            count += 1
            return
        }
        flush(emit)
        (waiting, count) = (token, 1)
    }

    /// Gives out the last token.
    mutating func flush(_ emit: (String) -> Void) {
        guard let token = waiting else { return }
        if count >= 3, token != "\n", token.unicodeScalars.allSatisfy(\.isWordPart) {
            emit(SpecialToken.repeatedWord.rawValue)
            emit("\(count)")
            emitWord(token, emit)
        } else {
            for _ in 0..<count { emitWord(token, emit) }
        }
        waiting = nil
    }

    private func emitWord(_ token: String, _ emit: (String) -> Void) {
        let scalars = token.unicodeScalars
        if scalars.count >= 3, let first = scalars.first, first != "\n", scalars.allSatisfy({ $0 == first }) {
            emit(SpecialToken.repeatedCharacter.rawValue)
            emit("\(scalars.count)")
            emit(String(first).lowercased())
            return
        }
        if scalars.count > 1, scalars.first?.properties.isUppercase == true {
            if !scalars.contains(where: \.properties.isLowercase) {
                emit(SpecialToken.upper.rawValue)
            } else if !scalars.dropFirst().contains(where: \.properties.isUppercase) {
                emit(SpecialToken.capitalized.rawValue)
            }
        }
        emit(token.lowercased())
    }
}
