// SPDX-License-Identifier: Apache-2.0
// BERT's normaliser, its cutting into words and WordPiece in one pass over the bytes.

/// Tokenizes for BERT without making the changed text: gives what `BertNormalizer`, `PreTokenizer.bert` and the model give one
/// after another.
struct BertScanner: Sendable {
    /// What is done with a byte of ASCII.
    private enum Action {
        static let space: UInt8 = 0, word: UInt8 = 1, sign: UInt8 = 2, skip: UInt8 = 3, other: UInt8 = 4
    }

    private let normalizer: BertNormalizer
    private let model: WordPieceModel
    private let actions: [UInt8]
    private let folded: [UInt8]
    /// The tokens of ASCII's signs.
    private let signs: [Int32]

    init(_ normalizer: BertNormalizer, _ model: WordPieceModel) {
        (self.normalizer, self.model) = (normalizer, model)
        let table = UnicodeTable.shared
        var (actions, folded) = ([UInt8](repeating: Action.other, count: 256), [UInt8](repeating: 0, count: 256))
        for byte in 0..<128 {
            let classes = table.classes(of: UInt32(byte))
            folded[byte] = normalizer.lowercases && (65...90).contains(byte) ? UInt8(byte) + 32 : UInt8(byte)
            actions[byte] =
                normalizer.cleansText && BertNormalizer.isRemoved(UInt32(byte), classes)
                ? Action.skip
                : classes.contains(.space) ? Action.space : classes.contains(.punctuation) ? Action.sign : Action.word
        }
        (self.actions, self.folded) = (actions, folded)
        signs = (0..<128).map { byte in
            var parts: [WordPart] = []
            [UInt8(byte)].withUnsafeBufferPointer { model.encode($0, scalars: 1, into: &parts) }
            return parts.first?.id ?? model.unknown
        }
    }

