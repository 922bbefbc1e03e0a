// SPDX-License-Identifier: Apache-2.0
// Byte-pair encoding: a word's symbols joined pair by pair, the pair learned first before the others.

/// Joins neighbouring symbols of a word by a list of pairs, always the pair that stands earliest in the list, the leftmost of
/// equal ones. Sennrich et al. (2016); over bytes: Radford et al. (2019).
struct BytePairModel: Sendable {
    /// What does not come from the list of pairs.
    struct Options: Sendable {
        /// What stands for a symbol that the vocabulary lacks; without one it is left out.
        var unknown: Int32?
        /// One token for several unknown symbols in a row.
        var fusesUnknown = false
        /// In front of every symbol but a word's first, and behind the last, when symbols are looked up.
        var prefix: [UInt8] = []
        var suffix: [UInt8] = []
        /// Unknown symbols become tokens like `<0x0A>`.
        var fallsBackToBytes = false
        /// A word that the vocabulary holds is not joined from symbols.
        var ignoresMerges = false
        /// Symbols are bytes, which the vocabulary writes as letters.
        var isByteLevel = false
    }

    /// What a pair becomes.
    private struct Merge { var key: UInt64 = .max, rank: Int32 = 0, result: Int32 = 0 }

    let index: TokenIndex
    let options: Options
    /// The tokens of single bytes, or of `<0x00>` …; −1 where there is none.
    private let byteIDs: [Int32]
    private var merges: [Merge]
    private let shift: UInt64

    /// - Parameter pairs: left and right token and what they become, the first learned first.
    init(
        vocabulary: [(bytes: [UInt8], number: Int)], pairs: [(left: Int, right: Int, result: Int)], options: Options
    ) {
        index = TokenIndex(vocabulary)
        self.options = options
        let (known, isByteLevel) = (index, options.isByteLevel)
        byteIDs = (0..<256).map { byte in
            let digits = String(byte, radix: 16, uppercase: true)
            let name = isByteLevel ? [UInt8(byte)] : Array("<0x\(byte < 16 ? "0" : "")\(digits)>".utf8)
            return Int32(known.number(of: name) ?? -1)
        }
        var bits: UInt64 = 4
        while 1 << bits < pairs.count * 2 { bits += 1 }
        (merges, shift) = (Array(repeating: Merge(), count: 1 << bits), 64 - bits)
        for (rank, pair) in pairs.enumerated() {
            let key = Self.key(Int32(pair.left), Int32(pair.right))
            var place = Self.place(key, shift)
            while merges[place].key != .max && merges[place].key != key { place = (place + 1) & (merges.count - 1) }
            // Of equal pairs the last counts.
            merges[place] = Merge(key: key, rank: Int32(rank), result: Int32(pair.result))
        }
    }

    @inline(__always)
    private static func key(_ left: Int32, _ right: Int32) -> UInt64 {
        UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
    }

    @inline(__always)
    private static func place(_ key: UInt64, _ shift: UInt64) -> Int {
        Int(((key ^ key >> 29) &* 0x9E37_79B9_7F4A_7C15) >> shift)
    }

    /// The rank of a pair, `Int32.max` if it is not in the list, and what it becomes.
    @inline(__always)
    private func merge(_ left: Int32, _ right: Int32) -> (rank: Int32, result: Int32) {
        let key = Self.key(left, right)
        return merges.withUnsafeBufferPointer { merges in
            var place = Self.place(key, shift)
            while true {
                let merge = merges[place]
                if merge.key == key { return (merge.rank, merge.result) }
                if merge.key == .max { return (.max, -1) }
                place = (place + 1) & (merges.count - 1)
            }
        }
    }

    /// Puts the tokens of a word into `parts`, in bytes of the word.
    func encode(_ word: UTF8Bytes, into parts: inout [WordPart]) {
        parts.removeAll(keepingCapacity: true)
        guard !word.isEmpty else { return }
        if options.ignoresMerges, let id = index.number(of: word) {
            return parts.append(WordPart(id: Int32(id), start: 0, end: word.count))
        }
        if options.isByteLevel { byteSymbols(word, into: &parts) } else { symbols(word, into: &parts) }
        if parts.count > 1 { parts.count <= 64 ? joinFew(&parts) : joinMany(&parts) }
    }

    // MARK: Symbols

    private func byteSymbols(_ word: UTF8Bytes, into parts: inout [WordPart]) {
        for (place, byte) in word.enumerated() {
            let id = byteIDs[Int(byte)]
            if id >= 0 {
                parts.append(WordPart(id: id, start: place, end: place + 1))
            } else if let unknown = options.unknown {
                addUnknown(unknown, place, place + 1, to: &parts)
            }
        }
    }

