// SPDX-License-Identifier: Apache-2.0
// What the folder of a sentence encoder says beside its network: how a text's vector is made of its tokens'.

/// The files that sentence-transformers puts beside a network's: `modules.json`, `1_Pooling/config.json`, `sentence_bert_config.json`.
package struct SentenceFolder {
    /// How one vector is made of a text's: `mean`, `cls` or `last`; nil where no file says.
    package private(set) var pooling: String?
    /// Whether vectors are brought to length 1.
    package private(set) var normalizes = false
    /// The most tokens of a text; nil where no file says.
    package private(set) var maxLength: Int?

    /// Reads what there is of a folder; without any of these files, the mean of the tokens' vectors as it is.
    ///
    /// - Throws: `DataError` naming the file, and the step or the pooling that is not implemented here.
    package init(_ folder: String) throws(DataError) {
        let modules = "\(folder)/modules.json"
        if Files.exists(modules) {
            try readModules(modules, of: folder)
        } else if Files.exists("\(folder)/1_Pooling/config.json") {
            try readPooling("\(folder)/1_Pooling/config.json")
        }
        let lengths = "\(folder)/sentence_bert_config.json"
        guard Files.exists(lengths) else { return }
        var fields = try JSONFields(Files.read(lengths), "the configuration", file: lengths)
        if fields.node("max_seq_length") != nil { maxLength = try fields.count("max_seq_length") }
        if try fields.bool("do_lower_case", or: false) {
            throw fields.error("lower-cases texts before the tokenizer, which is not implemented here", .unsupported)
        }
    }

    private mutating func readModules(_ file: String, of folder: String) throws(DataError) {
        var scanner = JSONScanner(try Files.read(file), base: 0, file: file)
        guard case .array(let nodes) = try scanner.document().value else {
            throw DataError(.malformed, file: file, "is not a list of modules")
        }
        for (place, node) in nodes.enumerated() {
            var fields = try JSONFields(node, "a module", file: file)
            let type = try fields.string("type")
            // Which package a class is in has changed.
            switch (place, type.split(separator: ".").last ?? "") {
            case (0, "Transformer"): break
            case (1, "Pooling"): try readPooling("\(folder)/\(try fields.string("path"))/config.json")
            case (2, "Normalize"): normalizes = true
            default:
                throw fields.error(
                    "number \(place) is a “\(type)”, which is not implemented here: a Transformer, a Pooling and a Normalize are",
                    .unsupported)
            }
        }
    }

    private mutating func readPooling(_ file: String) throws(DataError) {
        var fields = try JSONFields(Files.read(file), "the pooling", file: file)
        let known = ["mean": "mean", "cls": "cls", "lasttoken": "last"]
        if let mode = try fields.optionalString("pooling_mode") {
            guard let name = known[mode] else {
                throw fields.error("is “\(mode)”, which is not implemented here", .unsupported)
            }
            return pooling = name
        }
        let modes = [
            "cls_token", "mean_tokens", "max_tokens", "mean_sqrt_len_tokens", "weightedmean_tokens", "lasttoken",
        ]
        var chosen: [String] = []
        for mode in modes where try fields.bool("pooling_mode_\(mode)", or: false) { chosen.append(mode) }
        let word = chosen.first?.split(separator: "_").first.map(String.init) ?? ""
        guard chosen.count == 1, chosen[0] != "mean_sqrt_len_tokens", let name = known[word] else {
            throw fields.error(
                chosen.isEmpty
                    ? "chooses nothing" : "is \(chosen.joined(separator: " and ")), which is not implemented here",
                .unsupported)
        }
        pooling = name
    }
}
