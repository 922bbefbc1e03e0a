// SPDX-License-Identifier: Apache-2.0
// What tokenizers of the Hugging Face kind think of every Unicode scalar: classes, lower case, decompositions.

/// Properties of scalars as the `tokenizers` package has them, which mixes versions of Unicode: it was asked about each of
/// them (`Tests/Reference/unicode.py`).
struct UnicodeTable: Sendable {
    /// What a scalar is, a bit each.
    struct Classes: OptionSet, Sendable {
        let rawValue: UInt16
        /// What BERT's cleaning takes out.
        static let control = Classes(rawValue: 1)
        static let space = Classes(rawValue: 2)
        /// A CJK ideograph, a word of its own for BERT.
        static let ideograph = Classes(rawValue: 4)
        /// A nonspacing mark, as BERT's stripping of accents knows them.
        static let accent = Classes(rawValue: 8)
        static let punctuation = Classes(rawValue: 16)
        static let letter = Classes(rawValue: 32)
        static let number = Classes(rawValue: 64)
        /// `\w` of a regular expression.
        static let word = Classes(rawValue: 128)
        /// Any mark.
        static let mark = Classes(rawValue: 256)
        static let digit = Classes(rawValue: 512)
        /// Has a lower case or a decomposition: looked up elsewhere.
        static let changes = Classes(rawValue: 1024)
    }

    private var pages: [UInt16]
    private var classes: [UInt16]
    /// A scalar's lower case, where it is one scalar.
    private var lower: [UInt32: UInt32] = [:]
    private var longLower: [UInt32: [UInt32]] = [:]
    /// Full canonical decompositions, without Hangul's.
    private var decompositions: [UInt32: [UInt32]] = [:]
    /// Canonical combining classes that are not 0.
    private var combining: [UInt32: UInt8] = [:]

    static let shared = UnicodeTable()

    private init() {
        // Where scalars of other classes begin.
        var runs: [(start: Int, bits: UInt16)] = [(0, 0)]
        // The resource is part of the program.
        let text = (try? Gzip.decompress(PackageResources.unicode_txt_gz, file: "unicode.txt.gz")) ?? []
        for line in text.split(separator: UInt8(ascii: "\n")) {
            let parts = line.dropFirst(2).split(separator: UInt8(ascii: " ")).map {
                String(decoding: $0, as: UTF8.self)
            }
            let numbers = parts.map { UInt32($0, radix: 16) ?? 0 }
            switch line.first {
            case UInt8(ascii: "c"): runs.append((Int(numbers[0]), UInt16(numbers[1])))
            case UInt8(ascii: "l"):
                let (step, delta) = (Int(parts[2]) ?? 1, Int(parts[3]) ?? 0)
                for scalar in stride(from: Int(numbers[0]), through: Int(numbers[1]), by: step) {
                    lower[UInt32(scalar)] = UInt32(scalar + delta)
                }
            case UInt8(ascii: "m"): longLower[numbers[0]] = Array(numbers.dropFirst())
            case UInt8(ascii: "o"):
                let (step, value) = (Int(parts[2]) ?? 1, UInt8(parts[3]) ?? 0)
                for scalar in stride(from: Int(numbers[0]), through: Int(numbers[1]), by: step) {
                    combining[UInt32(scalar)] = value
                }
            default: decompositions[numbers[0]] = Array(numbers.dropFirst())
            }
        }
        var changing: [Int: [Int]] = [:]
        for list in [Array(lower.keys), Array(longLower.keys), Array(decompositions.keys), Array(combining.keys)] {
            for scalar in list { changing[Int(scalar) >> 8, default: []].append(Int(scalar) & 255) }
        }
        var known: [[UInt16]: UInt16] = [:]
        (pages, classes) = ([], [])
        var run = 0
        for page in 0..<0x1100 {
            var block = [UInt16](repeating: 0, count: 256)
            for place in block.indices {
                let scalar = page << 8 | place
                while run + 1 < runs.count, runs[run + 1].start <= scalar { run += 1 }
                block[place] = runs[run].bits
                if (0xAC00..<0xD7A4).contains(scalar) { block[place] |= Classes.changes.rawValue }
            }
            for place in changing[page] ?? [] { block[place] |= Classes.changes.rawValue }
            if known[block] == nil {
                known[block] = UInt16(classes.count / 256)
                classes += block
            }
            pages.append(known[block] ?? 0)
        }
    }

    /// What `scalar` is.
    /// - Precondition: it is below 0x110000.
    @inline(__always)
    func classes(of scalar: UInt32) -> Classes {
        Classes(rawValue: classes[Int(pages[Int(scalar >> 8)]) << 8 | Int(scalar & 255)])
    }

    /// Calls `body` with each scalar of the lower case.
    @inline(__always)
    func forEachLower(of scalar: UInt32, _ body: (UInt32) -> Void) {
        guard classes(of: scalar).contains(.changes) else { return body(scalar) }
        if let long = longLower[scalar] { return long.forEach(body) }
        body(lower[scalar] ?? scalar)
    }

    /// Calls `body` with each scalar of the full canonical decomposition.
    func forEachDecomposed(of scalar: UInt32, _ body: (UInt32) -> Void) {
        if (0xAC00..<0xD7A4).contains(scalar) {
            let place = scalar - 0xAC00
            body(0x1100 + place / 588)
            body(0x1161 + place % 588 / 28)
            if place % 28 > 0 { body(0x11A7 + place % 28) }
        } else if let parts = decompositions[scalar] {
            parts.forEach(body)
        } else {
            body(scalar)
        }
    }

    /// The canonical combining class.
    func combiningClass(of scalar: UInt32) -> UInt8 { combining[scalar] ?? 0 }
}
