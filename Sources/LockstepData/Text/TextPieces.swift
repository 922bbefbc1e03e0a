// SPDX-License-Identifier: Apache-2.0
// A long text in pieces that can be cut into tokens one after the other.

/// Makes texts of bytes in UTF-8 as they come, cut where no token is.
///
/// A piece of characters ends with any of them. A piece of words ends with a line: what follows line ends and is none itself
/// belongs to no word, number or repetition before it.
struct TextPieces {
    private let unit: Tokenizer.Unit
    private var waiting: [UInt8] = []
    /// Bytes that were given out.
    private var place = 0

    init(unit: Tokenizer.Unit) { self.unit = unit }

    /// The place of a byte that is not UTF-8.
    struct Invalid: Error {
        let place: Int
    }

    /// Takes bytes, and calls `body` with the text up to the last place where it may be cut.
    mutating func add(_ bytes: UnsafeRawBufferPointer, _ body: (String) -> Void) throws(Invalid) {
        let searched = max(1, waiting.count)
        waiting.append(contentsOf: bytes)
        let end = waiting.withUnsafeBufferPointer {
            unit == .words ? Self.lastLine($0, after: searched) : Self.lastCharacter($0)
        }
        if end > 0 { try give(end, body) }
    }

    /// Calls `body` with the rest.
    mutating func finish(_ body: (String) -> Void) throws(Invalid) {
        if !waiting.isEmpty { try give(waiting.count, body) }
    }

    private mutating func give(_ end: Int, _ body: (String) -> Void) throws(Invalid) {
        guard let text = String(validating: waiting[..<end], as: UTF8.self) else {
            throw Invalid(place: place + Self.firstInvalid(waiting[..<end]))
        }
        body(text)
        waiting.removeFirst(end)
        place += end
    }

    /// The end of the last whole character.
    private static func lastCharacter(_ bytes: UnsafeBufferPointer<UInt8>) -> Int {
        // A character that is not whole lacks at most three bytes, of which the first says how many there are.
        for back in 1...3 where back <= bytes.count {
            let byte = bytes[bytes.count - back]
            if byte & 0xC0 == 0x80 { continue }
            let length = byte < 0xC0 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4
            return length > back ? bytes.count - back : bytes.count
        }
        return bytes.count
    }

    /// Where the last line begins that has something in it and lines before it, if not before `first`.
    private static func lastLine(_ bytes: UnsafeBufferPointer<UInt8>, after first: Int) -> Int {
        var place = bytes.count - 1
        while place >= first {
            if bytes[place - 1] == 10, bytes[place] != 10 { return place }
            place -= 1
        }
        return 0
    }

    private static func firstInvalid(_ bytes: ArraySlice<UInt8>) -> Int {
        var decoder = UTF8()
        var (iterator, place) = (bytes.makeIterator(), 0)
        while case .scalarValue(let scalar) = decoder.decode(&iterator) { place += UTF8.width(scalar) }
        return place
    }
}
