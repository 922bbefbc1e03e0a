// SPDX-License-Identifier: Apache-2.0
// Tokenizers from files: what is not known is refused by its name, whatever else a file may say.

import Foundation
import LockstepChecks
import LockstepTesting
import Testing

@testable import LockstepData

private func file(_ name: String) throws -> String {
    String(
        decoding: try Data(contentsOf: Reference.folder.appendingPathComponent("tokenizing/\(name).json")),
        as: UTF8.self)
}

private func read(_ json: String) throws -> PretrainedTokenizer {
    try PretrainedTokenizer(json: Array(json.utf8), file: "tokenizer.json")
}

/// A small tokenizer with one part written otherwise.
private func described(_ part: String, _ json: String) -> String {
    var parts = [
        "normalizer": "null", "pre_tokenizer": "null", "post_processor": "null", "decoder": "null",
        "model": #"{"type":"WordLevel","vocab":{"a":0,"b":1},"unk_token":"b"}"#, "padding": "null",
        "truncation": "null",
        "added_tokens": "[]",
    ]
    parts[part] = json
    return "{" + parts.sorted { $0.key < $1.key }.map { "\"\($0.key)\":\($0.value)" }.joined(separator: ",") + "}"
}

@Suite("Tokenizers' files")
struct TokenizerFileTests {
    @Test(
        "what is not implemented is refused by its name, never passed over",
        arguments: [
            ("normalizer", #"{"type":"NFKC"}"#, "NFKC"),
            ("normalizer", #"{"type":"Precompiled","precompiled_charsmap":""}"#, "Precompiled"),
            ("normalizer", #"{"type":"Sequence","normalizers":[{"type":"Nmt"}]}"#, "Nmt"),
            ("normalizer", #"{"type":"Replace","pattern":{"Regex":" {2,}"},"content":" "}"#, " {2,}"),
            ("normalizer", #"{"type":"Lowercase","locale":"tr"}"#, "locale"), ("normalizer", #"{"type":"NFC"}"#, "NFC"),
            ("pre_tokenizer", #"{"type":"Metaspace","replacement":"_","prepend_scheme":"always"}"#, "Metaspace"),
            ("pre_tokenizer", #"{"type":"UnicodeScripts"}"#, "UnicodeScripts"),
            (
                "pre_tokenizer", #"{"type":"Split","pattern":{"Regex":"\\d"},"behavior":"Isolated","invert":false}"#,
                "\\d"
            ),
            ("pre_tokenizer", #"{"type":"Punctuation","behavior":"Somehow"}"#, "Somehow"),
            (
                "pre_tokenizer", #"{"type":"Sequence","pretokenizers":[{"type":"ByteLevel"},{"type":"Digits"}]}"#,
                "ByteLevel"
            ),
            ("post_processor", #"{"type":"Mystery"}"#, "Mystery"),
            ("decoder", #"{"type":"CTC","pad_token":"a"}"#, "CTC"),
            ("model", #"{"type":"Unigram","vocab":[],"unk_id":0}"#, "Unigram"),
            ("model", #"{"type":"BPE","vocab":{"a":0},"merges":[],"dropout":0.1}"#, "dropout"),
            ("model", #"{"type":"WordPiece","vocab":{"a":0},"unk_token":"[UNK]"}"#, "[UNK]"),
            ("model", #"{"type":"BPE","vocab":{"a":0,"b":1},"merges":["a b"]}"#, "a b"),
            ("model", #"{"type":"WordLevel","vocab":{"a":0,"b":999999999}}"#, "999999999"),
            ("padding", #"{"strategy":"Shortest","pad_id":0}"#, "Shortest"),
            ("truncation", #"{"max_length":4,"stride":4}"#, "stride"),
            ("truncation", #"{"max_length":4,"strategy":"Middle"}"#, "Middle"),
            ("added_tokens", #"[{"id":5,"content":"a"}]"#, "5"),
            ("added_tokens", #"[{"id":2,"content":"c","colour":1}]"#, "colour"),
            ("surprise", "1", "surprise"), ("version", "\"2.0\"", "2.0"),
        ])
    func refusals(part: String, json: String, word: String) throws {
        #expect(throws: Never.self) { try read(described("padding", "null")) }
        #expect("\(part) \(json)") { try read(described(part, json)) } throws: { error in
            (error as? DataError)?.description.contains(word) ?? false
        }
    }

    @Test("tokens that only look alike are two tokens")
    func lookAlikes() throws {
        let tokenizer = try read(described("model", "{\"type\":\"WordLevel\",\"vocab\":{\"\u{e9}\":0,\"e\u{301}\":1}}"))
        #expect(try tokenizer.encode("\u{e9}").ids == [0] && tokenizer.encode("e\u{301}").ids == [1])
        #expect(tokenizer.id(of: "e\u{301}") == 1 && tokenizer.id(of: "\u{e9}") == 0)
    }

    @Test("vocab.txt, vocab.json with merges.txt, and a folder give what tokenizer.json gives")
    func vocabularies() throws {
        for name in ["bert", "bert-cased", "gpt2"] {
            let json = try read(file(name))
            let sorted = (0..<json.vocabularySize).map { json.token($0) ?? "" }
            try withTemporaryFolder { url in
                let folder = url.path
                if name == "gpt2" {
                    let whole = try #require(
                        try JSONSerialization.jsonObject(with: Data(try file(name).utf8)) as? [String: Any])
                    let model = try #require(whole["model"] as? [String: Any])
                    let pairs = try #require(model["merges"] as? [[String]])
                    try Files.writeAtomically(
                        [try [UInt8](JSONSerialization.data(withJSONObject: #require(model["vocab"])))],
                        to: "\(folder)/vocab.json")
                    try Files.writeAtomically(
                        [
                            Array(
                                ("#version: 0.2\n" + pairs.map { $0.joined(separator: " ") }.joined(separator: "\n"))
                                    .utf8)
                        ],
                        to: "\(folder)/merges.txt")
                } else {
                    try Files.writeAtomically([Array(sorted.joined(separator: "\n").utf8)], to: "\(folder)/vocab.txt")
                    try Files.writeAtomically(
                        [Array("{\"do_lower_case\": \(name == "bert"), \"model_max_length\": 512}".utf8)],
                        to: "\(folder)/tokenizer_config.json")
                }
                let other = try PretrainedTokenizer.load(folder)
                for text in [
                    "Hello, W\u{f6}rld! It's 3.", "  \u{4f60}\u{597d} [MASK] x<|endoftext|>", "", "caf\u{e9}\tA\r\nB",
                ] {
                    let (a, b) = (try json.encode(text, pair: "b"), try other.encode(text, pair: "b"))
                    #expect(a.ids == b.ids && a.typeIDs == b.typeIDs && json.decode(a.ids) == other.decode(b.ids))
                }
            }
        }
        #expect("no tokenizer") { try PretrainedTokenizer.load("/nowhere/at/all") } throws: {
            "\($0)".contains("tokenizer.json")
        }
        #expect("no [CLS]") { try PretrainedTokenizer.bert(vocabulary: Array("[UNK]\na".utf8)) } throws: {
            "\($0)".contains("[CLS]")
        }
        #expect(throws: DataError.self) { try PretrainedTokenizer.bert(vocabulary: [0x61, 0xFF]) }
    }

    @Test("several texts are filled up to the longest, and a long word takes no time to speak of")
    func batches() throws {
        var tokenizer = try read(file("bert"))
        tokenizer.padding = TextPadding(id: 0)
        let texts = try tokenizer.encode(["a", "a b c", ""])
        #expect(texts.map(\.count) == [5, 5, 5] && texts.map { $0.attentionMask.reduce(0, +) } == [3, 5, 2])
        let long = String(repeating: "ab", count: 100_000)
        #expect(try tokenizer.encode(long).count == 3)
        let bytes = try read(file("gpt2"))
        let cut = try bytes.encode(long)
        #expect(cut.offsets.last?.upperBound == 200_000 && bytes.decode(cut.ids) == long)
    }
}
