// SPDX-License-Identifier: Apache-2.0
// Writing tokens as a text again: spaces where one writes them, capitals and repetitions as the reserved tokens say.

/// Puts words together.
struct WordWriter {
    /// Whether reserved tokens are instructions rather than words.
    let obeysRules: Bool
    private(set) var text = ""
    private var capital: SpecialToken?
    private var repetition: SpecialToken?
    private var times: Int?
    /// A number a model invents must not fill the memory.
    private static let mostTimes = 1000

    init(obeysRules: Bool) { self.obeysRules = obeysRules }

    mutating func write(_ token: String) {
        guard obeysRules, let special = SpecialToken(rawValue: token) else {
            if repetition != nil, times == nil, let number = Int(token), (1...Self.mostTimes).contains(number) {
                times = number
            } else {
                writeWord(token)
            }
            return
        }
        switch special {
        case .upper, .capitalized: capital = special
        case .repeatedCharacter, .repeatedWord: (repetition, times) = (special, nil)
        case .beginning, .end, .padding, .field: break
        case .unknown: writeWord(token)
        }
    }

    private mutating func writeWord(_ token: String) {
        var word = token
        switch capital {
        case .upper: word = word.uppercased()
        case .capitalized: word = word.prefix(1).uppercased() + word.dropFirst()
        default: break
        }
        let count = times ?? 1
        switch repetition {
        case .repeatedCharacter: append(String(repeating: word, count: count))
        default: for _ in 0..<count { append(word) }
        }
        (capital, repetition, times) = (nil, nil, nil)
    }

    private mutating func append(_ word: String) {
        let standsClose = word.unicodeScalars.first.map { Self.closing.contains($0) } ?? true
        let isOpen = text.unicodeScalars.last.map { Self.opening.contains($0) } ?? true
        if !standsClose && !isOpen { text += " " }
        text += word
    }

    private static let closing: Set<Unicode.Scalar> = [".", ",", ";", ":", "!", "?", ")", "]", "}", "%", "’", "\n"]
    private static let opening: Set<Unicode.Scalar> = ["(", "[", "{", "\n"]
}
