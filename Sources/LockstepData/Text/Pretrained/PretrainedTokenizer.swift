// SPDX-License-Identifier: Apache-2.0
// The tokenizer that a pretrained model comes with.

/// Cuts texts as a pretrained model expects them: what a `tokenizer.json` of Hugging Face says, or the vocabulary files of BERT
/// and GPT-2.
///
/// ```swift
/// let tokenizer = try PretrainedTokenizer.load("bert")       // the folder of a model's files
/// let text = try tokenizer.encode("A good film!")
/// print(text.ids)                      // [2, 4, 5, 7, 8, 3]
/// print(text.offsets)                  // [0..<0, 0..<1, 2..<6, 7..<11, 11..<12, 0..<0]
/// print(tokenizer.decode(text.ids))    // a good film!
/// ```
///
/// Numbers, masks, types and offsets are those of the `tokenizers` package; offsets count bytes of UTF-8. Parts of the file
/// format that are not known here are an error that names them, nothing is passed over. Words are known by their bytes.
public struct PretrainedTokenizer: Sendable {
    /// How long texts become; nil for as long as they are.
    public var truncation: TextTruncation?
    /// How short texts are filled; nil for not at all.
    public var padding: TextPadding?
    let parts: TokenizerParts
    /// The bytes of the files that it was made of.
    let source: TokenizerSource

    /// The number of different tokens: one more than the largest number.
    public var vocabularySize: Int { parts.tokens.count }

    /// The token with number `id`; nil when there is none.
    public func token(_ id: Int) -> String? {
        guard parts.tokens.indices.contains(id) else { return nil }
        return parts.tokens[id]
    }

    /// The number of a token; nil when there is none. Compared by bytes.
    public func id(of token: String) -> Int? {
        parts.added.last { $0.content.utf8.elementsEqual(token.utf8) }?.id ?? parts.numbers.number(of: token.utf8)
    }

    /// What short texts are filled with: what the tokenizer says, or the token that has the usual name.
    package var filling: TextPadding {
        padding ?? TextPadding(id: id(of: "[PAD]") ?? id(of: "<pad>") ?? 0)
    }

    /// Whether a token is one of those that `decode` can leave out.
    public func isSpecial(_ id: Int) -> Bool { parts.specialIDs.contains(id) }

    /// The tokens of a text, or of a pair of texts, cut and filled as ``truncation`` and ``padding`` say.
    ///
    /// - Parameter addsSpecialTokens: whether what the model expects around a text is put there.
    /// - Throws: `DataError` where only one text of a pair may be cut and is too short.
    public func encode(
        _ text: String, pair: String? = nil, addsSpecialTokens: Bool = true
    ) throws(DataError) -> TokenizedText {
        var texts = [try unpadded(text, pair, addsSpecialTokens)]
        padding?.apply(to: &texts)
        return texts[0]
    }

    /// The tokens of several texts; where no length is set, ``padding`` fills them up to the longest.
    public func encode(_ texts: [String], addsSpecialTokens: Bool = true) throws(DataError) -> [TokenizedText] {
        var result: [TokenizedText] = []
        for text in texts { result.append(try unpadded(text, nil, addsSpecialTokens)) }
        padding?.apply(to: &result)
        return result
    }

    /// The text that tokens make. Numbers without a token are left out, as there.
    public func decode(_ ids: some Sequence<Int>, skipsSpecialTokens: Bool = true) -> String {
        let tokens = ids.compactMap { id in skipsSpecialTokens && isSpecial(id) ? nil : token(id) }
        guard let decoder = parts.decoder else { return tokens.joined(separator: " ") }
        return decoder.decode(tokens).joined()
    }

    private func unpadded(_ text: String, _ pair: String?, _ addsSpecial: Bool) throws(DataError) -> TokenizedText {
        var first = parts.cut(text, typeID: 0)
        var second = pair.map { parts.cut($0, typeID: 1) }
        let added = addsSpecial ? parts.postProcessor?.addedCount(isPair: pair != nil) ?? 0 : 0
        try truncation?.apply(to: &first, &second, added: added)
        if second != nil { first.overflowing = [] }
        second?.overflowing = []
        var texts = [first] + (second.map { [$0] } ?? [])
        parts.postProcessor?.apply(
            to: &texts, addsSpecial: addsSpecial, originals: [text] + (pair.map { [$0] } ?? []), parts.bytes)
        var result = texts[0]
        for other in texts.dropFirst() { result.append(other) }
        return result
    }
}
