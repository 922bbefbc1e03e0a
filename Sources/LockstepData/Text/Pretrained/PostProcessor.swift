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
    ///
    /// - Parameters:
    ///   - originals: the texts themselves.
    ///   - token: a token's bytes; nil for one that is looked for in the text, which is as the text has it.
    func apply(
        to texts: inout [TokenizedText], addsSpecial: Bool, originals: [String], _ token: (Int) -> [UInt8]?
    ) {
        switch self {
        case .sequence(let parts):
            for part in parts { part.apply(to: &texts, addsSpecial: addsSpecial, originals: originals, token) }
        case .trimOffsets(let prefix):
            guard texts.count == originals.count else { return }
            for number in texts.indices {
                var original = originals[number]
                original.withUTF8 { Self.trim(&texts[number], prefix, $0, token) }
            }
        case .template(let single, let pair):
            guard texts.count <= 2, let first = texts.first else { return }
            let pieces = texts.count == 2 ? pair : single
            func filled(_ window: TokenizedText) -> TokenizedText {
                var result = TokenizedText(ids: [], offsets: [], typeID: 0)
                result.reserve(window.count + (texts.count == 2 ? texts[1].count : 0) + 8)
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

    /// Takes the spaces that tokens begin and end with out of their offsets, but for one that was put before the text: as many
    /// characters of the text, whatever they are.
    private static func trim(
        _ text: inout TokenizedText, _ addsPrefixSpace: Bool, _ original: UTF8Bytes, _ token: (Int) -> [UInt8]?
    ) {
        for number in text.overflowing.indices {
            trim(&text.overflowing[number], addsPrefixSpace, original, token)
        }
        for (place, id) in text.ids.enumerated() {
            let range = text.offsets[place]
            var (leading, trailing) = (0, 0)
            if let bytes = token(id) {
                leading = bytes.prefix { $0 == 0x20 }.count
                trailing = bytes.reversed().prefix { $0 == 0x20 }.count
            } else {
                (leading, trailing) = spaces(original.part(range))
            }
            if leading == 0 && trailing == 0 { continue }
            if leading > 0, addsPrefixSpace, place == 0 || range.lowerBound == 0 { leading -= 1 }
            var (start, end) = (range.lowerBound, range.upperBound)
            for _ in 0..<leading where start < end { start += original.scalar(at: start).width }
            for _ in 0..<trailing where end > start { end = original.scalarStart(before: end) }
            text.offsets[place] = start..<end
        }
    }

    /// How many characters of white space a text begins and ends with.
    private static func spaces(_ bytes: UTF8Bytes) -> (leading: Int, trailing: Int) {
        let table = UnicodeTable.shared
        var (leading, trailing, place, end) = (0, 0, 0, bytes.count)
        while place < bytes.count, table.classes(of: bytes.scalar(at: place).scalar).contains(.space) {
            leading += 1
            place += bytes.scalar(at: place).width
        }
        while end > 0 {
            let start = bytes.scalarStart(before: end)
            guard table.classes(of: bytes.scalar(at: start).scalar).contains(.space) else { break }
            trailing += 1
            end = start
        }
        return (leading, trailing)
    }
}
