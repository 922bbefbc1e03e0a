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

    /// The same for a token of one character, without making a text of it.
    mutating func add(_ character: Unicode.Scalar) -> Int {
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
