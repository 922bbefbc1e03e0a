// SPDX-License-Identifier: Apache-2.0
// Text to numbers and back: a tokenizer and its vocabulary in one.

/// How a model sees text. Kept beside the model's weights, which mean nothing without it.
public struct TextEncoding: Hashable, Codable, Sendable {
    /// Cuts texts into tokens.
    public let tokenizer: Tokenizer
    /// Numbers tokens.
    public let numericalize: Numericalize

    /// An encoding of parts that exist.
    public init(tokenizer: Tokenizer, numericalize: Numericalize) {
        (self.tokenizer, self.numericalize) = (tokenizer, numericalize)
    }

    /// The encoding for texts like `text`.
    ///
    /// - Parameters:
    ///   - minFrequency: tokens that occur less often are unknown; 1 for characters and 3 for words unless given.
    ///   - maxVocab: the most tokens.
    public init(
        fitting text: String, tokenizer: Tokenizer = .characters, minFrequency: Int? = nil, maxVocab: Int = 60_000,
        file: StaticString = #fileID, line: UInt = #line
    ) {
        var table = TokenTable()
        tokenizer.forEachToken(in: text) { table.add($0) }
        self.init(
            tokenizer: tokenizer,
            numericalize: Numericalize(
                table: table, minFrequency: minFrequency ?? (tokenizer.unit == .words ? 3 : 1), maxVocab: maxVocab,
                reserved: tokenizer.reserved, file: file, line: line))
    }

    /// The number of different tokens.
    public var count: Int { numericalize.count }

    /// The numbers of a text's tokens.
    public func encode(_ text: String) -> [Int] {
        var result: [Int] = []
        tokenizer.forEachToken(in: text) { result.append(numericalize.encode($0)) }
        return result
    }

    /// The text that tokens of these numbers make.
    /// - Precondition: every number is a token's.
    public func decode(
        _ numbers: some Sequence<Int>, file: StaticString = #fileID, line: UInt = #line
    ) -> String {
        tokenizer.text(of: numericalize.decode(numbers, file: file, line: line))
    }
}
