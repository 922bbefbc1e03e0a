// SPDX-License-Identifier: Apache-2.0
// The parts of a tokenizer, and a text's way through them.

/// Cuts words into tokens.
enum TokenModel: Sendable {
    case wordPiece(WordPieceModel)
    case bytePair(BytePairModel)
    /// Words as they are.
    case wordLevel(TokenIndex, unknown: Int32?)

    func encode(_ word: UTF8Bytes, into parts: inout [WordPart]) {
        switch self {
        case .wordPiece(let model):
            model.encode(word, scalars: word.reduce(0) { $0 + ($1 & 0xC0 == 0x80 ? 0 : 1) }, into: &parts)
        case .bytePair(let model): model.encode(word, into: &parts)
        case .wordLevel(let index, let unknown):
            parts.removeAll(keepingCapacity: true)
            if let id = index.number(of: word).map(Int32.init) ?? unknown {
                parts.append(WordPart(id: id, start: 0, end: word.count))
            }
        }
    }
}

/// What a tokenizer is made of. Nothing of it changes.
final class TokenizerParts: Sendable {
    let normalizer: TextNormalizer?
    let preTokenizer: PreTokenizer?
    let model: TokenModel
    let postProcessor: PostProcessor?
    let decoder: TokenDecoder?
    let added: [AddedToken]
    let specialIDs: Set<Int>
    /// Every token by its number, and the numbers of the model's own.
    let tokens: [String?]
    let numbers: TokenIndex
    private let addedIDs: Set<Int>
    private let raw: AddedTokenFinder
    private let normalized: AddedTokenFinder
    private let scanner: BertScanner?

    /// - Parameters:
    ///   - vocabulary: the model's tokens with their numbers.
    ///   - usesScanner: whether BERT's steps are done in one pass where they can be.
    init(
        normalizer: TextNormalizer?, preTokenizer: PreTokenizer?, model: TokenModel, postProcessor: PostProcessor?,
        decoder: TokenDecoder?, added: [AddedToken], vocabulary: [(token: String, number: Int)],
        usesScanner: Bool = true
    ) {
        (self.normalizer, self.preTokenizer, self.model) = (normalizer, preTokenizer, model)
        (self.postProcessor, self.decoder, self.added) = (postProcessor, decoder, added)
        addedIDs = Set(added.map(\.id))
        specialIDs = Set(added.filter(\.isSpecial).map(\.id))
        let count = 1 + max(vocabulary.reduce(-1) { max($0, $1.number) }, added.reduce(-1) { max($0, $1.id) })
        var tokens = [String?](repeating: nil, count: count)
        for (token, number) in vocabulary { tokens[number] = token }
        let changed = added.map { token in
            var text = Array(token.content.utf8).withUnsafeBufferPointer { AlignedText($0, base: 0) }
            if token.isNormalized { normalizer?.apply(to: &text) }
            return (bytes: text.bytes, token: token)
        }
        for (bytes, token) in changed { tokens[token.id] = String(decoding: bytes, as: UTF8.self) }
        self.tokens = tokens
        numbers = TokenIndex(vocabulary.map { (Array($0.token.utf8), $0.number) })
        raw = AddedTokenFinder(changed.filter { !$0.token.isNormalized })
        normalized = AddedTokenFinder(changed.filter(\.token.isNormalized))
        if usesScanner, case .bert(let bert) = normalizer, case .bert = preTokenizer,
            case .wordPiece(let pieces) = model
        {
            scanner = BertScanner(bert, pieces)
        } else {
            scanner = nil
        }
    }

    /// The tokens of a text, nothing added.
    func cut(_ text: String, typeID: Int) -> TokenizedText {
        var sink = TokenSink()
        var text = text
        text.withUTF8 { bytes in
            sink.ids.reserveCapacity(bytes.count / 4)
            sink.offsets.reserveCapacity(bytes.count / 4)
            for (range, id) in raw.parts(of: bytes) {
                if let id {
                    sink.add(Int32(id), range.lowerBound, range.upperBound)
                } else {
                    cut(bytes.part(range), base: range.lowerBound, into: &sink)
                }
            }
        }
        return TokenizedText(ids: sink.ids, offsets: sink.offsets, typeID: typeID)
    }

    /// A part of the text without tokens that are looked for in it.
    private func cut(_ bytes: UTF8Bytes, base: Int, into sink: inout TokenSink) {
        if let scanner, normalized.isEmpty {
            let before = sink.ids.count
            if scanner.scan(bytes, base: base, into: &sink) { return }
            sink.cut(to: before)
        }
        var text = AlignedText(bytes, base: base)
        normalizer?.apply(to: &text)
        if normalized.isEmpty { return words(of: &text, into: &sink) }
        for (range, id) in text.bytes.withUnsafeBufferPointer({ normalized.parts(of: $0) }) {
            if let id {
                let origin = text.origin(of: range)
                sink.add(Int32(id), origin.lowerBound, origin.upperBound)
            } else {
                var part = text.part(range)
                words(of: &part, into: &sink)
            }
        }
    }

    private func words(of text: inout AlignedText, into sink: inout TokenSink) {
        var (pieces, parts): ([Range<Int>], [WordPart]) = ([0..<text.bytes.count], [])
        preTokenizer?.cut(&text, &pieces)
        for piece in pieces where !piece.isEmpty {
            text.bytes.withUnsafeBufferPointer { model.encode($0.part(piece), into: &parts) }
            for part in parts {
                let origin = text.origin(of: piece.lowerBound + part.start..<piece.lowerBound + part.end)
                sink.add(part.id, origin.lowerBound, origin.upperBound)
            }
        }
    }

    /// A token's bytes as a text has them; nil for a token that is looked for in the text itself.
    func bytes(of id: Int) -> [UInt8]? {
        if addedIDs.contains(id) { return nil }
        guard tokens.indices.contains(id), let token = tokens[id] else { return [] }
        if case .bytePair(let model) = model, model.options.isByteLevel, let bytes = ByteAlphabet.bytes(of: token) {
            return bytes
        }
        return Array(token.utf8)
    }
}
