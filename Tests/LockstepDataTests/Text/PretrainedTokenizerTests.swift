// SPDX-License-Identifier: Apache-2.0
// Tokenizers of pretrained models against the `tokenizers` package: Tests/Reference/tokenizing.py wrote what is compared.

import Foundation
import LockstepChecks
import LockstepTesting
import Testing

@testable import LockstepData

/// What the package made of texts with one tokenizer.
private struct Golden: Decodable {
    struct Text: Decodable {
        var text: String?
        var texts: [String]?
        var plain: Bool?
        var ids: [Int], types: [Int], mask: [Int], special: [Int], offsets: [Int]
    }
    struct Length: Decodable {
        struct Padding: Decodable {
            var length: Int?, pad_id: Int?, pad_type_id: Int?, direction: String?, pad_to_multiple_of: Int?
        }
        var length: Int, strategy: String, direction: String, stride: Int, padding: Padding, texts: [String]
        var fails: Bool?
        var ids: [Int]?, types: [Int]?, mask: [Int]?, special: [Int]?, offsets: [Int]?
        var overflowing: [Text]?
    }
    let sentences: [Text], pairs: [Text], lengths: [Length], decoded: [[String]], checksums: [String]
}

private let folder = Reference.folder.appendingPathComponent("tokenizing")
private let names = ["bert", "bert-cased", "gpt2", "roberta", "words"]

private func file(_ name: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: folder.appendingPathComponent(name + ".json")))
}

private func golden(_ name: String) throws -> Golden {
    try JSONDecoder().decode(
        Golden.self, from: Data(contentsOf: folder.appendingPathComponent(name + ".golden.json")))
}

/// The lists of a text, as the golden values have them.
private func lists(_ text: TokenizedText) -> [[Int]] {
    [
        text.ids, text.typeIDs, text.attentionMask, text.specialTokensMask,
        text.offsets.flatMap { [$0.lowerBound, $0.upperBound] },
    ]
}

@Suite("Tokenizers of pretrained models")
struct PretrainedTokenizerTests {
    @Test("sentences have the numbers, types, masks and offsets of the package", arguments: names)
    func sentences(name: String) throws {
        for usesScanner in [true, false] {
            let tokenizer = try PretrainedTokenizer(json: file(name), file: name, usesScanner: usesScanner)
            let golden = try golden(name)
            for (text, decoded) in zip(golden.sentences, golden.decoded) {
                let found = try tokenizer.encode(text.text ?? "")
                #expect(
                    lists(found) == [text.ids, text.types, text.mask, text.special, text.offsets],
                    "\(name): \(text.text ?? "")")
                #expect(tokenizer.decode(found.ids).utf8.elementsEqual(decoded[0].utf8), "\(text.text ?? "")")
                #expect(
                    tokenizer.decode(found.ids, skipsSpecialTokens: false).utf8.elementsEqual(decoded[1].utf8),
                    "\(text.text ?? "")")
            }
            for pair in golden.pairs {
                let texts = try #require(pair.texts)
                let found = try tokenizer.encode(
                    texts[0], pair: texts[1], addsSpecialTokens: !(pair.plain ?? false))
                #expect(lists(found) == [pair.ids, pair.types, pair.mask, pair.special, pair.offsets], "\(texts)")
            }
        }
    }

    @Test("10,000 generated lines have the package's checksums", arguments: names)
    func generatedLines(name: String) throws {
        let golden = try golden(name)
        let lines = generated(10_000, seed: 7)
        for usesScanner in name.hasPrefix("bert") ? [true, false] : [true] {
            let tokenizer = try PretrainedTokenizer(json: file(name), file: name, usesScanner: usesScanner)
            var wrong: [Int] = []
            for (number, checksum) in golden.checksums.enumerated() {
                var value: UInt64 = 0xcbf2_9ce4_8422_2325
                for line in lines[number * 20..<number * 20 + 20] {
                    let found = try tokenizer.encode(line)
                    for number in [found.count] + found.ids + lists(found)[4] {
                        value = (value ^ UInt64(number)) &* 0x100_0000_01b3
                    }
                }
                let digits = String(value, radix: 16)
                if String(repeating: "0", count: 16 - digits.count) + digits != checksum { wrong.append(number) }
            }
            #expect(
                wrong.isEmpty, "\(name): lines of the groups \(wrong.prefix(20)) of 20 differ (\(wrong.count) groups)")
        }
    }

    @Test("texts are cut and filled as there, and refused where only a short one may be cut", arguments: names)
    func lengths(name: String) throws {
        var tokenizer = try PretrainedTokenizer(json: file(name), file: name)
        for wanted in try golden(name).lengths {
            let strategy: [String: TextTruncation.Strategy] = [
                "longest_first": .longestFirst, "only_first": .onlyFirst, "only_second": .onlySecond,
            ]
            tokenizer.truncation = TextTruncation(
                maxLength: wanted.length, strategy: try #require(strategy[wanted.strategy]), stride: wanted.stride,
                side: wanted.direction == "left" ? .left : .right)
            let filling = wanted.padding
            tokenizer.padding =
                filling.length == nil && filling.pad_to_multiple_of == nil
                ? nil
                : TextPadding(
                    id: filling.pad_id ?? 0, typeID: filling.pad_type_id ?? 0, length: filling.length,
                    multiple: filling.pad_to_multiple_of, side: filling.direction == "left" ? .left : .right)
            let pair = wanted.texts.count > 1 ? wanted.texts[1] : nil
            guard wanted.fails == nil else {
                #expect(throws: DataError.self) { try tokenizer.encode(wanted.texts[0], pair: pair) }
                continue
            }
            let found = try tokenizer.encode(wanted.texts[0], pair: pair)
            #expect(
                lists(found)
                    == [wanted.ids, wanted.types, wanted.mask, wanted.special, wanted.offsets].map { $0 ?? [] },
                "\(wanted)")
            if pair == nil {
                #expect(
                    found.overflowing.map(lists)
                        == wanted.overflowing?.map { [$0.ids, $0.types, $0.mask, $0.special, $0.offsets] }, "\(wanted)")
            }
        }
    }
}

