// SPDX-License-Identifier: Apache-2.0
// Which category a word stands for: numbers and booleans that are written otherwise are the same ones.

/// The places of categories by their words.
///
/// A word that is not among them is looked for by what it means: `7.0`, as pandas writes a column of integers that has
/// gaps, is `7`; `true`, `True` and `1` are one boolean. Where two categories mean the same number, only their own words
/// stand for them.
struct CategoryIndex: Hashable, Sendable {
    private let places: [String: Int]
    /// By the number that a word means; absent where two words mean the same.
    private var numbers: [String: Int] = [:]
    private let areNumbers: Bool

    /// - Parameter areNumbers: Whether the words were read as numbers: ` +07 ` is then 7 as well. In text it is a word.
    init(_ vocabulary: [String], places: [String: Int]? = nil, areNumbers: Bool = false) {
        self.places = places ?? vocabulary.places
        self.areNumbers = areNumbers
        let words = vocabulary.enumerated().filter { $1 != Labels.missing }
        let truths = words.map { Self.truth($1) }
        // True, TRUE: two booleans of one meaning are words.
        let areBooleans = !words.isEmpty && !truths.contains(nil) && Set(truths).count == words.count
        var found: [String: [Int]] = [:]
        for (place, word) in words {
            let meaning = areBooleans ? Self.truth(word) : Self.number(word, leniently: areNumbers)
            if let meaning { found[meaning, default: []].append(place) }
        }
        numbers = found.compactMapValues { $0.count == 1 ? $0[0] : nil }
        // Nothing but 0 and 1: what says true and false says these.
        if areBooleans || Set(numbers.keys).isSubset(of: ["0", "1"]), numbers.count == words.count {
            for (word, meaning) in [("false", "0"), ("true", "1")] { numbers[word] = numbers[meaning] }
        }
    }

    /// The place of a category; nil for a word that is none.
    subscript(_ word: String) -> Int? {
        if let place = places[word] { return place }
        if numbers.isEmpty { return nil }
        if let number = Self.number(word, leniently: areNumbers) { return numbers[number] }
        return Self.truth(word).flatMap { numbers[$0 == "1" ? "true" : "false"] }
    }

    private static func truth(_ word: String) -> String? {
        switch word.lowercased() {
        case "true": "1"
        case "false": "0"
        default: nil
        }
    }

    /// One word for each number; nil for what is none.
    private static func number(_ word: String, leniently: Bool) -> String? {
        let bytes = Array(word.utf8)
        let (start, end) = leniently ? CSVNumber.trimmed(bytes, 0, bytes.count) : (0, bytes.count)
        guard leniently || isPlain(bytes) else { return nil }
        if let integer = CSVNumber.integer(bytes, start, end) { return "\(integer)" }
        return CSVNumber.real(bytes, start, end).flatMap { number($0) }
    }

    private static func number(_ value: Double) -> String? {
        // From 2⁵³ on a double stands for several integers.
        if let integer = Int(exactly: value), integer.magnitude < 1 << 53 { return "\(integer)" }
        return value.isFinite ? "\(value)" : nil
    }

    /// Whether text is a number as programs write it: `-7`, `7.0`, but not `007`, `+7` or `7e0`.
    private static func isPlain(_ bytes: [UInt8]) -> Bool {
        let unsigned = bytes.first == UInt8(ascii: "-") ? bytes.dropFirst() : bytes[...]
        let parts = unsigned.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), let whole = parts.first else { return false }
        let areDigits = parts.allSatisfy { !$0.isEmpty && $0.allSatisfy { 0x30...0x39 ~= $0 } }
        return areDigits && (whole.count == 1 || whole.first != UInt8(ascii: "0"))
    }
}

/// As ``CategoryIndex``, which is made only when a word is not among the categories: for few words and many categories.
struct CategoryLookup {
    private let vocabulary: [String]
    private let areNumbers: Bool
    private let places: [String: Int]
    private var index: CategoryIndex?

    init(_ vocabulary: [String], areNumbers: Bool = false) {
        (self.vocabulary, self.areNumbers) = (vocabulary, areNumbers)
        places = vocabulary.places
    }

    /// The place of a category; nil for a word that is none.
    mutating func place(of word: String) -> Int? {
        if let place = places[word] { return place }
        let meanings = index ?? CategoryIndex(vocabulary, places: places, areNumbers: areNumbers)
        index = meanings
        return meanings[word]
    }
}

extension [String] {
    /// Where each word stands first.
    var places: [String: Int] { Dictionary(enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first }) }
}