    /// Puts the tokens of `bytes`, which begin at byte `base` of the text, into `sink`.
    ///
    /// - Returns: false where marks that stay would have to be brought into order, which nobody writes: then the text has to be
    ///   changed step by step, and what is in the sink is not right.
    func scan(_ bytes: UTF8Bytes, base: Int, into sink: inout TokenSink) -> Bool {
        var word = ScannedWord(model: model, base: base)
        var parts: [WordPart] = []
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Self.shortWord) { scratch in
            actions.withUnsafeBufferPointer { actions in
                folded.withUnsafeBufferPointer { folded in
                    var place = 0
                    while place < bytes.count {
                        let byte = bytes[place]
                        switch actions[Int(byte)] {
                        case Action.word:
                            if word.isEmpty {
                                let end = shortWord(bytes, place, base, scratch, actions, folded, &parts, &sink)
                                if end > place {
                                    place = end
                                    continue
                                }
                            }
                            word.add(folded[Int(byte)], place)
                        case Action.space: word.end(&sink)
                        case Action.sign:
                            word.end(&sink)
                            sink.add(signs[Int(byte)], base + place, base + place + 1)
                        case Action.skip: break
                        default:
                            let (scalar, width) = bytes.scalar(at: place)
                            take(scalar, place..<place + width, &word, &sink)
                            place += width - 1
                        }
                        place += 1
                    }
                }
            }
        }
        word.end(&sink)
        return !word.needsOrder
    }

    /// Longer words of ASCII are put together byte by byte.
    private static let shortWord = 64

    /// Takes a word of ASCII that ends at white space, a sign or the end.
    ///
    /// - Returns: where it ends; `start` if it does not, or is too long.
    @inline(__always)
    private func shortWord(
        _ bytes: UTF8Bytes, _ start: Int, _ origin: Int, _ scratch: UnsafeMutableBufferPointer<UInt8>,
        _ actions: UTF8Bytes, _ folded: UTF8Bytes, _ parts: inout [WordPart], _ sink: inout TokenSink
    ) -> Int {
        guard let base = scratch.baseAddress else { return start }
        var (place, hash) = (start, TokenIndex.Hash())
        let limit = min(bytes.count, start + min(Self.shortWord, model.maxScalars))
        while place < limit, actions[Int(bytes[place])] == Action.word {
            let byte = folded[Int(bytes[place])]
            base[place - start] = byte
            hash.add(byte)
            place += 1
        }
        if place < bytes.count, actions[Int(bytes[place])] != Action.space, actions[Int(bytes[place])] != Action.sign {
            return start
        }
        let found = model.whole.find(base, place - start, hash)
        if found >= 0 {
            sink.add(found, origin + start, origin + place)
        } else {
            parts.removeAll(keepingCapacity: true)
            model.cut(UTF8Bytes(start: base, count: place - start), base, into: &parts)
            for part in parts { sink.add(part.id, origin + start + part.start, origin + start + part.end) }
        }
        return place
    }

    /// One scalar beyond ASCII.
    private func take(_ scalar: UInt32, _ range: Range<Int>, _ word: inout ScannedWord, _ sink: inout TokenSink) {
        let table = UnicodeTable.shared
        let classes = table.classes(of: scalar)
        if normalizer.cleansText, BertNormalizer.isRemoved(scalar, classes) { return }
        // A space must not be decomposed where cleaning has made a plain one of it.
        if classes.contains(.space) { return word.end(&sink) }
        let isIdeograph = normalizer.separatesIdeographs && classes.contains(.ideograph)
        if isIdeograph { word.end(&sink) }
        if !classes.contains(.changes) {
            if !(normalizer.stripsAccents && classes.contains(.accent)) { put(scalar, classes, range, &word, &sink) }
        } else if normalizer.stripsAccents {
            table.forEachDecomposed(of: scalar) { part in
                let partClasses = table.classes(of: part)
                if partClasses.contains(.accent) { return }
                if table.combiningClass(of: part) > 0 { word.needsOrder = true }
                lower(part, range, &word, &sink)
            }
        } else {
            lower(scalar, range, &word, &sink)
        }
        if isIdeograph { word.end(&sink) }
    }

    private func lower(_ scalar: UInt32, _ range: Range<Int>, _ word: inout ScannedWord, _ sink: inout TokenSink) {
        guard normalizer.lowercases else {
            return put(scalar, UnicodeTable.shared.classes(of: scalar), range, &word, &sink)
        }
        UnicodeTable.shared.forEachLower(of: scalar) {
            put($0, UnicodeTable.shared.classes(of: $0), range, &word, &sink)
        }
    }

    /// Adds a scalar as the model is to see it.
    private func put(
        _ scalar: UInt32, _ classes: UnicodeTable.Classes, _ range: Range<Int>, _ word: inout ScannedWord,
        _ sink: inout TokenSink
    ) {
        if classes.contains(.space) { return word.end(&sink) }
        let isSign = classes.contains(.punctuation)
        if isSign { word.end(&sink) }
        word.add(scalar, range)
        if isSign { word.end(&sink) }
    }
}

/// A word while its bytes are gathered.
private struct ScannedWord {
    let model: WordPieceModel
    let base: Int
    /// Whether marks were met that may have to change places.
    var needsOrder = false
    private var bytes: [UInt8] = []
    private var origins: [Range<Int>] = []
    private var scalars = 0
    private var parts: [WordPart] = []

    init(model: WordPieceModel, base: Int) { (self.model, self.base) = (model, base) }

    var isEmpty: Bool { bytes.isEmpty }

    mutating func add(_ byte: UInt8, _ place: Int) {
        bytes.append(byte)
        origins.append(place..<place + 1)
        scalars += 1
    }

    mutating func add(_ scalar: UInt32, _ range: Range<Int>) {
        forEachByte(of: scalar) {
            bytes.append($0)
            origins.append(range)
        }
        scalars += 1
    }

    /// Gives the word's tokens, if there is a word.
    mutating func end(_ sink: inout TokenSink) {
        guard !bytes.isEmpty else { return }
        bytes.withUnsafeBufferPointer { model.encode($0, scalars: scalars, into: &parts) }
        for part in parts {
            sink.add(part.id, base + origins[part.start].lowerBound, base + origins[part.end - 1].upperBound)
        }
        bytes.removeAll(keepingCapacity: true)
        origins.removeAll(keepingCapacity: true)
        scalars = 0
    }
}
