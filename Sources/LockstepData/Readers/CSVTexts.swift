// SPDX-License-Identifier: Apache-2.0
// A column of text: each distinct text is held once, and every row says which it is.

/// The texts of a column, one per row; equal ones share their memory.
public struct CSVTexts: RandomAccessCollection, Sendable, Equatable {
    /// The distinct texts in the order in which they occur first. Two may be spellings of one text that Unicode takes for equal.
    public let words: [String]
    /// Of every row, which of ``words`` it has.
    public let codes: CSVValues<Int32>

    init(words: [String], codes: CSVValues<Int32>) { (self.words, self.codes) = (words, codes) }

    /// The same texts.
    public init(_ texts: some Sequence<String>) {
        var table = WordTable()
        var words: [String] = []
        codes = CSVValues(
            texts.map { text in
                var text = text
                let (code, isNew) = text.withUTF8 { table.code(of: UnsafeRawBufferPointer($0)) }
                if isNew { words.append(text) }
                return code
            })
        self.words = words
    }

    /// The first row: 0.
    public var startIndex: Int { 0 }
    /// The number of rows.
    public var endIndex: Int { codes.count }
    /// The text of a row.
    public subscript(_ row: Int) -> String { words[Int(codes[row])] }
}

extension CSVTexts: ExpressibleByArrayLiteral {
    /// The same texts.
    public init(arrayLiteral texts: String...) { self.init(texts) }
}

/// Numbers for distinct runs of bytes, from 0 in the order in which they are asked for.
struct WordTable {
    /// The bytes of all words, one after the other, and where each ends.
    private var bytes: [UInt8] = []
    private var ends: [Int] = []
    private var hashes: [Int] = []
    /// Open addressing: a word's number, or -1.
    private var slots = [Int32](repeating: -1, count: 64)

    /// The number of a word, and whether it is new.
    mutating func code(of word: UnsafeRawBufferPointer) -> (code: Int32, isNew: Bool) {
        // Seeded anew in every process: no file can make all words collide.
        var hasher = Hasher()
        hasher.combine(bytes: word)
        let hash = hasher.finalize()
        var slot = hash & (slots.count - 1)
        while slots[slot] >= 0 {
            let code = Int(slots[slot])
            if hashes[code] == hash, isEqual(code, word) { return (slots[slot], false) }
            slot = (slot + 1) & (slots.count - 1)
        }
        let code = Int32(ends.count)
        slots[slot] = code
        bytes.append(contentsOf: word)
        ends.append(bytes.count)
        hashes.append(hash)
        if 2 * ends.count > slots.count { grow() }
        return (code, true)
    }

    private func isEqual(_ code: Int, _ word: UnsafeRawBufferPointer) -> Bool {
        let start = code == 0 ? 0 : ends[code - 1]
        return bytes.withUnsafeBytes { UnsafeRawBufferPointer(rebasing: $0[start..<ends[code]]).elementsEqual(word) }
    }

    private mutating func grow() {
        slots = [Int32](repeating: -1, count: 2 * slots.count)
        for code in hashes.indices {
            var slot = hashes[code] & (slots.count - 1)
            while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
            slots[slot] = Int32(code)
        }
    }
}
