// SPDX-License-Identifier: Apache-2.0
// New texts as the training texts were treated, and tokens and classes back to what a person reads.

public import LockstepTensor

/// The names of the columns that texts and their classes have in a table, and whether texts are mended.
public struct TextColumns: Hashable, Codable, Sendable {
    /// The column of texts.
    public var text: String
    /// Columns whose texts follow it, each after a line's end.
    public var further: [String]
    /// The column of second texts, where texts are pairs.
    public var pair: String?
    /// The column of classes.
    public var target: String

    /// Columns of these names.
    public init(text: String = "text", further: [String] = [], pair: String? = nil, target: String = "label") {
        (self.text, self.further, self.pair, self.target) = (text, further, pair, target)
    }

    /// Whether texts are mended before they are cut (``HTMLText``).
    var mendsHTML = false

    /// A text as it is cut.
    package func read(_ text: String) -> String { mendsHTML ? HTMLText.mended(text) : text }
}

extension TokenizedTexts: TransformedDataset {
    /// The item at `index`; nothing is random about it.
    public func item(at index: Int, context: ItemContext) -> Sample { item(at: index) }
    /// The item at an index.
    public func tuple(at index: Int, context: ItemContext) -> ItemTuple { ItemTuple(item(at: index).members) }
    /// The same without texts: how new ones become numbers, and the classes.
    public func newEmpty() -> any Dataset { with([], labels: []) }

    /// Tokens back to a text, the mask to their number, and the class to its name.
    public func decode(_ tuple: ItemTuple, full: Bool) throws -> ItemTuple {
        var members = tuple.members
        guard members.count >= inputCount, let ids = members[0] as? Tensor, let mask = members[1] as? Tensor,
            ids.shape == mask.shape
        else { return tuple }
        let kept = zip(ids.ints, mask.ints).filter { $1 != 0 }.map(\.0)
        if let tokenizer { members[0] = tokenizer.decode(kept) }
        members[1] = kept.count
        if members.count > inputCount, let answer = members[inputCount] as? Tensor, answer.count == 1 {
            members[inputCount] = try Labels.label(Labels.integer(answer), classes)
        }
        return ItemTuple(members)
    }

    /// Texts as these were treated: each a `String`, two of them where texts are pairs, or a row of a table with ``columns``.
    ///
    /// - Throws: `DataError` for what is no text, where the tokenizer is not known, and as the tokenizer does.
    public func testSet(_ items: ItemList, withLabels: Bool) throws -> any Dataset {
        guard let tokenizer else {
            throw DataError(
                .mismatch, file: "texts", "nothing says how new texts are cut into tokens",
                remedy: "Give TokenizedTexts their tokenizer, or make the loaders by DataLoaders.textClasses")
        }
        var (texts, labels): ([Row], [Int]) = ([], [])
        for index in 0..<items.count {
            let text = try self.text(of: items[index], withLabels: withLabels)
            texts.append(Row(try tokenizer.encode(text.text, pair: text.pair)))
            if let label = text.label { labels.append(label) }
        }
        return with(texts, labels: withLabels ? labels : nil).with(splitIndex: 1)
    }

    /// The parts of an item, its class as a number.
    private func text(of item: Any, withLabels: Bool) throws -> (text: String, pair: String?, label: Int?) {
        let row: TableRow
        switch item {
        case let text as String where columns.pair == nil && !withLabels:
            return (columns.read(text), nil, nil)
        case let pair as [String] where pair.count == 2 && columns.pair != nil && !withLabels:
            return (columns.read(pair[0]), columns.read(pair[1]), nil)
        case let given as TableRow: row = given
        case let values as [String: String]:
            row = try TableRow(values, options: columns.readingOptions(of: Set(values.keys)))
        default:
            let wanted =
                withLabels ? "a text with its class" : columns.pair == nil ? "a text" : "a pair of texts"
            throw DataError(
                .mismatch, file: "text", "a \(type(of: item)) is not \(wanted)",
                remedy: "Give a String (where texts are pairs, two of them), or the row of a table with its columns")
        }
        func value(_ column: String) throws -> String {
            if let text = try row.text(column) { return text }
            throw DataError(
                .mismatch, file: row.table.file, at: .line(row.table.lines[row.index]),
                "has no value in the column “\(column)”", remedy: "Leave the row out, or fill it in")
        }
        func number(_ name: String) throws -> Int {
            if let number = classes.firstIndex(of: name) { return number }
            throw DataError(
                .mismatch, file: row.table.file, at: .line(row.table.lines[row.index]),
                "“\(name)” is none of the \(classes.count) classes")
        }
        let label = withLabels ? try number(value(columns.target)) : nil
        let text = try ([columns.text] + columns.further).map(value).joined(separator: "\n")
        return (columns.read(text), try columns.pair.map { columns.read(try value($0)) }, label)
    }
}

extension TextColumns {
    /// How a table with these columns is read: as texts, of which none but the empty one is missing.
    ///
    /// - Parameter names: the columns that the table has, as far as that matters; nil for all of these.
    package func readingOptions(of names: Set<String>? = nil) -> CSV.Options {
        var options = CSV.Options(missing: [""])
        for name in inputs + [target] where names?.contains(name) ?? true {
            options.types[name] = .text
        }
        return options
    }

    /// The columns that a text is read from.
    package var inputs: [String] { [text] + further + (pair.map { [$0] } ?? []) }
}

extension TokenizedTexts: Configurable {
    /// How texts become numbers, and the classes; no texts.
    public static let configuration = Configuration(TokenizedTexts.self) {
        Field("tokenizer", { try $0.storedTokenizer })
        Field("padding", \.padding, .padding)
        Field("classes", \.classes)
        Field("columns", \.columns)
        Field("hasTypes", { $0.inputCount > 2 })
    } make: { fields in
        let (tokenizer, padding): (PretrainedTokenizer, TextPadding) = (
            try fields("tokenizer"), try fields("padding")
        )
        let (classes, columns): ([String], TextColumns) = (try fields("classes"), try fields("columns"))
        try fields.check(
            tokenizer.truncation.map { (0...Int(Int32.max)).contains($0.maxLength) && $0.stride == 0 } ?? true,
            "texts are cut in a way that makes no sense")
        try fields.check(tokenizer.padding == nil, "the tokenizer fills texts by itself")
        return TokenizedTexts(
            [], labels: [], classes: classes, padding: padding, tokenizer: tokenizer, columns: columns,
            hasTypes: try fields("hasTypes"), #fileID, #line)
    }

    private var storedTokenizer: PretrainedTokenizer {
        get throws {
            if let tokenizer { return tokenizer }
            throw ExportError(
                .function, "nothing says how texts are cut into tokens, so that the learner could not predict any",
                remedy: "Give TokenizedTexts their tokenizer, or make the loaders by DataLoaders.textClasses")
        }
    }
}

extension Requirement<TextPadding> {
    /// A token and a type that numbers of tokens can be.
    fileprivate static var padding: Requirement {
        Requirement("no filling") { (0...Int(Int32.max)).contains($0.id) && (0...255).contains($0.typeID) }
    }
}
