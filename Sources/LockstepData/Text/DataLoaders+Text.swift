// SPDX-License-Identifier: Apache-2.0
// Loaders of a text file for language models.

import LockstepTensor

/// A text made ready for training a language model.
public struct TextData: CustomStringConvertible {
    /// Training and, if a part is held out, validation.
    public let loaders: DataLoaders
    /// Text to tokens and back; its vocabulary is that of the training part.
    public let encoding: TextEncoding
    /// Tokens in the training and in the validation part.
    public let tokenCounts: (train: Int, valid: Int)

    public var description: String {
        let unit = encoding.tokenizer.unit
        return "text         \(tokenCounts.train) \(unit) to train on, \(tokenCounts.valid) held out at the end\n"
            + "vocabulary   \(encoding.count) \(unit)"
    }
}

extension DataLoaders {
    /// Loaders over the blocks of the UTF-8 text at `path`; the last part of it is for validation.
    ///
    /// Batches are int64 `[batchSize, blockLength]`, targets the same one token later. The vocabulary is made of the training
    /// part. See ``LanguageModelDataset`` for what a batch holds and why ranks may share it.
    ///
    /// - Parameters:
    ///   - validFraction: the part of the tokens, from the end, kept for validation.
    ///   - carriesState: whether a batch continues the one before, for recurrent models that carry their state.
    ///   - seed: decides the order of the blocks and where each epoch's first begins.
    /// - Throws: `DataError` naming the file: unreadable, not UTF-8, or too short for a block in each part.
    public static func text(
        path: String, tokenizer: Tokenizer = .characters, blockLength: Int = 64, batchSize: Int = 64,
        validFraction: Double = 0.1, carriesState: Bool = false, minFrequency: Int? = nil, maxVocab: Int = 60_000,
        seed: UInt64 = 42, file: StaticString = #fileID, line: UInt = #line
    ) throws -> TextData {
        let bytes = try Files.read(path)
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw DataError(
                .malformed, file: path, at: .byte(firstInvalid(bytes)), "is not UTF-8 text",
                remedy: "Convert it, for example with iconv -t UTF-8")
        }
        return try Self.text(
            text, name: path, tokenizer: tokenizer, blockLength: blockLength, batchSize: batchSize,
            validFraction: validFraction, carriesState: carriesState, minFrequency: minFrequency, maxVocab: maxVocab,
            seed: seed, file: file, line: line)
    }

    /// Loaders over the blocks of a text in memory, as ``text(path:tokenizer:blockLength:batchSize:validFraction:carriesState:minFrequency:maxVocab:seed:file:line:)``.
    ///
    /// - Parameter name: what errors call the text.
    public static func text(
        _ text: String, name: String = "text", tokenizer: Tokenizer = .characters, blockLength: Int = 64,
        batchSize: Int = 64, validFraction: Double = 0.1, carriesState: Bool = false, minFrequency: Int? = nil,
        maxVocab: Int = 60_000, seed: UInt64 = 42, file: StaticString = #fileID, line: UInt = #line
    ) throws -> TextData {
        require(
            validFraction >= 0 && validFraction < 1,
            "DataLoaders.text: a validFraction of \(validFraction) is not in 0 ..< 1", file: file, line: line)
        require(
            batchSize > 0, "DataLoaders.text: batchSize is \(batchSize), at least 1 is needed", file: file, line: line)
        // The text is cut into tokens once; places among the different ones are numbers already, only not the final ones.
        var table = TokenTable()
        var places: [Int] = []
        tokenizer.forEachToken(in: text) { places.append(table.add($0)) }
        let cut = places.count - Int((validFraction * Double(places.count)).rounded())
        for place in places[cut...] { table.counts[place] -= 1 }
        let numericalize = Numericalize(
            table: table, minFrequency: minFrequency ?? (tokenizer.unit == .words ? 3 : 1), maxVocab: maxVocab,
            reserved: tokenizer.reserved, file: file, line: line)
        let numbers = numericalize.encode(table.tokens)
        let arrangement = carriesState ? LanguageModelDataset.Arrangement.streams(batchSize) : .blocks
        let train = LanguageModelDataset(
            places[..<cut].map { numbers[$0] }, blockLength: blockLength, arrangement: arrangement, shiftSeed: seed,
            file: file, line: line)
        let valid = LanguageModelDataset(
            places[cut...].map { numbers[$0] }, blockLength: blockLength, arrangement: arrangement, file: file,
            line: line)
        for (part, data, needed) in [("training", train, 1), ("validation", valid, validFraction > 0 ? 1 : 0)]
        where data.count < needed {
            throw DataError(
                .mismatch, file: name,
                "the \(part) part of its \(places.count) \(tokenizer.unit) is too short for blocks of \(blockLength)"
                    + (carriesState ? " in \(batchSize) rows" : ""),
                remedy: "Use a longer text, or a smaller blockLength")
        }
        let loaders = DataLoaders(
            validFraction > 0 ? [train, valid] : [train], batchSize: batchSize, shuffle: !carriesState, dropLast: true,
            seed: seed, file: file, line: line)
        return TextData(
            loaders: loaders, encoding: TextEncoding(tokenizer: tokenizer, numericalize: numericalize),
            tokenCounts: (cut, places.count - cut))
    }

    /// The place of the first byte that is not UTF-8.
    private static func firstInvalid(_ bytes: [UInt8]) -> Int {
        var decoder = UTF8()
        var (iterator, place) = (bytes.makeIterator(), 0)
        while case .scalarValue(let scalar) = decoder.decode(&iterator) { place += UTF8.width(scalar) }
        return place
    }
}