// MARK: Lines as Tests/Reference/tokenizing.py makes them

private func generated(_ count: Int, seed: UInt64) -> [String] {
    var random = SplitMix64(seed: seed)
    func below(_ n: Int) -> Int { Int(random.next() % UInt64(n)) }
    return (0..<count).map { _ in
        var text = String.UnicodeScalarView()
        for _ in 0..<below(10) {
            let kind = below(kinds.count + 1)
            for _ in 0..<1 + below(7) {
                var scalar: Int
                if kind == kinds.count {
                    scalar = below(0x110000)
                    if (0xD800..<0xE000).contains(scalar) { scalar = 0x20 }
                } else {
                    let (first, last) = kinds[kind][below(kinds[kind].count)]
                    scalar = first + below(last - first + 1)
                }
                text.append(Unicode.Scalar(UInt32(scalar)) ?? " ")
            }
            text.append(contentsOf: gaps[below(gaps.count)].unicodeScalars)
        }
        return String(text)
    }
}

private let kinds: [[(Int, Int)]] = [
    [(0x61, 0x7A)], [(0x61, 0x7A)], [(0x41, 0x5A), (0x61, 0x7A)], [(0x30, 0x39)], [(0x21, 0x7E)],
    [(0xC0, 0x17F)], [(0x61, 0x7A), (0x300, 0x36F)], [(0x370, 0x3FF)], [(0x400, 0x52F)],
    [(0x5D0, 0x5EA), (0x591, 0x5C7)], [(0x600, 0x6FF)], [(0x900, 0x97F)], [(0xE01, 0xE5B)], [(0x1E00, 0x1FFF)],
    [(0x2000, 0x206F)], [(0x20A0, 0x20CF)], [(0x2100, 0x23FF)], [(0x3040, 0x30FF)],
    [(0x4E00, 0x4FFF), (0x3000, 0x301F)], [(0xAC00, 0xAFFF)], [(0xF900, 0xFAFF)], [(0xFB00, 0xFB4F)],
    [(0xFF00, 0xFFEF)], [(0x1F300, 0x1F6FF), (0x200D, 0x200D), (0xFE0F, 0xFE0F)], [(0x0, 0x20)], [(0x80, 0xA0)],
    [(0x1D400, 0x1D7FF)], [(0x20000, 0x2000F), (0x2F800, 0x2F80F)], [(0x8D0, 0x903)], [(0x1100, 0x11FF)],
]

private let gaps = [
    " ", " ", " ", " ", "  ", "\t", "\n", "\r\n", "\u{a0}", "\u{3000}", "", "\u{200b}", " [MASK] ", "[SEP]", "<mask>",
    "<s>", "'s ", "'ll", " don't ", "...", "-", " 3.14,", "\u{2028}",
]
