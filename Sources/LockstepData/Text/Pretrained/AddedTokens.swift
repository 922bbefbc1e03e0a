// SPDX-License-Identifier: Apache-2.0
// Tokens that are found in a text as they stand, before it is cut: `[MASK]`, `<|endoftext|>`.

/// A token that is looked for in the text itself.
struct AddedToken: Sendable {
    var id: Int
    var content: String
    /// Only where no word character stands next to it.
    var isWord = false
    /// Takes the white space before it, behind it.
    var stripsLeft = false
    var stripsRight = false
    /// Looked for in the changed text, and not in the original.
    var isNormalized = false
    /// Left out of what ids are turned back into, where asked.
    var isSpecial = false
}

/// Finds tokens of a list in a text: from left to right, of those that begin at one place the longest.
struct AddedTokenFinder: Sendable {
    private let tokens: [(bytes: [UInt8], token: AddedToken)]
    /// The places in `tokens` of those that begin with each byte, the longest first.
    private let byFirst: [[Int]]
    let isEmpty: Bool

    /// - Parameter tokens: what to look for, and what it is to be found as.
    init(_ tokens: [(bytes: [UInt8], token: AddedToken)]) {
        let used = tokens.filter { !$0.bytes.isEmpty }
        var byFirst = [[Int]](repeating: [], count: 256)
        for place in used.indices { byFirst[Int(used[place].bytes[0])].append(place) }
        for byte in byFirst.indices { byFirst[byte].sort { used[$0].bytes.count > used[$1].bytes.count } }
        (self.tokens, self.byFirst, isEmpty) = (used, byFirst, used.isEmpty)
    }

    /// The parts of a text: tokens that were found, and what lies between them.
    func parts(of bytes: UTF8Bytes) -> [(range: Range<Int>, id: Int?)] {
        if isEmpty { return bytes.isEmpty ? [] : [(0..<bytes.count, nil)] }
        let table = UnicodeTable.shared
        func has(_ classes: UnicodeTable.Classes, at place: Int) -> Bool {
            table.classes(of: bytes.scalar(at: place).scalar).contains(classes)
        }
        var (result, rest, place): ([(Range<Int>, Int?)], Int, Int) = ([], 0, 0)
        while let (found, match) = next(in: bytes, from: place) {
            var (start, end) = (found, found + match.bytes.count)
            place = end
            let token = match.token
            if token.isWord {
                let isFree =
                    (start == 0 || !has(.word, at: bytes.scalarStart(before: start)))
                    && (end == bytes.count || !has(.word, at: end))
                guard isFree else { continue }
            }
            if token.stripsLeft {
                while start > rest, has(.space, at: bytes.scalarStart(before: start)) {
                    start = bytes.scalarStart(before: start)
                }
            }
            if token.stripsRight {
                while end < bytes.count, has(.space, at: end) { end += bytes.scalar(at: end).width }
            }
            if rest < start { result.append((rest..<start, nil)) }
            result.append((start..<end, token.id))
            rest = end
            place = max(place, end)
        }
        if rest < bytes.count { result.append((rest..<bytes.count, nil)) }
        return result
    }

    private func next(in bytes: UTF8Bytes, from start: Int) -> (Int, (bytes: [UInt8], token: AddedToken))? {
        byFirst.withUnsafeBufferPointer { byFirst in
            for place in start..<max(start, bytes.count) {
                for number in byFirst[Int(bytes[place])] {
                    let wanted = tokens[number].bytes
                    if wanted.count <= bytes.count - place, bytes[place..<place + wanted.count].elementsEqual(wanted) {
                        return (place, tokens[number])
                    }
                }
            }
            return nil
        }
    }
}