    private func addUnknown(_ unknown: Int32, _ start: Int, _ end: Int, to parts: inout [WordPart]) {
        if options.fusesUnknown, let last = parts.last, last.id == unknown, last.end == start {
            parts[parts.count - 1].end = end
        } else {
            parts.append(WordPart(id: unknown, start: start, end: end))
        }
    }

    private func symbols(_ word: UTF8Bytes, into parts: inout [WordPart]) {
        var place = 0
        var symbol: [UInt8] = []
        while place < word.count {
            let end = place + word.scalar(at: place).width
            symbol.removeAll(keepingCapacity: true)
            if place > 0 { symbol += options.prefix }
            symbol += word[place..<end]
            if end == word.count { symbol += options.suffix }
            if let id = index.number(of: symbol) {
                parts.append(WordPart(id: Int32(id), start: place, end: end))
            } else if options.fallsBackToBytes, symbol.allSatisfy({ byteIDs[Int($0)] >= 0 }) {
                for (number, byte) in symbol.enumerated() {
                    let at = min(place + number, end - 1)
                    parts.append(WordPart(id: byteIDs[Int(byte)], start: at, end: at + 1))
                }
            } else if let unknown = options.unknown {
                addUnknown(unknown, place, end, to: &parts)
            }
            place = end
        }
    }

    // MARK: Joining

    /// Looks through all pairs before each step: the quickest for words as people write them.
    private func joinFew(_ parts: inout [WordPart]) {
        withUnsafeTemporaryAllocation(of: (rank: Int32, result: Int32).self, capacity: parts.count) { pairs in
            parts.withUnsafeMutableBufferPointer { parts in
                var count = parts.count
                for place in 0..<count - 1 { pairs[place] = merge(parts[place].id, parts[place + 1].id) }
                while count > 1 {
                    var best = 0
                    for place in 1..<Swift.max(1, count - 1) where pairs[place].rank < pairs[best].rank { best = place }
                    guard pairs[best].rank < .max else { break }
                    parts[best].id = pairs[best].result
                    parts[best].end = parts[best + 1].end
                    for place in best + 1..<count - 1 {
                        parts[place] = parts[place + 1]
                        pairs[place] = pairs[Swift.min(place + 1, count - 2)]
                    }
                    count -= 1
                    if best > 0 { pairs[best - 1] = merge(parts[best - 1].id, parts[best].id) }
                    if best < count - 1 { pairs[best] = merge(parts[best].id, parts[best + 1].id) }
                }
                for place in count..<parts.count { parts[place].id = -1 }
            }
        }
        while parts.last?.id == -1 { parts.removeLast() }
    }

    /// Keeps the pairs in a heap: a word of a megabyte takes seconds, not days.
    private func joinMany(_ parts: inout [WordPart]) {
        var (next, previous) = (Array(1...parts.count), Array(-1..<parts.count - 1))
        var heap = MergeHeap()
        func push(_ left: Int) {
            let pair = merge(parts[left].id, parts[next[left]].id)
            if pair.rank < .max { heap.push(MergeHeap.Entry(rank: pair.rank, place: left, result: pair.result)) }
        }
        for place in 0..<parts.count - 1 { push(place) }
        while let entry = heap.pop() {
            let left = entry.place
            guard parts[left].id >= 0, next[left] < parts.count else { continue }
            let right = next[left]
            // What stood there when the entry was made may have become something else.
            guard merge(parts[left].id, parts[right].id).result == entry.result else { continue }
            parts[left].id = entry.result
            parts[left].end = parts[right].end
            parts[right].id = -1
            next[left] = next[right]
            if next[left] < parts.count {
                previous[next[left]] = left
                push(left)
            }
            if previous[left] >= 0 { push(previous[left]) }
        }
        parts.removeAll { $0.id < 0 }
    }
}

/// Pairs to join, the smallest rank first and of equal ones the leftmost.
private struct MergeHeap {
    struct Entry {
        let rank: Int32, place: Int, result: Int32
        func comesBefore(_ other: Entry) -> Bool { (rank, place) < (other.rank, other.place) }
    }
    private var entries: [Entry] = []

    mutating func push(_ entry: Entry) {
        entries.append(entry)
        var child = entries.count - 1
        while child > 0, entries[child].comesBefore(entries[(child - 1) / 2]) {
            entries.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func pop() -> Entry? {
        guard let first = entries.first else { return nil }
        let last = entries.removeLast()
        guard !entries.isEmpty else { return first }
        entries[0] = last
        var parent = 0
        while true {
            var child = 2 * parent + 1
            guard child < entries.count else { return first }
            if child + 1 < entries.count, entries[child + 1].comesBefore(entries[child]) { child += 1 }
            guard entries[child].comesBefore(entries[parent]) else { return first }
            entries.swapAt(child, parent)
            parent = child
        }
    }
}
