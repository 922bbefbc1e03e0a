// SPDX-License-Identifier: Apache-2.0
// The steps of a `tokenizer.json` before and after its model.

extension TokenizerFile {
    static func normalizer(_ node: JSONNode, _ file: String, depth: Int = 0) throws(DataError) -> TextNormalizer {
        var (type, fields) = try typed(node, "the normalizer", file)
        let result: TextNormalizer
        switch type {
        case "BertNormalizer":
            var bert = BertNormalizer()
            bert.cleansText = try fields.bool("clean_text", or: true)
            bert.separatesIdeographs = try fields.bool("handle_chinese_chars", or: true)
            bert.lowercases = try fields.bool("lowercase", or: true)
            bert.stripsAccents = try fields.bool("strip_accents", or: bert.lowercases)
            result = .bert(bert)
        case "Sequence":
            result = .sequence(
                try sequence(&fields, "normalizers", depth) { node throws(DataError) in
                    try normalizer(node, file, depth: depth + 1)
                })
        case "Lowercase": result = .lowercase
        case "StripAccents": result = .stripAccents
        case "NFD": result = .decompose
        case "Strip":
            result = .strip(
                left: try fields.bool("strip_left", or: true), right: try fields.bool("strip_right", or: true))
        case "Replace": result = .replace(try pattern(&fields), by: Array(try fields.string("content").utf8))
        case "Prepend": result = .prepend(Array(try fields.string("prepend").utf8))
        default: throw unknown(type, "normalizer", fields)
        }
        try fields.finish()
        return result
    }

    static func preTokenizer(_ node: JSONNode, _ file: String, depth: Int = 0) throws(DataError) -> PreTokenizer {
        var (type, fields) = try typed(node, "the pre_tokenizer", file)
        let result: PreTokenizer
        switch type {
        case "BertPreTokenizer": result = .bert
        case "Whitespace": result = .whitespace
        case "WhitespaceSplit": result = .whitespaceSplit
        case "Punctuation":
            result = .punctuation(try choice(fields.optionalString("behavior"), or: .isolated, "behavior", fields))
        case "Digits": result = .digits(individual: try fields.bool("individual_digits", or: false))
        case "CharDelimiterSplit":
            let delimiter = scalars(try fields.string("delimiter"))
            guard delimiter.count == 1 else { throw fields.error("has a delimiter that is not one character") }
            result = .delimiter(delimiter[0])
        case "Split":
            result = .split(
                try pattern(&fields), try choice(fields.string("behavior"), or: .removed, "behavior", fields),
                invert: try fields.bool("invert", or: false))
        case "ByteLevel":
            // What it says about offsets is for the post-processor.
            _ = try fields.bool("trim_offsets", or: true)
            result = .byteLevel(
                addsPrefixSpace: try fields.bool("add_prefix_space", or: true),
                usesPattern: try fields.bool("use_regex", or: true))
        case "Sequence":
            let parts = try sequence(&fields, "pretokenizers", depth) { node throws(DataError) in
                try preTokenizer(node, file, depth: depth + 1)
            }
            // After it there are letters for bytes, which others would cut differently.
            if parts.dropLast().contains(where: \.endsInBytes) {
                throw fields.error("has steps after “ByteLevel”, which is not implemented here", .unsupported)
            }
            result = .sequence(parts)
        default: throw unknown(type, "pre_tokenizer", fields)
        }
        try fields.finish()
        return result
    }

    static func postProcessor(_ node: JSONNode, _ file: String, depth: Int = 0) throws(DataError) -> PostProcessor {
        var (type, fields) = try typed(node, "the post_processor", file)
        let result: PostProcessor
        switch type {
        case "TemplateProcessing": result = try template(&fields)
        case "BertProcessing":
            let (sep, cls) = (try pair(&fields, "sep"), try pair(&fields, "cls"))
            let single = [special(cls, 0), .text(isSecond: false, typeID: 0), special(sep, 0)]
            result = .template(single: single, pair: single + [.text(isSecond: true, typeID: 1), special(sep, 1)])
        case "RobertaProcessing":
            let (sep, cls) = (try pair(&fields, "sep"), try pair(&fields, "cls"))
            let prefix = try fields.bool("add_prefix_space", or: true)
            let single = [special(cls, 0), .text(isSecond: false, typeID: 0), special(sep, 0)]
            let template = PostProcessor.template(
                single: single,
                pair: single + [special(sep, 0), .text(isSecond: true, typeID: 0), special(sep, 0)])
            result =
                try fields.bool("trim_offsets", or: true)
                ? .sequence([.trimOffsets(addsPrefixSpace: prefix), template]) : template
        case "ByteLevel":
            let prefix = try fields.bool("add_prefix_space", or: true)
            _ = try fields.bool("use_regex", or: true)
            result = try fields.bool("trim_offsets", or: true) ? .trimOffsets(addsPrefixSpace: prefix) : .sequence([])
        case "Sequence":
            result = .sequence(
                try sequence(&fields, "processors", depth) { node throws(DataError) in
                    try postProcessor(node, file, depth: depth + 1)
                })
        default: throw unknown(type, "post_processor", fields)
        }
        try fields.finish()
        return result
    }

