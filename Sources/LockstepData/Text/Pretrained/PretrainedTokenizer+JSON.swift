// SPDX-License-Identifier: Apache-2.0
// Reading `tokenizer.json`.

extension PretrainedTokenizer {
    /// The tokenizer that a `tokenizer.json` describes.
    ///
    /// - Parameter file: the name errors carry.
    /// - Throws: `DataError` naming the byte: what is malformed, and what is not known here, by its name.
    public init(json bytes: [UInt8], file: String = "tokenizer.json") throws(DataError) {
        try self.init(json: bytes, file: file, usesScanner: true)
    }

    init(json bytes: [UInt8], file: String, usesScanner: Bool) throws(DataError) {
        var fields = try JSONFields(bytes, "the tokenizer", file: file)
        if let version = try fields.optionalString("version"), version != "1.0" {
            throw fields.error("is of version “\(version)”, known is 1.0", .unsupported)
        }
        let normalizer = try fields.node("normalizer").map { node throws(DataError) in
            try TokenizerFile.normalizer(node, file)
        }
        let preTokenizer = try fields.node("pre_tokenizer").map { node throws(DataError) in
            try TokenizerFile.preTokenizer(node, file)
        }
        let (model, vocabulary) = try TokenizerFile.model(
            fields.needed("model"), isByteLevel: preTokenizer?.endsInBytes ?? false, file)
        let own = TokenIndex(vocabulary.map { (Array($0.token.utf8), $0.number) })
        var added: [AddedToken] = []
        for node in try fields.array("added_tokens") {
            added.append(try TokenizerFile.addedToken(node, own, vocabulary.count, file))
        }
        let processor = try fields.node("post_processor").map { node throws(DataError) in
            try TokenizerFile.postProcessor(node, file)
        }
        let decoder = try fields.node("decoder").map { node throws(DataError) in try TokenizerFile.decoder(node, file) }
        truncation = try fields.node("truncation").map { node throws(DataError) in
            try TokenizerFile.truncation(node, file)
        }
        padding = try fields.node("padding").map { node throws(DataError) in try TokenizerFile.padding(node, file) }
        try fields.finish()
        source = .json(bytes)
        parts = TokenizerParts(
            normalizer: normalizer, preTokenizer: preTokenizer, model: model, postProcessor: processor,
            decoder: decoder, added: added, vocabulary: vocabulary, usesScanner: usesScanner)
    }
}

extension PreTokenizer {
    /// Whether what it leaves are bytes, which the vocabulary writes as letters.
    var endsInBytes: Bool {
        switch self {
        case .byteLevel: true
        case .sequence(let parts): parts.contains { $0.endsInBytes }
        default: false
        }
    }
}

/// Reads the parts of a `tokenizer.json`.
enum TokenizerFile {
    /// How deep sequences may lie in each other.
    static let depth = 8

    /// An object with its type, which is the first thing to know about it.
    static func typed(_ node: JSONNode, _ what: String, _ file: String) throws(DataError) -> (String, JSONFields) {
        var fields = try JSONFields(node, what, file: file)
        let type = try fields.string("type")
        return (type, fields)
    }

    static func unknown(_ type: String, _ what: String, _ fields: JSONFields) -> DataError {
        fields.error("is of type “\(type)”, which is not implemented here", .unsupported)
    }

    /// Members of a sequence.
    static func sequence<Part>(
        _ fields: inout JSONFields, _ key: String, _ depth: Int,
        _ read: (JSONNode) throws(DataError) -> Part
    ) throws(DataError) -> [Part] {
        guard depth < self.depth else { throw fields.error("lies too deep in others", .tooLarge) }
        var parts: [Part] = []
        for node in try fields.array(key) { parts.append(try read(node)) }
        return parts
    }

    /// A pattern that is plain text.
    static func pattern(_ fields: inout JSONFields) throws(DataError) -> [UInt8] {
        var pattern = try JSONFields(fields.needed("pattern"), "the pattern of \(fields.what)", file: fields.file)
        if let regex = try pattern.optionalString("Regex") {
            throw pattern.error("is the regular expression “\(regex)”; only texts are implemented here", .unsupported)
        }
        let text = Array(try pattern.string("String").utf8)
        try pattern.finish()
        guard !text.isEmpty else { throw pattern.error("is empty") }
        return text
    }

