// SPDX-License-Identifier: Apache-2.0
// Tokenizers from files: `tokenizer.json`, and the vocabulary files of BERT and GPT-2.

extension PretrainedTokenizer {
    /// The tokenizer at `path`: a `tokenizer.json`, a `vocab.txt` of BERT's, or a model's folder with one of them, or with
    /// GPT-2's `vocab.json` and `merges.txt`.
    ///
    /// A `vocab.txt` says nothing of case: beside it, `tokenizer_config.json` is asked for `do_lower_case`,
    /// `tokenize_chinese_chars` and `strip_accents`, without which texts are lower-cased.
    /// - Throws: `DataError` naming the file, and what in it is not known here.
    public static func load(_ path: String) throws(DataError) -> PretrainedTokenizer {
        if path.hasSuffix(".txt") { return try bert(path) }
        if path.hasSuffix(".json") { return try PretrainedTokenizer(json: Files.read(path), file: path) }
        let (json, text) = ("\(path)/tokenizer.json", "\(path)/vocab.txt")
        if Files.exists(json) { return try PretrainedTokenizer(json: Files.read(json), file: json) }
        if Files.exists(text) { return try bert(text) }
        let (vocabulary, merges) = ("\(path)/vocab.json", "\(path)/merges.txt")
        if Files.exists(vocabulary), Files.exists(merges) {
            return try gpt2(
                vocabulary: Files.read(vocabulary), merges: Files.read(merges), files: (vocabulary, merges))
        }
        throw DataError(
            .unreadable, file: path, "holds no tokenizer.json, no vocab.txt, and no vocab.json with merges.txt",
            remedy: "Give the folder that the model's files lie in")
    }

    private static func bert(_ path: String) throws(DataError) -> PretrainedTokenizer {
        var normalizer = BertNormalizer()
        let config = "\(path.dropLast(path.split(separator: "/").last?.count ?? 0))tokenizer_config.json"
        if Files.exists(config) {
            var fields = try JSONFields(Files.read(config), "the configuration", file: config)
            normalizer.lowercases = try fields.bool("do_lower_case", or: true)
            normalizer.separatesIdeographs = try fields.bool("tokenize_chinese_chars", or: true)
            normalizer.stripsAccents = try fields.bool("strip_accents", or: normalizer.lowercases)
        }
        return try bert(vocabulary: Files.read(path), normalizer, file: path)
    }

    /// BERT's tokenizer with the vocabulary of a `vocab.txt`, a token a line.
    ///
    /// - Parameters:
    ///   - lowercases: whether case and accents are taken away, as the uncased models expect it.
    ///   - file: the name errors carry.
    /// - Throws: `DataError` where it is not UTF-8, or lacks `[UNK]`, `[CLS]` or `[SEP]`.
    public static func bert(
        vocabulary: [UInt8], lowercases: Bool = true, file: String = "vocab.txt"
    ) throws(DataError) -> PretrainedTokenizer {
        var normalizer = BertNormalizer()
        (normalizer.lowercases, normalizer.stripsAccents) = (lowercases, lowercases)
        return try bert(vocabulary: vocabulary, normalizer, file: file)
    }

