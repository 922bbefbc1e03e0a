// SPDX-License-Identifier: Apache-2.0
// Texts as a classifier trains on them: numbers of tokens, a mask, and a class.

import LockstepTensor

/// Tokenized texts with a class each.
///
/// An item has the inputs int64 `[T]` numbers of tokens, `[T]` mask and, where texts are pairs, `[T]` types; its target is the
/// number of its class. A ``SortedTextLoader`` brings the items of a batch to one length. A text without any token is one of filling.
public struct TokenizedTexts: Dataset, Fingerprinted, ClassLabelled, Sendable {
    private let ids: [Int32]
    private let types: [UInt8]?
    /// Where each text's tokens begin, and the end of the last.
    private let starts: [Int]
    private var labels: [Int32]?
    /// The classes.
    public let classes: [String]
    /// What short texts are filled with, and on which side.
    public let padding: TextPadding
    /// What has cut the texts, and cuts new ones; nil when it is not known.
    public let tokenizer: PretrainedTokenizer?
    /// The columns of the table that the texts come from, or might.
    public let columns: TextColumns
    /// The part of the data: 0 for training, 1 for validation; nil for any.
    public private(set) var splitIndex: Int?

    /// - Parameters:
    ///   - texts: without padding.
    ///   - labels: the number of each text's class; nil for texts without.
    ///   - padding: its token and side count, not its length.
    ///   - tokenizer: what has cut the texts: new ones are cut by it, and an exported learner takes it along.
    ///   - columns: of the table that the texts come from.
    /// - Precondition: as many labels as texts, each one of the classes.
    public init(
        _ texts: [TokenizedText], labels: [Int]?, classes: [String], padding: TextPadding,
        tokenizer: PretrainedTokenizer? = nil, columns: TextColumns = TextColumns(),
        file: StaticString = #fileID, line: UInt = #line
    ) {
        let texts = texts.map(Row.init)
        self.init(
            texts, labels: labels, classes: classes, padding: padding, tokenizer: tokenizer, columns: columns,
            hasTypes: texts.contains(where: \.hasTypes), file, line)
    }

    /// A text without what only its tokenizer wants to know: five bytes a token, which has six numbers there.
    struct Row {
        let ids: [Int32]
        let types: [UInt8]
        var hasTypes: Bool { types.contains { $0 > 0 } }

        init(_ text: TokenizedText) {
            (ids, types) = (text.ids.map(Int32.init), text.typeIDs.map { UInt8(clamping: $0) })
        }

        /// One token of filling.
        init(filling id: Int) { (ids, types) = ([Int32(id)], [0]) }
    }

    init(
        _ texts: [Row], labels: [Int]?, classes: [String], padding: TextPadding,
        tokenizer: PretrainedTokenizer?, columns: TextColumns, hasTypes: Bool, _ file: StaticString, _ line: UInt
    ) {
        require(
            labels.map { $0.count == texts.count && $0.allSatisfy(classes.indices.contains) } ?? true,
            "TokenizedTexts: \(labels?.count ?? 0) labels for \(texts.count) texts and \(classes.count) classes",
            file: file,
            line: line)
        let texts = texts.map { $0.ids.isEmpty ? Row(filling: padding.id) : $0 }
        ids = texts.flatMap(\.ids)
        types = hasTypes ? texts.flatMap(\.types) : nil
        starts = texts.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.ids.count) }
        self.labels = labels?.map(Int32.init)
        (self.classes, self.padding, self.tokenizer, self.columns) = (classes, padding, tokenizer, columns)
    }

    /// Other texts, cut in the same way.
    func with(_ texts: [Row], labels: [Int]?) -> TokenizedTexts {
        TokenizedTexts(
            texts, labels: labels, classes: classes, padding: padding, tokenizer: tokenizer, columns: columns,
            hasTypes: types != nil, #fileID, #line)
    }

    /// The same texts without their classes.
    var unlabelled: TokenizedTexts {
        var copy = self
        copy.labels = nil
        return copy
    }

    /// The same texts as another part of the data.
    public func with(splitIndex: Int?) -> any TransformedDataset {
        var copy = self
        copy.splitIndex = splitIndex
        return copy
    }

    /// The class of each text; nil without.
    package func classNumbers() -> [Int]? { labels.map { $0.map(Int.init) } }

    /// The number of texts.
    public var count: Int { starts.count - 1 }
    /// Numbers of tokens, mask, and types where texts are pairs.
    public var inputCount: Int { types == nil ? 2 : 3 }
    /// One of the classes.
    public var targetKind: TargetKind? { labels == nil ? nil : .category(count: classes.count) }
    /// The classes.
    public var vocabulary: [String]? { classes }

    /// The number of tokens of text `index`.
    public func length(_ index: Int) -> Int {
        require(index >= 0 && index < count, "TokenizedTexts: there is no text \(index) among \(count)")
        return starts[index + 1] - starts[index]
    }

    /// Text `index`, as long as it is.
    public func item(at index: Int) -> Sample { item(at: index, filledTo: length(index)) }

    /// Text `index`, filled up to a length.
    func item(at index: Int, filledTo length: Int) -> Sample {
        let own = starts[index]..<starts[index] + self.length(index)
        let missing = max(0, length - own.count)
        func row(_ values: [Int], _ filling: Int) -> Tensor {
            let filled = Array(repeating: filling, count: missing)
            return Tensor(padding.side == .left ? filled + values : values + filled)
        }
        var inputs = [row(ids[own].map(Int.init), padding.id), row(Array(repeating: 1, count: own.count), 0)]
        if let types { inputs.append(row(types[own].map(Int.init), padding.typeID)) }
        return Sample(inputs: inputs, targets: labels.map { [Tensor(Double($0[index]), dtype: .int64)] } ?? [])
    }

    /// - Throws: `DataError` where a network of so many different tokens, which looks at so many at once, cannot read the texts.
    package func check(vocabulary: Int, context: Int) throws(DataError) {
        let (longest, largest) = ((0..<count).map(length).max() ?? 0, max(Int(ids.max() ?? 0), padding.id))
        guard longest <= context else {
            throw DataError(
                .mismatch, file: "texts", "a text has \(longest) tokens, the network looks at \(context) at most",
                remedy: "Cut them: DataLoaders.textClasses(…, maxLength: \(context))")
        }
        guard largest < vocabulary else {
            throw DataError(
                .mismatch, file: "texts", "there is a token \(largest), the network has vectors for \(vocabulary)",
                remedy: "Is the tokenizer that of another model?")
        }
    }

    package func add(to fingerprint: inout Fingerprint) {
        fingerprint.add("\(padding.id) \(padding.typeID) \(padding.side)")
        for word in classes { fingerprint.add(word) }
        fingerprint.add(starts)
        fingerprint.add(labels ?? [])
        func addSome<Number: BitwiseCopyable>(of numbers: [Number]) {
            numbers.withUnsafeBytes {
                let width = Swift.max(1, numbers.count / 64) * MemoryLayout<Number>.stride
                fingerprint.add(rowsOf: $0, count: $0.count / width, width: width)
            }
        }
        addSome(of: ids)
        addSome(of: types ?? [])
    }
}
