// SPDX-License-Identifier: Apache-2.0
// Where a text is cut before the model sees its words: the `pre_tokenizer` of a tokenizer file.

/// Cuts a text into the words that a model looks at one by one.
indirect enum PreTokenizer: Sendable {
    /// What becomes of the places at which a text is cut.
    enum Behavior: String, Sendable {
        case removed = "Removed", isolated = "Isolated", contiguous = "Contiguous"
        case mergedWithPrevious = "MergedWithPrevious", mergedWithNext = "MergedWithNext"
    }

    case bert
    /// Runs of word characters and runs of others, white space left out.
    case whitespace
    case whitespaceSplit
    case punctuation(Behavior)
    case digits(individual: Bool)
    case delimiter(UInt32)
    case split([UInt8], Behavior, invert: Bool)
    case byteLevel(addsPrefixSpace: Bool, usesPattern: Bool)
    case sequence([PreTokenizer])

    /// Cuts each of `pieces`, ranges of the text's bytes, which may gain spaces.
    func cut(_ text: inout AlignedText, _ pieces: inout [Range<Int>]) {
        let table = UnicodeTable.shared
        switch self {
        case .sequence(let parts): for part in parts { part.cut(&text, &pieces) }
        case .bert:
            Self.whitespaceSplit.cut(&text, &pieces)
            Self.punctuation(.isolated).cut(&text, &pieces)
        case .whitespaceSplit:
            cut(text, &pieces, .removed) { table.classes(of: $0).contains(.space) }
        case .punctuation(let behavior):
            cut(text, &pieces, behavior) { table.classes(of: $0).contains(.punctuation) }
        case .digits(let individual):
            cut(text, &pieces, individual ? .isolated : .contiguous) { table.classes(of: $0).contains(.digit) }
        case .delimiter(let delimiter): cut(text, &pieces, .removed) { $0 == delimiter }
        case .whitespace:
            cut(text, &pieces, .removed) { table.classes(of: $0).contains(.space) }
            // A run of the same kind, word or other, is one piece: contiguous matches and what lies between.
            cut(text, &pieces, .contiguous) { table.classes(of: $0).contains(.word) }
        case .split(let pattern, let behavior, let invert):
            pieces = pieces.flatMap { piece in
                Self.apply(behavior, Self.occurrences(of: pattern, in: text, piece).map { ($0, $1 != invert) })
            }
        case .byteLevel(let addsPrefixSpace, let usesPattern):
            if addsPrefixSpace { addSpaces(&text, &pieces) }
            guard usesPattern else { return }
            var found: [Range<Int>] = []
            text.bytes.withUnsafeBufferPointer { bytes in
                for piece in pieces { BytePattern.forEachPiece(of: bytes, in: piece) { found.append($0) } }
            }
            pieces = found
        }
    }

    private func addSpaces(_ text: inout AlignedText, _ pieces: inout [Range<Int>]) {
        let lacking = pieces.filter { !$0.isEmpty && text.bytes[$0.lowerBound] != 0x20 }.map(\.lowerBound)
        guard !lacking.isEmpty else { return }
        text.insert([0x20], at: lacking)
        let starts = Set(lacking)
        var shift = 0
        pieces = pieces.map { piece in
            let before = shift
            if starts.contains(piece.lowerBound), !piece.isEmpty { shift += 1 }
            return piece.lowerBound + before..<piece.upperBound + shift
        }
    }

    private func cut(
        _ text: AlignedText, _ pieces: inout [Range<Int>], _ behavior: Behavior, _ isDelimiter: (UInt32) -> Bool
    ) {
        pieces = text.bytes.withUnsafeBufferPointer { bytes in
            pieces.flatMap { piece in
                var matches: [(Range<Int>, Bool)] = []
                var place = piece.lowerBound
                while place < piece.upperBound {
                    let (scalar, width) = bytes.scalar(at: place)
                    let range = place..<place + width
                    let isMatch = isDelimiter(scalar)
                    if !isMatch, let last = matches.last, !last.1 {
                        matches[matches.count - 1].0 = last.0.lowerBound..<range.upperBound
                    } else {
                        matches.append((range, isMatch))
                    }
                    place += width
                }
                return Self.apply(behavior, matches)
            }
        }
    }

    private static func occurrences(
        of pattern: [UInt8], in text: AlignedText, _ piece: Range<Int>
    ) -> [(Range<Int>, Bool)] {
        var matches: [(Range<Int>, Bool)] = []
        var (place, rest) = (piece.lowerBound, piece.lowerBound)
        while !pattern.isEmpty, place + pattern.count <= piece.upperBound {
            if text.bytes[place...].starts(with: pattern) {
                if rest < place { matches.append((rest..<place, false)) }
                matches.append((place..<place + pattern.count, true))
                place += pattern.count
                rest = place
            } else {
                place += 1
            }
        }
        if rest < piece.upperBound { matches.append((rest..<piece.upperBound, false)) }
        return matches
    }

    /// What remains of matches and what lies between them.
    private static func apply(_ behavior: Behavior, _ matches: [(Range<Int>, Bool)]) -> [Range<Int>] {
        var (result, previous): ([Range<Int>], Bool) = ([], false)
        switch behavior {
        case .removed: return matches.filter { !$0.1 }.map(\.0)
        case .isolated: return matches.map(\.0)
        case .contiguous, .mergedWithPrevious:
            for (range, isMatch) in matches {
                let joins = behavior == .contiguous ? isMatch == previous : isMatch && !previous
                if joins, let last = result.last {
                    result[result.count - 1] = last.lowerBound..<range.upperBound
                } else {
                    result.append(range)
                }
                previous = isMatch
            }
            return result
        case .mergedWithNext:
            for (range, isMatch) in matches.reversed() {
                if isMatch && !previous, let last = result.last {
                    result[result.count - 1] = range.lowerBound..<last.upperBound
                } else {
                    result.append(range)
                }
                previous = isMatch
            }
            return result.reversed()
        }
    }
}