    private static func special(_ id: Int, _ typeID: Int) -> PostProcessor.Piece { .special(ids: [id], typeID: typeID) }

    /// The number in `["[SEP]", 102]`.
    private static func pair(_ fields: inout JSONFields, _ key: String) throws(DataError) -> Int {
        let nodes = try fields.array(key)
        guard nodes.count == 2 else { throw fields.error("“\(key)” is not a token and its number") }
        _ = try JSONFields.string(nodes[0], "the token of “\(key)”", file: fields.file)
        return try JSONFields.count(nodes[1], "the number of “\(key)”", file: fields.file)
    }

    private static func template(_ fields: inout JSONFields) throws(DataError) -> PostProcessor {
        var known: [[UInt8]: [Int]] = [:]
        if let node = fields.node("special_tokens") {
            guard case .object(let members) = node.value else {
                throw fields.error("“special_tokens” is not an object")
            }
            for (name, node) in members {
                var token = try JSONFields(node, "the special token “\(name)”", file: fields.file)
                _ = try token.optionalString("id")
                _ = try token.array("tokens")
                var ids: [Int] = []
                for node in try token.array("ids") {
                    ids.append(try JSONFields.count(node, "a number of “\(name)”", file: fields.file))
                }
                try token.finish()
                known[Array(name.utf8)] = ids
            }
        }
        func pieces(_ key: String, _ fields: inout JSONFields) throws(DataError) -> [PostProcessor.Piece] {
            var result: [PostProcessor.Piece] = []
            for node in try fields.array(key) {
                var piece = try JSONFields(node, "a piece of “\(key)”", file: fields.file)
                if let node = piece.node("SpecialToken") {
                    var token = try JSONFields(node, "a special token of “\(key)”", file: fields.file)
                    let name = try token.string("id")
                    guard let ids = known[Array(name.utf8)] else {
                        throw token.error("“\(name)” is not among “special_tokens”")
                    }
                    result.append(.special(ids: ids, typeID: try token.count("type_id", or: 0)))
                    try token.finish()
                } else {
                    var text = try JSONFields(piece.needed("Sequence"), "a text of “\(key)”", file: fields.file)
                    let name = try text.string("id")
                    guard name == "A" || (name == "B" && key == "pair") else { throw text.error("is called “\(name)”") }
                    result.append(.text(isSecond: name == "B", typeID: try text.count("type_id", or: 0)))
                    try text.finish()
                }
                try piece.finish()
            }
            return result
        }
        return .template(single: try pieces("single", &fields), pair: try pieces("pair", &fields))
    }

    static func decoder(_ node: JSONNode, _ file: String, depth: Int = 0) throws(DataError) -> TokenDecoder {
        var (type, fields) = try typed(node, "the decoder", file)
        let result: TokenDecoder
        switch type {
        case "WordPiece":
            result = .wordPiece(
                prefix: try fields.optionalString("prefix") ?? "##", cleansUp: try fields.bool("cleanup", or: true))
        case "ByteLevel":
            for key in ["add_prefix_space", "trim_offsets", "use_regex"] { _ = try fields.bool(key, or: true) }
            result = .byteLevel
        case "ByteFallback": result = .byteFallback
        case "BPEDecoder": result = .suffix(try fields.optionalString("suffix") ?? "</w>")
        case "Fuse": result = .fuse
        case "Strip":
            let content = try fields.string("content")
            guard let character = content.first, content.unicodeScalars.count == 1 else {
                throw fields.error("has a content that is not one character")
            }
            result = .strip(character, start: try fields.count("start", or: 0), stop: try fields.count("stop", or: 0))
        case "Replace":
            result = .replace(String(decoding: try pattern(&fields), as: UTF8.self), by: try fields.string("content"))
        case "Sequence":
            result = .sequence(
                try sequence(&fields, "decoders", depth) { node throws(DataError) in
                    try decoder(node, file, depth: depth + 1)
                })
        default: throw unknown(type, "decoder", fields)
        }
        try fields.finish()
        return result
    }
}
