// SPDX-License-Identifier: Apache-2.0
// Bringing tokenized texts to a length: cutting and filling.

/// Which end of a text is cut off, or filled.
public enum TextSide: String, Hashable, Codable, Sendable { case left = "Left", right = "Right" }

/// How long texts become.
public struct TextTruncation: Hashable, Codable, Sendable {
    /// What of a pair is cut.
    public enum Strategy: String, Hashable, Codable, Sendable {
        /// The longer one, until both are equally long.
        case longestFirst = "LongestFirst"
        case onlyFirst = "OnlyFirst", onlySecond = "OnlySecond"
    }
    /// The most tokens, added ones included.
    public var maxLength: Int
    /// What of a pair is cut.
    public var strategy = Strategy.longestFirst
    /// How many tokens a window of what was cut off shares with the one before.
    public var stride = 0
    /// Which end is cut off.
    public var side = TextSide.right

    /// Texts of at most `maxLength` tokens.
    /// - Precondition: 0 or more, more than `stride`.
    public init(maxLength: Int, strategy: Strategy = .longestFirst, stride: Int = 0, side: TextSide = .right) {
        (self.maxLength, self.strategy, self.stride, self.side) = (maxLength, strategy, stride, side)
    }
}

/// How short texts are filled.
public struct TextPadding: Hashable, Codable, Sendable {
    /// The length to fill up to; nil for that of the longest text of a batch.
    public var length: Int?
    /// The length is rounded up to a multiple of this.
    public var multiple: Int?
    /// Which end is filled.
    public var side = TextSide.right
    /// The number of the token to fill with, and its type.
    public var id: Int
    /// The type of what is filled in.
    public var typeID = 0

    /// Texts filled with token `id`.
    public init(id: Int, typeID: Int = 0, length: Int? = nil, multiple: Int? = nil, side: TextSide = .right) {
        (self.id, self.typeID, self.length, self.multiple, self.side) = (id, typeID, length, multiple, side)
    }

    /// Fills texts to one length.
    public func apply(to texts: inout [TokenizedText]) {
        var length = length ?? texts.map(\.count).max() ?? 0
        if let multiple, multiple > 0, length % multiple > 0 { length += multiple - length % multiple }
        for number in texts.indices { fill(&texts[number], to: length) }
    }

    private func fill(_ text: inout TokenizedText, to length: Int) {
        for number in text.overflowing.indices { fill(&text.overflowing[number], to: length) }
        let missing = length - text.count
        guard missing > 0 else { return }
        func lengthen<Value>(_ list: inout [Value], _ value: Value) {
            list.insert(
                contentsOf: repeatElement(value, count: missing), at: side == .left ? 0 : list.count)
        }
        lengthen(&text.ids, id)
        lengthen(&text.typeIDs, typeID)
        lengthen(&text.attentionMask, 0)
        lengthen(&text.specialTokensMask, 1)
        lengthen(&text.offsets, 0..<0)
    }
}

extension TextTruncation {
    /// Cuts a text and its pair so that `added` more tokens have room.
    /// - Throws: `DataError` where only one may be cut and is too short for it, or is not there.
    func apply(
        to text: inout TokenizedText, _ pair: inout TokenizedText?, added: Int
    ) throws(DataError) {
        let most = max(0, maxLength - added)
        let total = text.count + (pair?.count ?? 0)
        guard total > most else { return }
        switch strategy {
        case .longestFirst:
            guard var second = pair else { return try cut(&text, to: most) }
            var (short, long) = (min(text.count, second.count), max(text.count, second.count))
            long = short > most ? short : max(short, most - short)
            if short + long > most { (short, long) = (most / 2, most / 2 + most % 2) }
            let swaps = text.count > second.count
            try cut(&text, to: swaps ? long : short)
            try cut(&second, to: swaps ? short : long)
            pair = second
        case .onlyFirst:
            try check(text.count > total - most, "the first text")
            try cut(&text, to: text.count - (total - most))
        case .onlySecond:
            guard var second = pair else { throw refusal("there is no second text to cut") }
            try check(second.count > total - most, "the second text")
            try cut(&second, to: second.count - (total - most))
            pair = second
        }
    }

    private func check(_ isLong: Bool, _ which: String) throws(DataError) {
        if !isLong { throw refusal("\(which) is too short to be cut to \(maxLength) tokens in all") }
    }

    private func refusal(_ reason: String) -> DataError {
        DataError(
            .item, file: "tokenizer", reason,
            remedy: "Cut the longer one (strategy .longestFirst), or allow more tokens")
    }

    private func cut(_ text: inout TokenizedText, to length: Int) throws(DataError) {
        guard length < text.count else { return }
        guard length > 0 else {
            let whole = text
            text = text.part(0..<0)
            return text.overflowing = [whole]
        }
        guard stride < length else {
            throw refusal("windows of \(length) tokens of a text cannot share \(stride)")
        }
        let step = length - stride
        var windows: [Range<Int>] = []
        if side == .right {
            var start = 0
            while true {
                windows.append(start..<min(start + length, text.count))
                if start + length >= text.count { break }
                start += step
            }
        } else {
            var end = text.count
            while true {
                windows.append(max(0, end - length)..<end)
                if end <= length { break }
                end -= step
            }
        }
        let parts = windows.map { text.part($0) }
        text = parts[0]
        text.overflowing = Array(parts.dropFirst())
    }
}
