// SPDX-License-Identifier: Apache-2.0
// The model of a `tokenizer.json`: its vocabulary and how words are cut by it.

extension TokenizerFile {
    typealias Vocabulary = [(token: String, number: Int)]

    static func model(
        _ node: JSONNode, isByteLevel: Bool, _ file: String
    ) throws(DataError) -> (TokenModel, Vocabulary) {
        var fields = try JSONFields(node, "the model", file: file)
        // Old files leave it out.
        let type = try fields.optionalString("type") ?? (fields.node("merges") != nil ? "BPE" : "WordPiece")
        guard ["WordPiece", "BPE", "WordLevel"].contains(type) else { throw unknown(type, "model", fields) }
        let vocabulary = try vocabulary(&fields)
        let model: TokenModel
        switch type {
        case "WordPiece":
            let prefix = try fields.optionalString("continuing_subword_prefix") ?? "##"
            let longest = try fields.count("max_input_chars_per_word", or: 100)
            model = .wordPiece(
                WordPieceModel(
                    vocabulary: bytes(vocabulary),
                    unknown: try number(of: fields.optionalString("unk_token") ?? "[UNK]", vocabulary, fields),
                    prefix: Array(prefix.utf8), maxScalars: longest))
        case "WordLevel":
            let unknown = try fields.optionalString("unk_token")
            model = .wordLevel(
                TokenIndex(bytes(vocabulary)),
                unknown: try unknown.map { name throws(DataError) in Int32(try number(of: name, vocabulary, fields)) })
        default: model = .bytePair(try bytePair(&fields, vocabulary, isByteLevel: isByteLevel))
        }
        try fields.finish()
        return (model, vocabulary)
    }

    private static func bytes(_ vocabulary: Vocabulary) -> [(bytes: [UInt8], number: Int)] {
        vocabulary.map { (Array($0.token.utf8), $0.number) }
    }

    private static func vocabulary(_ fields: inout JSONFields) throws(DataError) -> Vocabulary {
        let node = try fields.needed("vocab")
        guard case .object(let members) = node.value else { throw fields.error("has a “vocab” that is not an object") }
        return try vocabulary(members, fields.what, fields.file)
    }

    /// Tokens and their numbers, members of an object; `what` is what gives them, for errors.
    static func vocabulary(
        _ members: [(key: String, value: JSONNode)], _ what: String, _ file: String
    ) throws(DataError) -> Vocabulary {
        var result: Vocabulary = []
        result.reserveCapacity(members.count)
        for (token, node) in members {
            let number = try JSONFields.count(node, "the number of “\(token)”", file: file)
            guard number <= largestNumber(of: members.count) else {
                throw DataError(
                    .tooLarge, file: file, at: .byte(node.offset),
                    "\(what) gives “\(token)” number \(number), there are \(members.count) tokens")
            }
            result.append((token, number))
        }
        return result
    }

    /// The largest number that a token may have where there are `count`: a table has a place for every number.
    static func largestNumber(of count: Int) -> Int { 16 * count + 4096 }

    private static func number(
        of token: String, _ vocabulary: Vocabulary, _ fields: JSONFields
    ) throws(DataError) -> Int {
        guard let found = vocabulary.first(where: { $0.token.utf8.elementsEqual(token.utf8) }) else {
            throw fields.error("has the unknown token “\(token)”, which is not in its vocabulary", .mismatch)
        }
        return found.number
    }

    private static func bytePair(
        _ fields: inout JSONFields, _ vocabulary: Vocabulary, isByteLevel: Bool
    ) throws(DataError) -> BytePairModel {
        var options = BytePairModel.Options()
        options.isByteLevel = isByteLevel
        if let name = try fields.optionalString("unk_token") {
            options.unknown = Int32(try number(of: name, vocabulary, fields))
        }
        options.fusesUnknown = try fields.bool("fuse_unk", or: false)
        options.prefix = Array((try fields.optionalString("continuing_subword_prefix") ?? "").utf8)
        options.suffix = Array((try fields.optionalString("end_of_word_suffix") ?? "").utf8)
        options.fallsBackToBytes = try fields.bool("byte_fallback", or: false)
        options.ignoresMerges = try fields.bool("ignore_merges", or: false)
        if isByteLevel, options.fallsBackToBytes || !options.prefix.isEmpty || !options.suffix.isEmpty {
            throw fields.error(
                "has a prefix, a suffix or byte_fallback together with “ByteLevel”, which is not implemented here",
                .unsupported)
        }
        if let dropout = fields.node("dropout") {
            switch dropout.value {
            case .real(0), .integer(0): break
            default: throw fields.error("has “dropout”, which is not implemented here", .unsupported)
            }
        }
        return try BytePairModel.reading(
            vocabulary, merges: try fields.array("merges"), options: options, file: fields.file)
    }
}

extension BytePairModel {
    /// - Parameter merges: `"a b"` or `["a", "b"]` each.
    static func reading(
        _ vocabulary: TokenizerFile.Vocabulary, merges: [JSONNode], options: Options, file: String
    ) throws(DataError) -> BytePairModel {
        var pairs: [(left: [UInt8], right: [UInt8], place: DataError.Place)] = []
        pairs.reserveCapacity(merges.count)
        for node in merges {
            var words: [[UInt8]] = []
            switch node.value {
            case .string(let text):
                words = text.utf8.split(separator: 0x20, omittingEmptySubsequences: false).map { Array($0) }
            case .array(let nodes):
                for node in nodes { words.append(Array(try JSONFields.string(node, "a merge", file: file).utf8)) }
            default: break
            }
            guard words.count == 2 else {
                throw DataError(.malformed, file: file, at: .byte(node.offset), "a merge is not two tokens")
            }
            pairs.append((words[0], words[1], .byte(node.offset)))
        }
        return try make(vocabulary, pairs, options, file)
    }

    /// - Parameter pairs: as files write them; places for errors.
    static func make(
        _ vocabulary: TokenizerFile.Vocabulary, _ pairs: [(left: [UInt8], right: [UInt8], place: DataError.Place)],
        _ options: Options, _ file: String
    ) throws(DataError) -> BytePairModel {
        let written = TokenIndex(vocabulary.map { (Array($0.token.utf8), $0.number) })
        var numbered: [(left: Int, right: Int, result: Int)] = []
        numbered.reserveCapacity(pairs.count)
        for pair in pairs {
            let joined = pair.left + pair.right.dropFirst(options.prefix.count)
            guard let left = written.number(of: pair.left), let right = written.number(of: pair.right),
                let result = written.number(of: joined)
            else {
                throw DataError(
                    .mismatch, file: file, at: pair.place,
                    "the merge “\(text(pair.left)) \(text(pair.right))” is of tokens that are not in the vocabulary")
            }
            numbered.append((left, right, result))
        }
        // Tokens that hold other letters than those for bytes are never made of a text.
        let known: [(bytes: [UInt8], number: Int)] =
            options.isByteLevel
            ? vocabulary.compactMap { entry in ByteAlphabet.bytes(of: entry.token).map { ($0, entry.number) } }
            : vocabulary.map { (Array($0.token.utf8), $0.number) }
        return BytePairModel(vocabulary: known, pairs: numbered, options: options)
    }

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}
