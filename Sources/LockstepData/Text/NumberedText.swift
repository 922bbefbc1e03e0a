// SPDX-License-Identifier: Apache-2.0
// A text as it is read: each token the number of its place among the different ones.

import LockstepTensor

/// The tokens of a text, in one pass over it that holds a piece of it at a time: about a mebibyte, or a line of words that is longer.
struct NumberedText {
    /// The different tokens, in the order in which each was first seen.
    let table: TokenTable
    /// The place in the table of each token.
    let numbers: TokenNumbers

    /// - Parameters:
    ///   - name: what errors call the text.
    ///   - read: calls what it is given with the text's bytes, a piece at a time.
    /// - Throws: `DataError`: what `read` throws; not UTF-8; no room for the numbers.
    init(
        name: String, tokenizer: Tokenizer,
        _ read: ((UnsafeRawBufferPointer) throws(DataError) -> Void) throws(DataError) -> Void
    ) throws(DataError) {
        // What is mended lies in one line.
        var pieces = TextPieces(unit: tokenizer.mendsHTML ? .words : tokenizer.unit)
        var (stream, table) = (TokenStream(tokenizer), TokenTable())
        let numbers = TokenNumbers.Builder()
        var places: [UInt32] = []
        func take(_ piece: String) {
            guard tokenizer.unit == .characters else { return stream.take(piece) { numbers.append(table.add($0)) } }
            let piece = tokenizer.mended(piece)
            if places.count < piece.utf8.count { places = Array(repeating: 0, count: piece.utf8.count) }
            places.withUnsafeMutableBufferPointer { places in
                guard let base = places.baseAddress else { return }
                numbers.append(UnsafeBufferPointer(start: base, count: table.add(charactersOf: piece, to: base)))
            }
        }
        func refuse(_ invalid: TextPieces.Invalid) -> DataError {
            DataError(
                .malformed, file: name, at: .byte(invalid.place), "is not UTF-8 text",
                remedy: "Convert it, for example with iconv -t UTF-8")
        }
        try read { (bytes) throws(DataError) in
            do throws(TextPieces.Invalid) { try pieces.add(bytes, take) } catch { throw refuse(error) }
        }
        do throws(TextPieces.Invalid) { try pieces.finish(take) } catch { throw refuse(error) }
        stream.finish { numbers.append(table.add($0)) }
        self.table = table
        self.numbers = try numbers.finish()
    }

    /// The vocabulary of the first `count` tokens.
    func vocabulary(
        ofFirst count: Int, minFrequency: Int, maxVocab: Int, reserved: [String], file: StaticString, line: UInt
    ) -> Numericalize {
        var table = table
        numbers.forEach(in: count..<numbers.count) { table.counts[$0] -= 1 }
        return Numericalize(
            table: table, minFrequency: minFrequency, maxVocab: maxVocab, reserved: reserved, file: file, line: line)
    }
}
