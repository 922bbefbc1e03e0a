// SPDX-License-Identifier: Apache-2.0
// Finding the words, numbers and signs of a text in one pass over its characters.

/// Cuts text into words and signs.
struct WordScanner {
    /// Whether three or more of the same character are a token of their own, as fastai's `replace_rep` has it.
    let splitsRuns: Bool

    /// Calls `body` with each token; a run of one character, when split off, is given whole.
    func scan(_ text: String, _ body: (String) -> Void) {
        let scalars = Array(text.unicodeScalars)
        var word = String.UnicodeScalarView()
        func endWord() {
            if !word.isEmpty { body(String(word)) }
            word = String.UnicodeScalarView()
        }
        var place = 0
        while place < scalars.count {
            let scalar = scalars[place]
            let length = splitsRuns && !scalar.properties.isWhitespace ? runLength(scalars, place) : 1
            if length >= 3 {
                endWord()
                body(String(String.UnicodeScalarView(scalars[place..<place + length])))
                place += length
                continue
            }
            if scalar.isWordPart || (!word.isEmpty && joins(scalars, place)) {
                word.append(scalar)
            } else {
                endWord()
                if scalar == "\n" {
                    body("\n")
                } else if !scalar.properties.isWhitespace {
                    body(String(scalar))
                }
            }
            place += 1
        }
        endWord()
    }

    /// An apostrophe between letters, a point or comma between digits.
    private func joins(_ scalars: [Unicode.Scalar], _ place: Int) -> Bool {
        guard place > 0, place + 1 < scalars.count else { return false }
        let (before, after) = (scalars[place - 1], scalars[place + 1])
        switch scalars[place] {
        case "'", "’": return before.properties.isAlphabetic && after.properties.isAlphabetic
        case ".", ",": return before.isDigit && after.isDigit
        default: return false
        }
    }

    private func runLength(_ scalars: [Unicode.Scalar], _ start: Int) -> Int {
        var end = start + 1
        while end < scalars.count, scalars[end] == scalars[start] { end += 1 }
        return end - start
    }
}

extension Unicode.Scalar {
    fileprivate var isDigit: Bool { properties.numericType == .decimal }

    /// Letters with their accents, digits and `_`: what `\w` matches.
    var isWordPart: Bool {
        if isASCII {
            return ("a"..."z").contains(self) || ("A"..."Z").contains(self) || ("0"..."9").contains(self) || self == "_"
        }
        return properties.isAlphabetic || isDigit || properties.generalCategory == .nonspacingMark
    }
}
