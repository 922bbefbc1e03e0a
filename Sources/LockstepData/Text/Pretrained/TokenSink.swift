// SPDX-License-Identifier: Apache-2.0
// Where tokens of one text are put while it is cut.

/// The numbers of tokens and where each lies in the text, in bytes.
struct TokenSink {
    var ids: [Int] = []
    var offsets: [Range<Int>] = []

    @inline(__always)
    mutating func add(_ id: Int32, _ start: Int, _ end: Int) {
        ids.append(Int(id))
        offsets.append(unsafe(start, end))
    }

    /// Takes back what was added after there were `count`.
    @inline(__always)
    mutating func cut(to count: Int) {
        ids.removeLast(ids.count - count)
        offsets.removeLast(offsets.count - count)
    }

    @inline(__always)
    private func unsafe(_ start: Int, _ end: Int) -> Range<Int> { Range(uncheckedBounds: (start, max(start, end))) }
}

/// A piece of a word, in bytes of the word.
struct WordPart {
    var id: Int32
    var start: Int
    var end: Int
}
