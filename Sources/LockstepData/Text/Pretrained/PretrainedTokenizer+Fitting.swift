// SPDX-License-Identifier: Apache-2.0
// A tokenizer for a network that is trained from scratch: whole words of the texts at hand, in the format of pretrained ones.

extension PretrainedTokenizer {
    /// A tokenizer whose tokens are the words of `texts`, lower-cased and without accents, as BERT's cuts them; others are unknown.
    ///
    /// ```swift
    /// let tokenizer = try PretrainedTokenizer.words(of: ["a good film", "a bad film"], minFrequency: 1)
    /// print(tokenizer.vocabularySize)      // 8: four words and [PAD], [UNK], [CLS], [SEP]
    /// ```
    /// - Parameters:
    ///   - minFrequency: words that occur less often are unknown.
    ///   - maxVocabulary: the most words; of equally frequent ones those that sort first by their bytes.
    /// - Throws: `DataError` where the texts are larger than memory.
    public static func words(
        of texts: [String], minFrequency: Int = 2, maxVocabulary: Int = 20_000
    ) throws(DataError) -> PretrainedTokenizer {
        var table = WordTable()
        var (words, counts): ([[UInt8]], [Int]) = ([], [])
        for text in texts {
            var text = text
            text.withUTF8 { bytes in
                var aligned = AlignedText(bytes, base: 0)
                BertNormalizer().apply(to: &aligned)
                var pieces = [0..<aligned.bytes.count]
                PreTokenizer.bert.cut(&aligned, &pieces)
                aligned.bytes.withUnsafeBytes { all in
                    for piece in pieces where !piece.isEmpty {
                        let word = UnsafeRawBufferPointer(rebasing: all[piece])
                        let (code, isNew) = table.code(of: word)
                        if isNew {
                            words.append(Array(word))
                            counts.append(0)
                        }
                        counts[Int(code)] += 1
                    }
                }
            }
        }
        let kept = words.indices.filter { counts[$0] >= minFrequency }.sorted {
            counts[$0] == counts[$1] ? words[$0].lexicographicallyPrecedes(words[$1]) : counts[$0] > counts[$1]
        }
        return try PretrainedTokenizer(
            json: wordLevel(kept.prefix(maxVocabulary).map { String(decoding: words[$0], as: UTF8.self) }),
            file: "the words of the texts")
    }

    /// The `tokenizer.json` of a vocabulary of words.
    private static func wordLevel(_ words: [String]) -> [UInt8] {
        let special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
        let added = special.enumerated().map { number, token in
            "{\"id\":\(number),\"content\":\"\(token)\",\"single_word\":false,\"lstrip\":false,\"rstrip\":false,"
                + "\"normalized\":false,\"special\":true}"
        }
        // Cut by BERT's rules no word has a bracket inside.
        let vocabulary = (special + words).enumerated().map { "\(jsonString($1)):\($0)" }
        func piece(_ kind: String, _ id: String, _ type: Int) -> String {
            "{\"\(kind)\":{\"id\":\"\(id)\",\"type_id\":\(type)}}"
        }
        let single = [
            piece("SpecialToken", "[CLS]", 0), piece("Sequence", "A", 0), piece("SpecialToken", "[SEP]", 0),
        ]
        let pair = single + [piece("Sequence", "B", 1), piece("SpecialToken", "[SEP]", 1)]
        let tokens = [("[CLS]", 2), ("[SEP]", 3)].map {
            "\"\($0)\":{\"id\":\"\($0)\",\"ids\":[\($1)],\"tokens\":[\"\($0)\"]}"
        }
        func list(_ parts: [String]) -> String { "[" + parts.joined(separator: ",") + "]" }
        let json = """
            {"version":"1.0","truncation":null,"padding":null,"added_tokens":\(list(added)),
            "normalizer":{"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":true,"strip_accents":null,"lowercase":true},
            "pre_tokenizer":{"type":"BertPreTokenizer"},
            "post_processor":{"type":"TemplateProcessing","single":\(list(single)),"pair":\(list(pair)),
            "special_tokens":{\(tokens.joined(separator: ","))}},
            "decoder":null,
            "model":{"type":"WordLevel","vocab":{\(vocabulary.joined(separator: ",\n"))},"unk_token":"[UNK]"}}
            """
        return Array(json.utf8)
    }
}
