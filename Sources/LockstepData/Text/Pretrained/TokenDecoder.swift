// SPDX-License-Identifier: Apache-2.0
// Tokens back to text: the `decoder` of a tokenizer file.

/// Turns tokens into the pieces of a text.
indirect enum TokenDecoder: Sendable {
    case wordPiece(prefix: String, cleansUp: Bool)
    case byteLevel
    /// `<0x0A>` and the like become bytes.
    case byteFallback
    case suffix(String)
    case fuse
    case strip(Character, start: Int, stop: Int)
    case replace(String, by: String)
    case sequence([TokenDecoder])

    /// The pieces, which are to be joined.
    func decode(_ tokens: [String]) -> [String] {
        switch self {
        case .sequence(let parts): return parts.reduce(tokens) { $1.decode($0) }
        case .fuse: return [tokens.joined()]
        case .wordPiece(let prefix, let cleansUp):
            return tokens.enumerated().map { place, token in
                var token = token
                if place > 0 { token = Self.continuation(of: token, prefix) ?? " " + token }
                return cleansUp ? Self.cleanedUp(token) : token
            }
        case .byteLevel:
            var bytes: [UInt8] = []
            for token in tokens { bytes += ByteAlphabet.bytes(of: token) ?? Array(token.utf8) }
            return [String(decoding: bytes, as: UTF8.self)]
        case .suffix(let suffix):
            return tokens.enumerated().map { place, token in
                Self.replaced(token, suffix, place == tokens.count - 1 ? "" : " ")
            }
        case .replace(let pattern, let content): return tokens.map { Self.replaced($0, pattern, content) }
        case .strip(let character, let start, let stop):
            return tokens.map { token in
                let scalars = Array(token.unicodeScalars)
                func isStripped(_ scalar: Unicode.Scalar) -> Bool { Character(scalar) == character }
                let head = scalars.prefix(start).prefix(while: isStripped).count
                let tail = scalars.dropFirst(head).suffix(stop).reversed().prefix(while: isStripped).count
                var result = String.UnicodeScalarView()
                result.append(contentsOf: scalars[head..<scalars.count - tail])
                return String(result)
            }
        case .byteFallback: return Self.bytesJoined(tokens)
        }
    }

    /// The token without the mark of a word's continuation; nil where it has none.
    private static func continuation(of token: String, _ prefix: String) -> String? {
        guard token.utf8.starts(with: prefix.utf8) else { return nil }
        return String(decoding: token.utf8.dropFirst(prefix.utf8.count), as: UTF8.self)
    }

    /// Spaces as one writes them in English.
    private static func cleanedUp(_ text: String) -> String {
        let rules = [
            (" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"), (" 'm", "'m"),
            (" do not", " don't"), (" 's", "'s"), (" 've", "'ve"), (" 're", "'re"),
        ]
        return rules.reduce(text) { replaced($0, $1.0, $1.1) }
    }

    private static func replaced(_ text: String, _ pattern: String, _ content: String) -> String {
        let (bytes, wanted) = (Array(text.utf8), Array(pattern.utf8))
        guard !wanted.isEmpty, bytes.count >= wanted.count else { return text }
        var (result, place): ([UInt8], Int) = ([], 0)
        while place < bytes.count {
            if bytes[place...].starts(with: wanted) {
                result += Array(content.utf8)
                place += wanted.count
            } else {
                result.append(bytes[place])
                place += 1
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// Runs of bytes that are UTF-8 become text; of others each byte becomes a replacement character.
    private static func bytesJoined(_ tokens: [String]) -> [String] {
        var (result, run): ([String], [UInt8]) = ([], [])
        func flush() {
            guard !run.isEmpty else { return }
            if let text = String(validating: run, as: UTF8.self) {
                result.append(text)
            } else {
                result += Array(repeating: "\u{FFFD}", count: run.count)
            }
            run = []
        }
        for token in tokens {
            let bytes = Array(token.utf8)
            if bytes.count == 6, token.hasPrefix("<0x"), token.hasSuffix(">"),
                let byte = UInt8(String(decoding: bytes[3..<5], as: UTF8.self), radix: 16)
            {
                run.append(byte)
            } else {
                flush()
                result.append(token)
            }
        }
        flush()
        return result
    }
}
