// SPDX-License-Identifier: Apache-2.0
// A text as it is changed on its way to a tokenizer, which remembers where each byte came from.

/// Valid UTF-8, and for each byte the bytes of the original text that its character came from.
struct AlignedText {
    private(set) var bytes: [UInt8]
    /// Where the bytes come from; nil as long as they are those of the original from `base` on.
    private var origins: [Range<Int>]?
    private let base: Int

    /// Bytes of the original, which begin at its byte `base`.
    init(_ bytes: UTF8Bytes, base: Int) { (self.bytes, self.base) = (Array(bytes), base) }

    /// Where in the original the characters of which `range` holds bytes come from.
    func origin(of range: Range<Int>) -> Range<Int> {
        if let origins {
            guard !range.isEmpty else {
                let place = range.lowerBound < origins.count ? origins[range.lowerBound].lowerBound : base
                return place..<place
            }
            let (first, last) = (origins[range.lowerBound].lowerBound, origins[range.upperBound - 1].upperBound)
            return first..<max(first, last)
        }
        var (start, end) = (range.lowerBound, range.upperBound)
        while start < bytes.count, bytes[start] & 0xC0 == 0x80 { start -= 1 }
        while end < bytes.count, bytes[end] & 0xC0 == 0x80 { end += 1 }
        return base + start..<base + end
    }

    /// The part in a range of bytes.
    func part(_ range: Range<Int>) -> AlignedText {
        var part = bytes.withUnsafeBufferPointer { AlignedText($0.part(range), base: base + range.lowerBound) }
        part.origins = origins.map { Array($0[range]) }
        return part
    }

    /// Puts what `change` emits for each scalar in its place.
    mutating func map(_ change: (_ scalar: UInt32, _ emit: (UInt32) -> Void) -> Void) {
        var (changed, places): ([UInt8], [Range<Int>]) = ([], [])
        changed.reserveCapacity(bytes.count)
        places.reserveCapacity(bytes.count)
        forEachScalar { scalar, range in
            let origin = origin(of: range)
            change(scalar) {
                forEachByte(of: $0) {
                    changed.append($0)
                    places.append(origin)
                }
            }
        }
        (bytes, origins) = (changed, places)
    }

    /// Brings each run of combining marks into canonical order. Where they come from keeps its order, as in the package: the
    /// first of them from where the first was, and so on.
    mutating func order(_ table: UnicodeTable) {
        var (changed, places): ([UInt8], [Range<Int>]) = ([], [])
        // Whether a mark is the first scalar that its original character has become.
        var run: [(scalar: UInt32, rank: UInt8, isFirst: Bool)] = []
        var (waiting, used): ([Range<Int>], Int) = ([], 0)
        var (before, current) = (0..<0, 0..<0)
        func put(_ scalar: UInt32, isFirst: Bool) {
            if isFirst, used < waiting.count {
                current = waiting[used]
                used += 1
            }
            forEachByte(of: scalar) {
                changed.append($0)
                places.append(current)
            }
        }
        func flush() {
            // A stable order.
            for item in run.enumerated().sorted(by: { ($0.element.rank, $0.offset) < ($1.element.rank, $1.offset) }) {
                put(item.element.scalar, isFirst: item.element.isFirst)
            }
            run.removeAll(keepingCapacity: true)
            if used == waiting.count { (waiting, used) = ([], 0) }
        }
        forEachScalar { scalar, range in
            let (rank, origin) = (table.combiningClass(of: scalar), origin(of: range))
            if rank == 0 { flush() }
            if origin != before { waiting.append(origin) }
            run.append((scalar, rank, origin != before))
            before = origin
            if rank == 0 { flush() }
        }
        flush()
        (bytes, origins) = (changed, places)
    }

    /// Puts `text` in front of the bytes at each of `places`, rising; it comes from the character that follows.
    mutating func insert(_ text: [UInt8], at places: [Int]) {
        var (changed, origins): ([UInt8], [Range<Int>]) = ([], [])
        var place = 0
        for end in places + [bytes.count] {
            changed += bytes[place..<end]
            origins += (place..<end).map { origin(of: $0..<$0 + 1) }
            if place <= end, end < bytes.count {
                changed += text
                origins += Array(repeating: origin(of: end..<end + 1), count: text.count)
            }
            place = end
        }
        (bytes, self.origins) = (changed, origins)
    }

    /// Puts `text` in place of each `pattern`, from left to right; it comes from the last character of what it replaces.
    mutating func replace(_ pattern: [UInt8], by text: [UInt8]) {
        guard !pattern.isEmpty else { return }
        var (changed, origins): ([UInt8], [Range<Int>]) = ([], [])
        var place = 0
        while place < bytes.count {
            if bytes[place...].starts(with: pattern) {
                changed += text
                let end = place + pattern.count
                origins += Array(repeating: origin(of: end - 1..<end), count: text.count)
                place = end
            } else {
                changed.append(bytes[place])
                origins.append(origin(of: place..<place + 1))
                place += 1
            }
        }
        (bytes, self.origins) = (changed, origins)
    }

    /// Keeps the bytes in `range` only.
    mutating func keep(_ range: Range<Int>) { self = part(range) }

    /// Calls `body` with each scalar and the bytes it takes.
    func forEachScalar(_ body: (_ scalar: UInt32, _ range: Range<Int>) -> Void) {
        bytes.withUnsafeBufferPointer { bytes in
            var place = 0
            while place < bytes.count {
                let (scalar, width) = bytes.scalar(at: place)
                body(scalar, place..<place + width)
                place += width
            }
        }
    }
}
