// SPDX-License-Identifier: Apache-2.0
// The tokens of a text that comes in pieces.

/// Cuts the pieces of a text into tokens, as ``Tokenizer`` cuts the whole; ``TextPieces`` says where pieces may end.
struct TokenStream {
    private let tokenizer: Tokenizer
    private var rules = WordRules()
    private var hasBegun = false

    init(_ tokenizer: Tokenizer) { self.tokenizer = tokenizer }

    /// Calls `body` with the tokens of the next piece; the last may come only with the piece after.
    mutating func take(_ piece: String, _ body: (String) -> Void) {
        let piece = tokenizer.mended(piece)
        guard tokenizer.unit == .words else {
            for scalar in piece.unicodeScalars { body(String(scalar)) }
            return
        }
        guard tokenizer.usesRules else { return WordScanner(splitsRuns: false).scan(piece, body) }
        begin(body)
        WordScanner(splitsRuns: true).scan(piece) { rules.take($0, body) }
    }

    /// Calls `body` with what is left.
    mutating func finish(_ body: (String) -> Void) {
        guard tokenizer.usesRules else { return }
        begin(body)
        rules.flush(body)
    }

    private mutating func begin(_ body: (String) -> Void) {
        if !hasBegun { body(SpecialToken.beginning.rawValue) }
        hasBegun = true
    }
}