    static func addedToken(
        _ node: JSONNode, _ own: TokenIndex, _ count: Int, _ file: String
    ) throws(DataError) -> AddedToken {
        var fields = try JSONFields(node, "an added token", file: file)
        var token = AddedToken(id: try fields.count("id"), content: try fields.string("content"))
        token.isWord = try fields.bool("single_word", or: false)
        token.stripsLeft = try fields.bool("lstrip", or: false)
        token.stripsRight = try fields.bool("rstrip", or: false)
        token.isSpecial = try fields.bool("special", or: false)
        token.isNormalized = try fields.bool("normalized", or: !token.isSpecial)
        try fields.finish()
        if let number = own.number(of: token.content.utf8), number != token.id {
            throw fields.error(
                "“\(token.content)” has number \(token.id), in the vocabulary it has \(number)", .mismatch)
        }
        guard token.id <= largestNumber(of: count) else {
            throw fields.error("“\(token.content)” has number \(token.id), there are \(count) tokens", .tooLarge)
        }
        return token
    }

    static func truncation(_ node: JSONNode, _ file: String) throws(DataError) -> TextTruncation {
        var fields = try JSONFields(node, "the truncation", file: file)
        var result = TextTruncation(maxLength: try fields.count("max_length"))
        result.stride = try fields.count("stride", or: 0)
        result.strategy = try choice(fields.optionalString("strategy"), or: .longestFirst, "strategy", fields)
        result.side = try choice(fields.optionalString("direction"), or: .right, "direction", fields)
        try fields.finish()
        guard result.makesSense else {
            throw fields.error("has a stride of \(result.stride) at a length of \(result.maxLength)")
        }
        return result
    }

    static func padding(_ node: JSONNode, _ file: String) throws(DataError) -> TextPadding {
        var fields = try JSONFields(node, "the padding", file: file)
        var result = TextPadding(id: try fields.count("pad_id", or: 0), typeID: try fields.count("pad_type_id", or: 0))
        let strategy = try fields.needed("strategy")
        if case .string(let name) = strategy.value {
            guard name == "BatchLongest" else { throw fields.error("has the unknown strategy “\(name)”", .unsupported) }
        } else {
            var fixed = try JSONFields(strategy, "the strategy of the padding", file: file)
            let length = try fixed.count("Fixed")
            guard length <= TextPadding.longest else { throw fixed.error("is a length of \(length)", .tooLarge) }
            result.length = length
            try fixed.finish()
        }
        if fields.node("pad_to_multiple_of") != nil {
            let multiple = try fields.count("pad_to_multiple_of")
            guard multiple <= TextPadding.longest else {
                throw fields.error("fills to a multiple of \(multiple)", .tooLarge)
            }
            result.multiple = multiple
        }
        _ = try fields.optionalString("pad_token")
        result.side = try choice(fields.optionalString("direction"), or: .right, "direction", fields)
        try fields.finish()
        return result
    }

    static func choice<Choice: RawRepresentable<String>>(
        _ name: String?, or other: Choice, _ member: String, _ fields: JSONFields
    ) throws(DataError) -> Choice {
        guard let name else { return other }
        guard let choice = Choice(rawValue: name) else {
            throw fields.error("has the \(member) “\(name)”, which is not known here", .unsupported)
        }
        return choice
    }
}

extension TextTruncation {
    /// Whether texts can be cut so.
    var makesSense: Bool { maxLength >= 0 && (0..<max(1, maxLength)).contains(stride) }
}

extension TextPadding {
    /// The most tokens that a file may have texts filled to, or to a multiple of.
    static let longest = 1 << 20

    /// Whether texts can be filled so.
    var makesSense: Bool {
        id >= 0 && typeID >= 0 && [length, multiple].allSatisfy { (0...Self.longest).contains($0 ?? 0) }
    }
}