/// GPT-2's pattern, written out: `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`.
enum BytePattern {
    private enum Kind: UInt8 { case letter, number, space, other }

    /// The kinds of ASCII.
    private static let ascii: [Kind] = (0..<128).map { kind(UnicodeTable.shared.classes(of: $0)) }

    private static func kind(_ classes: UnicodeTable.Classes) -> Kind {
        if classes.contains(.space) { return .space }
        if classes.contains(.letter) { return .letter }
        return classes.contains(.number) ? .number : .other
    }

    /// Calls `body` with each piece of `range`, which together are all of it.
    static func forEachPiece(of bytes: UTF8Bytes, in range: Range<Int>, _ body: (Range<Int>) -> Void) {
        ascii.withUnsafeBufferPointer { ascii in
            let table = UnicodeTable.shared
            @inline(__always) func look(_ place: Int) -> (kind: Kind, width: Int) {
                if bytes[place] < 0x80 { return (ascii[Int(bytes[place])], 1) }
                let (scalar, width) = bytes.scalar(at: place)
                return (kind(table.classes(of: scalar)), width)
            }
            var place = range.lowerBound
            while place < range.upperBound {
                let start = place
                if bytes[place] == UInt8(ascii: "'"), let length = contraction(bytes, place + 1, range.upperBound) {
                    place += 1 + length
                    body(start..<place)
                    continue
                }
                var (kind, width) = look(place)
                if bytes[place] == 0x20, place + 1 < range.upperBound {
                    let following = look(place + 1)
                    if following.kind != .space {
                        (kind, width) = following
                        place += 1
                    }
                }
                var last = place
                while true {
                    last = place
                    place += width
                    guard place < range.upperBound else { break }
                    let following = look(place)
                    guard following.kind == kind else { break }
                    width = following.width
                }
                // The last space before a word belongs to what follows.
                if kind == .space, place < range.upperBound, last > start { place = last }
                body(start..<place)
            }
        }
    }

    /// The length of what follows an apostrophe in `'s`, `'re` …
    private static func contraction(_ bytes: UTF8Bytes, _ place: Int, _ end: Int) -> Int? {
        guard place < end else { return nil }
        let first = bytes[place]
        switch first {
        case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"): return 1
        case UInt8(ascii: "r"), UInt8(ascii: "v"):
            return place + 1 < end && bytes[place + 1] == UInt8(ascii: "e") ? 2 : nil
        case UInt8(ascii: "l"): return place + 1 < end && bytes[place + 1] == UInt8(ascii: "l") ? 2 : nil
        default: return nil
        }
    }
}
