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
        let options = TextOptions(
            tokenizer: tokenizer, blockLength: blockLength, batchSize: batchSize, validFraction: validFraction,
            carriesState: carriesState, minFrequency: minFrequency, maxVocab: maxVocab, seed: seed, file: file,
            line: line)
        return try options.data(name: path) { (take) throws(DataError) in try Files.forEachPiece(of: path, take) }
    }

    /// Loaders over the blocks of a text in memory, as ``text(path:tokenizer:blockLength:batchSize:validFraction:carriesState:minFrequency:maxVocab:seed:file:line:)``.
    ///
    /// - Parameter name: what errors call the text.
    public static func text(
        _ text: String, name: String = "text", tokenizer: Tokenizer = .characters, blockLength: Int = 64,
        batchSize: Int = 64, validFraction: Double = 0.1, carriesState: Bool = false, minFrequency: Int? = nil,
        maxVocab: Int = 60_000, seed: UInt64 = 42, file: StaticString = #fileID, line: UInt = #line
    ) throws -> TextData {
        let options = TextOptions(
            tokenizer: tokenizer, blockLength: blockLength, batchSize: batchSize, validFraction: validFraction,
            carriesState: carriesState, minFrequency: minFrequency, maxVocab: maxVocab, seed: seed, file: file,
            line: line)
        return try options.data(name: name) { (take) throws(DataError) in
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 1)
            defer { buffer.deallocate() }
            var rest = text.utf8[...]
            while !rest.isEmpty {
                let piece = rest.prefix(buffer.count)
                buffer.copyBytes(from: piece)
                try take(UnsafeRawBufferPointer(rebasing: buffer[..<piece.count]))
                rest = rest[piece.endIndex...]
            }
        }
    }
}

/// What the loaders of a text are made by.
private struct TextOptions {
    let tokenizer: Tokenizer
    let blockLength: Int, batchSize: Int
    let validFraction: Double
    let carriesState: Bool
    let minFrequency: Int?
    let maxVocab: Int
    let seed: UInt64
    let file: StaticString, line: UInt

    /// The text that `read` gives in pieces, cut into tokens once.
    func data(
        name: String, _ read: ((UnsafeRawBufferPointer) throws(DataError) -> Void) throws(DataError) -> Void
    ) throws(DataError) -> TextData {
        require(
            validFraction >= 0 && validFraction < 1,
            "DataLoaders.text: a validFraction of \(validFraction) is not in 0 ..< 1", file: file, line: line)
        require(
            batchSize > 0, "DataLoaders.text: batchSize is \(batchSize), at least 1 is needed", file: file, line: line)
        let text = try NumberedText(name: name, tokenizer: tokenizer, read)
        let count = text.numbers.count
        let cut = count - Int((validFraction * Double(count)).rounded())
        let numericalize = text.vocabulary(
            ofFirst: cut, minFrequency: minFrequency ?? (tokenizer.unit == .words ? 3 : 1), maxVocab: maxVocab,
            reserved: tokenizer.reserved, file: file, line: line)
        let tokens = numericalize.encode(text.table.tokens).map(Int32.init)
        let arrangement = carriesState ? LanguageModelDataset.Arrangement.streams(batchSize) : .blocks
        let encoding = TextEncoding(tokenizer: tokenizer, numericalize: numericalize)
        var train = LanguageModelDataset(
            text.numbers, 0..<cut, meaning: tokens, blockLength: blockLength, arrangement: arrangement, shiftSeed: seed,
            file: file, line: line)
        var valid = LanguageModelDataset(
            text.numbers, cut..<count, meaning: tokens, blockLength: blockLength, arrangement: arrangement,
            shiftSeed: nil, file: file, line: line)
        for (part, data, needed) in [("training", train, 1), ("validation", valid, validFraction > 0 ? 1 : 0)]
        where data.count < needed {
            throw DataError(
                .mismatch, file: name,
                "the \(part) part of its \(count) \(tokenizer.unit) is too short for blocks of \(blockLength)"
                    + (carriesState ? " in \(batchSize) rows" : ""),
                remedy: "Use a longer text, or a smaller blockLength")
        }
        (train.encoding, valid.encoding) = (encoding, encoding)
        let loaders = DataLoaders(
            validFraction > 0 ? [train, valid] : [train], batchSize: batchSize, shuffle: !carriesState, dropLast: true,
            seed: seed, file: file, line: line)
        return TextData(
            loaders: loaders, encoding: encoding,
            tokenCounts: (cut, count - cut))
    }
}
