// SPDX-License-Identifier: Apache-2.0
// Tests of long texts as they are read: pieces, numbers in few bytes, what does not fit in memory.

import LockstepTesting
import Testing

@testable import LockstepData

@Suite("Long texts") struct TokenNumbersTests {
    private static let run = TokenNumbers.runLength

    /// `count` numbers, of which every run has larger ones.
    private static func numbers(_ count: Int) -> [Int] {
        (0..<count).map { [200, 60_000, 2_000_000_000, 7][$0 / run % 4] - ($0 &* 2_654_435_761) % 7 }
    }

    @Test("numbers of one, two and four bytes come back, in memory and from a disk")
    func roundTrip() throws {
        for count in [0, 1, Self.run - 1, Self.run, Self.run + 1, 3 * Self.run + 5] {
            let wanted = Self.numbers(count)
            for limit in [0, 2 * Self.run, Int.max] {
                let builder = TokenNumbers.Builder(memoryLimit: limit)
                for number in wanted { builder.append(number) }
                let numbers = try builder.finish()
                #expect(numbers.count == count)
                var found: [Int] = []
                found.reserveCapacity(count)
                numbers.forEach(in: 0..<count) { found.append($0) }
                #expect(found == wanted, "\(count) numbers, \(limit) bytes of memory")
                // Across the border of two runs.
                let part = max(0, min(Self.run, count) - 3)..<min(Self.run + 3, count)
                var some: [Int] = []
                numbers.forEach(in: part) { some.append($0) }
                #expect(some == Array(wanted[part]))
            }
        }
    }

    @Test("a disk that does not take them is named, with a remedy") func noDisk() {
        let builder = TokenNumbers.Builder(memoryLimit: 0, folder: "/nowhere")
        builder.append(1)
        let error = dataError { try builder.finish() }
        #expect(error?.code == .unwritable && error?.file == "/nowhere")
        #expect(error?.description.hasSuffix("Set TMPDIR to a folder with room") == true)
    }

    private static let text =
        "Don't\n'stop' 3.14\n.5 ÀÉ ÀÉ\n\n\n\nwww wow wow\nwow wow 你好你好 e\u{301} &amp;\n<br />\n<br />&lt;b\\n\n!!!!\n!!! The THE the\r\nrock'\n'n'\n 😀😀😀 end"

    @Test(
        "pieces of any size give the tokens of the whole",
        arguments: [
            Tokenizer.characters, .words, Tokenizer(.words, usesRules: false), Tokenizer(.characters, mendsHTML: true),
        ])
    func pieces(tokenizer: Tokenizer) throws {
        let whole = tokenizer.tokens(Self.text)
        let bytes = Array(Self.text.utf8)
        for size in [1, 2, 3, 7, 16, bytes.count] {
            let text = try NumberedText(name: "text", tokenizer: tokenizer) { (take) throws(DataError) in
                for start in stride(from: 0, to: bytes.count, by: size) {
                    try Self.give(Array(bytes[start..<min(start + size, bytes.count)]), take)
                }
            }
            var tokens: [String] = []
            text.numbers.forEach(in: 0..<text.numbers.count) { tokens.append(text.table.tokens[$0]) }
            #expect(tokens.map { Array($0.utf8) } == whole.map { Array($0.utf8) }, "pieces of \(size)")
        }
    }

    @Test(
        "bytes that are not UTF-8 are found where they are, in pieces of any size",
        arguments: [Tokenizer.characters, .words])
    func invalid(tokenizer: Tokenizer) {
        let cases: [([UInt8], Int)] = [
            (Array("Tschü\nx".utf8) + [0xFF, 0x41], 8), (Array("ab\n".utf8) + [0xE4, 0xBD], 3), ([0x80], 0),
            (Array("a".utf8) + [0xC0, 0x80], 1), (Array("x\ny".utf8) + [0xED, 0xA0, 0x80, 0x0A, 0x41], 3),
        ]
        for (bytes, place) in cases {
            for size in [1, 2, 3, bytes.count] {
                let error = dataError {
                    try NumberedText(name: "file", tokenizer: tokenizer) { (take) throws(DataError) in
                        for start in stride(from: 0, to: bytes.count, by: size) {
                            try Self.give(Array(bytes[start..<min(start + size, bytes.count)]), take)
                        }
                    }
                }
                #expect(error?.code == .malformed && error?.place == .byte(place), "\(bytes) \(size)")
            }
        }
    }

    private static func give(
        _ bytes: [UInt8], _ take: (UnsafeRawBufferPointer) throws(DataError) -> Void
    ) throws(DataError) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
        defer { buffer.deallocate() }
        buffer.copyBytes(from: bytes)
        try take(UnsafeRawBufferPointer(buffer))
    }

    @Test("characters that Unicode calls equivalent are different tokens, as in Python") func equivalent() throws {
        let text = String(repeating: "\u{C5}\u{212B}e\u{301}\u{E9}\u{2126}\u{3A9}", count: 40)
        let data = try DataLoaders.text(text, blockLength: 8, batchSize: 2)
        let encoding = data.encoding
        #expect(encoding.count == 8)
        #expect(Array(encoding.decode(encoding.encode(text)).utf8) == Array(text.utf8))
    }
}
