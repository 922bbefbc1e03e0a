// SPDX-License-Identifier: Apache-2.0
// Tokens to numbers and back, by a vocabulary.

public import LockstepTensor

/// Gives every token of a vocabulary its number.
///
/// ```swift
/// let tokens = Tokenizer.words.tokens(plays)
/// let numericalize = Numericalize(fitting: tokens, minFrequency: 3, maxVocab: 60_000)
/// numericalize.encode(["the", "king"])       // [9, 312]
/// ```
///
/// The vocabulary begins with the reserved tokens; then come the others, the most frequent first, and of equally frequent
/// ones the first seen. What is not in it has the number of `xxunk`, or the first one's where that is missing. fastai:
/// `Numericalize` and `make_vocab`, without their padding to a multiple of eight.
public struct Numericalize: Hashable, Sendable {
    /// The tokens; a token's number is its place.
    public private(set) var tokens: [String]
    /// The number of every token that has none.
    public private(set) var unknown: Int
    private var numbers: [ExactText: Int]
    private var fitting: Fitting?

    /// What a vocabulary is made by where it is still to be learned.
    private struct Fitting: Hashable {
        let minFrequency: Int, maxVocab: Int, reserved: [String]
    }

    /// A transform that learns its vocabulary from the texts of a pipeline: its training items, as a ``Tokenizer`` leaves them.
    public init(minFrequency: Int = 3, maxVocab: Int = 60_000, reserved: [String] = SpecialToken.all) {
        (tokens, unknown, numbers) = ([], 0, [:])
        fitting = Fitting(minFrequency: minFrequency, maxVocab: maxVocab, reserved: reserved)
    }

    /// A vocabulary of the tokens of texts.
    ///
    /// - Parameters:
    ///   - minFrequency: tokens that occur less often are unknown.
    ///   - maxVocab: the most tokens, reserved ones included.
    ///   - reserved: what the vocabulary begins with.
    public init(
        fitting tokens: some Sequence<String>, minFrequency: Int = 3, maxVocab: Int = 60_000,
        reserved: [String] = SpecialToken.all, file: StaticString = #fileID, line: UInt = #line
    ) {
        var table = TokenTable()
        for token in tokens { table.add(token) }
        self.init(
            table: table, minFrequency: minFrequency, maxVocab: maxVocab, reserved: reserved, file: file, line: line)
    }

    init(
        table: TokenTable, minFrequency: Int, maxVocab: Int, reserved: [String], file: StaticString = #fileID,
        line: UInt = #line
    ) {
        require(
            minFrequency > 0, "Numericalize: minFrequency is \(minFrequency), it counts occurrences", file: file,
            line: line)
        require(maxVocab > 0, "Numericalize: maxVocab is \(maxVocab), at least 1 is needed", file: file, line: line)
        let counts = table.counts
        let order = counts.indices.sorted { (counts[$1], $0) < (counts[$0], $1) }
        let frequent = order.prefix(maxVocab).filter { counts[$0] >= minFrequency }.map { table.tokens[$0] }
        let own = Set(reserved.map(ExactText.init))
        self.init(
            vocabulary: Array((reserved + frequent.filter { !own.contains(ExactText($0)) }).prefix(maxVocab)),
            file: file,
            line: line)
    }

    /// The vocabulary given, in its order.
    /// - Precondition: it is not empty, and no token is in it twice.
    public init(vocabulary: [String], file: StaticString = #fileID, line: UInt = #line) {
        require(!vocabulary.isEmpty, "Numericalize: the vocabulary is empty", file: file, line: line)
        if let twice = Self.firstRepeated(vocabulary) {
            stop("Numericalize: \"\(twice)\" is twice in the vocabulary", file: file, line: line)
        }
        self.init(distinct: vocabulary)
    }

    private init(distinct vocabulary: [String]) {
        tokens = vocabulary
        numbers = Dictionary(uniqueKeysWithValues: zip(vocabulary.lazy.map(ExactText.init), vocabulary.indices))
        unknown = numbers[ExactText(SpecialToken.unknown.rawValue)] ?? 0
    }

    /// The number of tokens.
    public var count: Int { tokens.count }

    /// The number of a token.
    /// - Precondition: there is a vocabulary.
    public func encode(_ token: String) -> Int {
        if let number = numbers[ExactText(token)] { return number }
        require(!tokens.isEmpty, "Numericalize: no vocabulary has been learned yet")
        return unknown
    }

    /// The numbers of tokens.
    public func encode(_ tokens: some Sequence<String>) -> [Int] { tokens.map(encode) }

    /// The tokens of numbers.
    /// - Precondition: every number is a token's.
    public func decode(
        _ numbers: some Sequence<Int>, file: StaticString = #fileID, line: UInt = #line
    ) -> [String] {
        numbers.map { number in
            require(
                tokens.indices.contains(number),
                "Numericalize.decode: there is no token \(number) among \(count)", file: file, line: line)
            return tokens[number]
        }
    }

    private static func firstRepeated(_ vocabulary: [String]) -> String? {
        var seen: Set<ExactText> = []
        return vocabulary.first { !seen.insert(ExactText($0)).inserted }
    }
}

extension Numericalize: Transform {
    /// The classes that numbers stand for.
    public var vocabulary: [String]? { tokens }
    /// What it does on the way to the model.
    public var encodes: [TypedFunction] { [TypedFunction { (tokens: [String]) in Tensor(encode(tokens)) }] }
    /// What it does on the way back to a person.
    public var decodes: [TypedFunction] {
        [
            TypedFunction { (numbers: Tensor) throws -> [String] in
                try numbers.ints.map { number in
                    guard tokens.indices.contains(number) else {
                        throw DataError(.mismatch, file: "Numericalize", "there is no token \(number) among \(count)")
                    }
                    return tokens[number]
                }
            }
        ]
    }

    /// Learns the vocabulary, unless there is one.
    public mutating func setup(_ items: ItemList) throws {
        guard let fitting else { return }
        var table = TokenTable()
        for item in try items.all() {
            guard let tokens = item as? [String] else {
                throw DataError(
                    .mismatch, file: "Numericalize", "an item is a \(type(of: item)), not a list of tokens",
                    remedy: "Put a Tokenizer before it")
            }
            for token in tokens { table.add(token) }
        }
        self = Numericalize(
            table: table, minFrequency: fitting.minFrequency, maxVocab: fitting.maxVocab, reserved: fitting.reserved)
    }
}

extension Numericalize: Codable {
    /// The tokens as an array of strings.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(tokens)
    }

    /// - Throws: `DecodingError` for an empty vocabulary or one with a token twice.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let vocabulary = try container.decode([String].self)
        guard !vocabulary.isEmpty else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "the vocabulary is empty")
        }
        if let twice = Self.firstRepeated(vocabulary) {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "\"\(twice)\" is twice in the vocabulary")
        }
        self.init(distinct: vocabulary)
    }
}

extension Numericalize: Configurable {
    public static let configuration = Configuration(codable: Numericalize.self)
}
