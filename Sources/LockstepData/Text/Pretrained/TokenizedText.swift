// SPDX-License-Identifier: Apache-2.0
// What a tokenizer makes of a text: numbers, and what a model wants to know about each.

/// A text, or a pair of texts, as the numbers of its tokens. All lists are equally long.
///
/// Hugging Face: `Encoding`.
public struct TokenizedText: Hashable, Sendable {
    /// The tokens' numbers in the vocabulary.
    public var ids: [Int]
    /// Which text of a pair each belongs to, as the model counts them: BERT's `token_type_ids`.
    public var typeIDs: [Int]
    /// 1 for a token, 0 for padding.
    public var attentionMask: [Int]
    /// 1 for what was added around the text, padding included; 0 for tokens of the text.
    public var specialTokensMask: [Int]
    /// The bytes of the text's UTF-8 that each token stands for; 0 ..< 0 for what was added.
    public var offsets: [Range<Int>]
    /// Where the text was cut off: the rest, in windows that overlap by the truncation's stride. Empty for pairs.
    public var overflowing: [TokenizedText] = []

    /// The number of tokens, padding included.
    public var count: Int { ids.count }

    init(ids: [Int], offsets: [Range<Int>], typeID: Int) {
        (self.ids, self.offsets) = (ids, offsets)
        typeIDs = Array(repeating: typeID, count: ids.count)
        attentionMask = Array(repeating: 1, count: ids.count)
        specialTokensMask = Array(repeating: 0, count: ids.count)
    }

    /// One token that stands for a text without any.
    package init(filling id: Int) { self.init(ids: [id], offsets: [0..<0], typeID: 0) }

    mutating func reserve(_ count: Int) {
        ids.reserveCapacity(count)
        typeIDs.reserveCapacity(count)
        attentionMask.reserveCapacity(count)
        specialTokensMask.reserveCapacity(count)
        offsets.reserveCapacity(count)
    }

    /// Adds a token that is not of the text.
    mutating func addSpecial(_ id: Int, typeID: Int) {
        ids.append(id)
        typeIDs.append(typeID)
        attentionMask.append(1)
        specialTokensMask.append(1)
        offsets.append(0..<0)
    }

    /// Adds another text's tokens, as those of type `typeID` if it is given.
    mutating func append(_ other: TokenizedText, typeID: Int? = nil) {
        ids += other.ids
        if let typeID {
            typeIDs.append(contentsOf: repeatElement(typeID, count: other.count))
        } else {
            typeIDs += other.typeIDs
        }
        attentionMask += other.attentionMask
        specialTokensMask += other.specialTokensMask
        offsets += other.offsets
    }

    /// The tokens in a range of places.
    func part(_ range: Range<Int>) -> TokenizedText {
        var part = TokenizedText(ids: Array(ids[range]), offsets: Array(offsets[range]), typeID: 0)
        part.typeIDs = Array(typeIDs[range])
        part.attentionMask = Array(attentionMask[range])
        part.specialTokensMask = Array(specialTokensMask[range])
        return part
    }
}