    static func bert(
        vocabulary bytes: [UInt8], _ normalizer: BertNormalizer, file: String
    ) throws(DataError) -> PretrainedTokenizer {
        let lines = try lines(bytes, file)
        let vocabulary = lines.enumerated().map { (token: trimmed($1), number: $0) }
        let index = TokenIndex(vocabulary.map { (Array($0.token.utf8), $0.number) })
        func number(_ token: String) throws(DataError) -> Int {
            if let number = index.number(of: token.utf8) { return number }
            throw DataError(
                .mismatch, file: file, "lacks the token \(token)", remedy: "Is it the vocabulary of a BERT?")
        }
        let (unknown, start, end) = (try number("[UNK]"), try number("[CLS]"), try number("[SEP]"))
        var added: [AddedToken] = []
        for name in ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] {
            guard let id = index.number(of: name.utf8) else { continue }
            added.append(AddedToken(id: id, content: name, isSpecial: true))
        }
        let single: [PostProcessor.Piece] = [
            .special(ids: [start], typeID: 0), .text(isSecond: false, typeID: 0), .special(ids: [end], typeID: 0),
        ]
        let model = WordPieceModel(
            vocabulary: vocabulary.map { (Array($0.token.utf8), $0.number) }, unknown: unknown,
            prefix: Array("##".utf8), maxScalars: 100)
        return PretrainedTokenizer(
            source: .bert(vocabulary: bytes, normalizer),
            parts: TokenizerParts(
                normalizer: .bert(normalizer), preTokenizer: .bert, model: .wordPiece(model),
                postProcessor: .template(
                    single: single,
                    pair: single + [.text(isSecond: true, typeID: 1), .special(ids: [end], typeID: 1)]),
                decoder: .wordPiece(prefix: "##", cleansUp: true), added: added, vocabulary: vocabulary))
    }

    /// GPT-2's tokenizer with the vocabulary of a `vocab.json` and the pairs of a `merges.txt`.
    ///
    /// - Parameter files: the names errors carry.
    /// - Throws: `DataError` where one is malformed, or a pair's tokens are not in the vocabulary.
    public static func gpt2(
        vocabulary bytes: [UInt8], merges: [UInt8], files: (String, String) = ("vocab.json", "merges.txt")
    ) throws(DataError) -> PretrainedTokenizer {
        try Room.require(bytes.count * 48, for: "the vocabulary cannot be read", file: files.0)
        var scanner = JSONScanner(bytes, base: 0, file: files.0)
        guard case .object(let members) = try scanner.document().value else {
            throw DataError(.malformed, file: files.0, "is not a JSON object of tokens and their numbers")
        }
        let vocabulary = try TokenizerFile.vocabulary(members, "the vocabulary", files.0)
        var pairs: [(left: [UInt8], right: [UInt8], place: DataError.Place)] = []
        for (place, line) in try lines(merges, files.1).enumerated() where !line.isEmpty {
            if line.hasPrefix("#version") { continue }
            let words = line.utf8.split(separator: 0x20, omittingEmptySubsequences: false)
            guard words.count == 2 else {
                throw DataError(.malformed, file: files.1, at: .line(place + 1), "“\(line)” is not two tokens")
            }
            pairs.append((Array(words[0]), Array(words[1]), .line(place + 1)))
        }
        var options = BytePairModel.Options()
        options.isByteLevel = true
        let model = try BytePairModel.make(vocabulary, pairs, options, files.1)
        let end = vocabulary.first { $0.token == "<|endoftext|>" }
        return PretrainedTokenizer(
            source: .gpt2(vocabulary: bytes, merges: merges),
            parts: TokenizerParts(
                normalizer: nil, preTokenizer: .byteLevel(addsPrefixSpace: false, usesPattern: true),
                model: .bytePair(model), postProcessor: .trimOffsets(addsPrefixSpace: false), decoder: .byteLevel,
                added: end.map { [AddedToken(id: $0.number, content: $0.token, isSpecial: true)] } ?? [],
                vocabulary: vocabulary))
    }

    private static func lines(_ bytes: [UInt8], _ file: String) throws(DataError) -> [String] {
        try Room.require(bytes.count * 32, for: "the vocabulary cannot be read", file: file)
        var result: [String] = []
        var lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
        if lines.last?.isEmpty ?? false { lines.removeLast() }
        for line in lines {
            guard let text = String(validating: line.last == 0x0D ? line.dropLast() : line, as: UTF8.self) else {
                throw DataError(.malformed, file: file, at: .line(result.count + 1), "is not UTF-8 text")
            }
            result.append(text)
        }
        return result
    }

    /// Without white space at the end, as the package reads lines.
    private static func trimmed(_ line: String) -> String {
        var scalars = line.unicodeScalars
        while let last = scalars.last, UnicodeTable.shared.classes(of: last.value).contains(.space) {
            scalars.removeLast()
        }
        return String(scalars)
    }

    private init(source: TokenizerSource, parts: TokenizerParts) {
        (self.source, self.parts, truncation, padding) = (source, parts, nil, nil)
    }
}
