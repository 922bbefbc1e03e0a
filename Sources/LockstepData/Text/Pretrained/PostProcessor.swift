// SPDX-License-Identifier: Apache-2.0
// What is put around the tokens of a text: the `post_processor` of a tokenizer file.

/// Adds what a model expects around its texts, such as `[CLS]` and `[SEP]`.
indirect enum PostProcessor: Sendable {
    /// A piece of what comes out.
    enum Piece: Sendable {
        case special(ids: [Int], typeID: Int)
        case text(isSecond: Bool, typeID: Int)
    }
    /// What a text becomes, and what a pair.
    case template(single: [Piece], pair: [Piece])
    /// Takes white space out of offsets.
    case trimOffsets(addsPrefixSpace: Bool)
    case sequence([PostProcessor])

    /// How many tokens are added.
    func addedCount(isPair: Bool) -> Int {
        switch self {
        case .trimOffsets: 0
        case .sequence(let parts): parts.reduce(0) { $0 + $1.addedCount(isPair: isPair) }
        case .template(let single, let pair):
            (isPair ? pair : single).reduce(0) { sum, piece in
                if case .special(let ids, _) = piece { return sum + ids.count }
                return sum
            }
        }
    }

    /// Acts on the texts, one or two, which become one.
    func apply(to texts: inout [TokenizedText], addsSpecial: Bool, _ tokenBytes: (Int) -> [UInt8]) {
        switch self {
        case .sequence(let parts): for part in parts { part.apply(to: &texts, addsSpecial: addsSpecial, tokenBytes) }
        case .trimOffsets(let prefix):
            for number in texts.indices { Self.trim(&texts[number], prefix, tokenBytes) }
        case .template(let single, let pair):
            guard texts.count <= 2, let first = texts.first else { return }
            let pieces = texts.count == 2 ? pair : single
            func filled(_ window: TokenizedText) -> TokenizedText {
                var result = TokenizedText(ids: [], offsets: [], typeID: 0)
                for piece in pieces {
                    switch piece {
                    case .special(let ids, let typeID):
                        if addsSpecial { for id in ids { result.addSpecial(id, typeID: typeID) } }
                    case .text(let isSecond, let typeID):
                        result.append(isSecond ? texts[texts.count - 1] : window, typeID: typeID)
                    }
                }
                return result
            }
            var result = filled(first)
            if texts.count == 1 { result.overflowing = first.overflowing.map(filled) }
            texts = [result]
        }
    }

    /// Takes the spaces that tokens begin and end with out of their offsets, but for one that was put before the text.
    private static func trim(_ text: inout TokenizedText, _ addsPrefixSpace: Bool, _ tokenBytes: (Int) -> [UInt8]) {
        for number in text.overflowing.indices { trim(&text.overflowing[number], addsPrefixSpace, tokenBytes) }
        for (place, id) in text.ids.enumerated() {
            let bytes = tokenBytes(id)
            var leading = bytes.prefix { $0 == 0x20 }.count
            let trailing = bytes.reversed().prefix { $0 == 0x20 }.count
            var (start, end) = (text.offsets[place].lowerBound, text.offsets[place].upperBound)
            if leading > 0 {
                if addsPrefixSpace, place == 0 || start == 0 { leading -= 1 }
                start = min(start + leading, end)
            }
            if trailing > 0, end >= trailing { end = max(end - trailing, start) }
            text.offsets[place] = start..<end
        }
    }
}
