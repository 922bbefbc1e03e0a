// SPDX-License-Identifier: Apache-2.0
// The different tokens of a text, as they are met.

/// Numbers different tokens in the order in which each was first seen, and counts them.
struct TokenTable {
    private(set) var tokens: [String] = []
    var counts: [Int] = []
    private var places: [ExactText: Int] = [:]
    /// The places of characters by their code, −1 where there is none; empty until one is added.
    private var characters: [Int32] = []

    /// Counts a token and returns its place among the different ones.
    @discardableResult
    mutating func add(_ token: String) -> Int {
        if let place = places[ExactText(token)] {
            counts[place] += 1
            return place
        }
        places[ExactText(token)] = tokens.count
        tokens.append(token)
        counts.append(1)
        return tokens.count - 1
    }

    /// Counts the characters of a text, and writes the place of each; there is room for as many as it has bytes.
    ///
    /// - Returns: how many there are.
    mutating func add(charactersOf text: String, to places: UnsafeMutablePointer<UInt32>) -> Int {
        var text = text
        return text.withUTF8 { bytes in
            var known = [Int32](repeating: -1, count: 128)
            var (seen, written, next) = ([Int](repeating: 0, count: 128), 0, 0)
            known.withUnsafeMutableBufferPointer { known in
                seen.withUnsafeMutableBufferPointer { seen in
                    while next < bytes.count {
                        let byte = Int(bytes[next])
                        if byte < 128, known[byte] >= 0 {
                            places[written] = UInt32(truncatingIfNeeded: known[byte])
                            seen[byte] += 1
                            next += 1
                        } else {
                            let (code, width) = bytes.scalar(at: next)
                            next += width
                            let place = add(Unicode.Scalar(code) ?? "\u{FFFD}")
                            places[written] = UInt32(truncatingIfNeeded: place)
                            if byte < 128 { known[byte] = Int32(truncatingIfNeeded: place) }
                        }
                        written += 1
                    }
                }
            }
            for byte in 0..<128 where seen[byte] > 0 { counts[Int(known[byte])] += seen[byte] }
            return written
        }
    }

    /// The same for a token of one character, without making a text of it.
    private mutating func add(_ character: Unicode.Scalar) -> Int {
        if characters.isEmpty { characters = Array(repeating: -1, count: 0x11_0000) }
        let known = Int(characters[Int(character.value)])
        if known >= 0 {
            counts[known] += 1
            return known
        }
        let place = add(String(character))
        characters[Int(character.value)] = Int32(place)
        return place
    }
}
