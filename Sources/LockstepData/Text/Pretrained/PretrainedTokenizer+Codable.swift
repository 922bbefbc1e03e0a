// SPDX-License-Identifier: Apache-2.0
// A tokenizer in a file of something else: as the files that it was made of, which are read with the same suspicion again.

/// What a tokenizer was made of.
enum TokenizerSource: Sendable {
    case json([UInt8])
    case bert(vocabulary: [UInt8], BertNormalizer)
    case gpt2(vocabulary: [UInt8], merges: [UInt8])
}

/// The files that it was made of, and its truncation and padding.
extension PretrainedTokenizer: Codable {
    private enum CodingKeys: CodingKey {
        case json, vocabulary, merges, truncation, padding
        case cleansText, separatesIdeographs, stripsAccents, lowercases
    }

    /// Writes the tokenizer.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
        switch source {
        case .json(let bytes): try container.encode(text(bytes), forKey: .json)
        case .bert(let vocabulary, let normalizer):
            try container.encode(text(vocabulary), forKey: .vocabulary)
            try container.encode(normalizer.cleansText, forKey: .cleansText)
            try container.encode(normalizer.separatesIdeographs, forKey: .separatesIdeographs)
            try container.encode(normalizer.stripsAccents, forKey: .stripsAccents)
            try container.encode(normalizer.lowercases, forKey: .lowercases)
        case .gpt2(let vocabulary, let merges):
            try container.encode(text(vocabulary), forKey: .vocabulary)
            try container.encode(text(merges), forKey: .merges)
        }
        try container.encodeIfPresent(truncation, forKey: .truncation)
        try container.encodeIfPresent(padding, forKey: .padding)
    }

    /// Reads what `encode(to:)` writes, and refuses what no tokenizer is made of.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        func bytes(_ key: CodingKeys) throws -> [UInt8] { Array(try container.decode(String.self, forKey: key).utf8) }
        do {
            if container.contains(.json) {
                try self.init(json: bytes(.json), file: "its tokenizer.json")
            } else if container.contains(.merges) {
                self = try .gpt2(
                    vocabulary: bytes(.vocabulary), merges: bytes(.merges),
                    files: ("its vocab.json", "its merges.txt"))
            } else {
                var normalizer = BertNormalizer()
                normalizer.cleansText = try container.decode(Bool.self, forKey: .cleansText)
                normalizer.separatesIdeographs = try container.decode(Bool.self, forKey: .separatesIdeographs)
                normalizer.stripsAccents = try container.decode(Bool.self, forKey: .stripsAccents)
                normalizer.lowercases = try container.decode(Bool.self, forKey: .lowercases)
                self = try .bert(vocabulary: bytes(.vocabulary), normalizer, file: "its vocab.txt")
            }
        } catch let error as DataError {
            throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "\(error)"))
        }
        truncation = try container.decodeIfPresent(TextTruncation.self, forKey: .truncation)
        padding = try container.decodeIfPresent(TextPadding.self, forKey: .padding)
        guard truncation?.makesSense ?? true, padding?.makesSense ?? true else {
            throw DecodingError.dataCorrupted(
                .init(
                    codingPath: decoder.codingPath,
                    debugDescription: "texts are cut or filled in a way that makes no sense"))
        }
    }
}
