// SPDX-License-Identifier: Apache-2.0
// WordPiece: a word as the longest pieces of a vocabulary, from left to right.

/// Cuts words into the longest pieces that a vocabulary has, greedily from the left; pieces after the first are marked with a
/// prefix. A word of which a piece is missing is unknown as a whole. Schuster and Nakajima (2012), as in BERT.
struct WordPieceModel: Sendable {
    let whole: TokenIndex
    /// The tokens with the prefix, without it.
    let continuing: TokenIndex
    let unknown: Int32
    /// A longer word, in scalars, is unknown.
    let maxScalars: Int

    init(vocabulary: [(bytes: [UInt8], number: Int)], unknown: Int, prefix: [UInt8], maxScalars: Int) {
        whole = TokenIndex(vocabulary)
        continuing = TokenIndex(
            vocabulary.filter { $0.bytes.starts(with: prefix) }.map {
                (Array($0.bytes.dropFirst(prefix.count)), $0.number)
            })
        (self.unknown, self.maxScalars) = (Int32(unknown), maxScalars)
    }

    /// Puts the pieces of a word of `scalars` scalars into `parts`, in bytes of the word.
    @inline(__always)
    func encode(_ word: UTF8Bytes, scalars: Int, into parts: inout [WordPart]) {
        guard let base = word.baseAddress, !word.isEmpty else { return }
        parts.removeAll(keepingCapacity: true)
        guard scalars <= maxScalars else { return parts.append(WordPart(id: unknown, start: 0, end: word.count)) }
        // Most words are in the vocabulary.
        if word.count <= whole.longest {
            var hash = TokenIndex.Hash()
            for byte in word { hash.add(byte) }
            let found = whole.find(base, word.count, hash)
            if found >= 0 { return parts.append(WordPart(id: found, start: 0, end: word.count)) }
        }
        cut(word, base, into: &parts)
    }

    /// The pieces of a word that is not in the vocabulary.
    func cut(_ word: UTF8Bytes, _ base: UnsafePointer<UInt8>, into parts: inout [WordPart]) {
        let room = max(whole.longest, continuing.longest) + 1
        withUnsafeTemporaryAllocation(of: TokenIndex.Hash.self, capacity: room) { hashes in
            var start = 0
            while start < word.count {
                let index = start == 0 ? whole : continuing
                let limit = min(index.longest, word.count - start)
                var hash = TokenIndex.Hash()
                for length in 0..<limit {
                    hash.add(base[start + length])
                    hashes[length + 1] = hash
                }
                var length = limit
                var found: Int32 = -1
                while length > 0 {
                    found = index.find(base + start, length, hashes[length])
                    if found >= 0 { break }
                    length -= 1
                }
                guard found >= 0 else {
                    parts.removeAll(keepingCapacity: true)
                    return parts.append(WordPart(id: unknown, start: 0, end: word.count))
                }
                parts.append(WordPart(id: found, start: start, end: start + length))
                start += length
            }
        }
    }
}
