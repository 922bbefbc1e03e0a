// SPDX-License-Identifier: Apache-2.0
// Loaders of a table of texts and their classes.

import LockstepTensor

/// Texts with classes made ready for training.
public struct TextClassData: CustomStringConvertible {
    /// Training and, if a part is held out, validation.
    public let loaders: DataLoaders
    /// How texts become numbers; its truncation is the longest a text may be.
    public let tokenizer: PretrainedTokenizer
    /// The classes in the order of their numbers.
    public let classes: [String]
    /// Texts in the training and in the validation part.
    public let counts: (train: Int, valid: Int)

    init(loaders: DataLoaders, tokenizer: PretrainedTokenizer, classes: [String], counts: (Int, Int)) {
        (self.loaders, self.tokenizer, self.classes, self.counts) = (loaders, tokenizer, classes, counts)
    }

    public var description: String {
        "texts        \(counts.train) to train on, \(counts.valid) to validate\n"
            + "classes      \(classes.count): \(classes.prefix(8).joined(separator: ", "))"
            + (classes.count > 8 ? ", …" : "")
    }

    /// A loader of other texts, in their order, without classes: what predictions are made for. `loaders.testLoader(for:)`, also of a
    /// learner that was exported, takes pairs and rows of a table, too.
    ///
    /// - Throws: `DataError` as the tokenizer does.
    public func testLoader(for texts: [String]) throws -> DataLoader { try loaders.testLoader(for: texts) }
}

extension DataLoaders {
    /// - Throws: `DataError` where a network of so many different tokens, which looks at so many at once, cannot read the texts.
    package func checkTexts(vocabulary: Int, context: Int) throws(DataError) {
        for loader in loaders {
            try (loader.dataset as? TokenizedTexts)?.check(vocabulary: vocabulary, context: context)
        }
    }

    /// Loaders of the texts and classes in the CSV file at `path`.
    ///
    /// Batches have the inputs int64 `[N, T]` numbers of tokens, `[N, T]` mask and, with `pair`, `[N, T]` types, and as target
    /// int64 `[N]` the numbers of classes. Classes are the different values of the target column, sorted. See ``SortedTextLoader``
    /// for what batches are made of.
    ///
    /// - Parameters:
    ///   - text: the column of texts.
    ///   - pair: a column of second texts, if there is one.
    ///   - target: the column of classes.
    ///   - maxLength: the most tokens of a text; nil for what the tokenizer's file says, or 512.
    ///   - validFraction: the random part kept for validation; the split follows from `seed`.
    /// - Throws: `DataError` naming the file, and the line where a text or class is missing.
    public static func textClasses(
        path: String, text: String, pair: String? = nil, target: String, tokenizer: PretrainedTokenizer,
        maxLength: Int? = nil, batchSize: Int = 32, validFraction: Double = 0.2, mendsHTML: Bool = false,
        seed: UInt64 = 42, file: StaticString = #fileID, line: UInt = #line
    ) throws -> TextClassData {
        try textClasses(
            path: path, texts: [text], pair: pair, target: target, tokenizer: tokenizer, maxLength: maxLength,
            batchSize: batchSize, validFraction: validFraction, mendsHTML: mendsHTML, seed: seed, file: file, line: line
        )
    }

    /// Loaders of a CSV file in which a text lies in several columns, such as title and body: they are put together in this order,
    /// with a line's end between them. Otherwise as with one column.
    /// - Precondition: at least one column.
    public static func textClasses(
        path: String, texts: [String], pair: String? = nil, target: String, tokenizer: PretrainedTokenizer,
        maxLength: Int? = nil, batchSize: Int = 32, validFraction: Double = 0.2, mendsHTML: Bool = false,
        seed: UInt64 = 42, file: StaticString = #fileID, line: UInt = #line
    ) throws -> TextClassData {
        guard let first = texts.first else {
            stop("DataLoaders.textClasses: no column of texts", file: file, line: line)
        }
        let columns = TextColumns(text: first, further: Array(texts.dropFirst()), pair: pair, target: target)
        let table = try CSV.read(path, options: columns.readingOptions())
        func column(_ name: String) throws -> [String] {
            let values = try table.column(name).texts
            if let row = values.firstIndex(of: nil) {
                throw DataError(
                    .mismatch, file: path, at: .line(table.lines[row]), "has no value in the column “\(name)”",
                    remedy: "Leave the row out, or fill it in")
            }
            return values.compactMap(\.self)
        }
        let parts = try texts.map(column)
        let rows = (0..<table.rowCount).map { row in parts.map { $0[row] }.joined(separator: "\n") }
        return try textClasses(
            rows, pairs: pair.map(column), labels: column(target), name: path, tokenizer: tokenizer,
            maxLength: maxLength, batchSize: batchSize, validFraction: validFraction, columns: columns,
            mendsHTML: mendsHTML, seed: seed, file: file, line: line)
    }

    /// Loaders of the text files (`.txt`) below `folder`; the class of a text is the name of the folder it lies in.
    ///
    /// With folders `train` and `valid`, or `train` and `test`, the texts below them are the two parts (their classes lie inside);
    /// otherwise a random part is for validation. fastai: `TextDataLoaders.from_folder`.
    /// - Throws: `DataError` naming folder or file: no texts, a single class, a file that is not UTF-8.
    public static func textClasses(
        folder: String, tokenizer: PretrainedTokenizer, maxLength: Int? = nil, batchSize: Int = 32,
        validFraction: Double = 0.2, mendsHTML: Bool = false, seed: UInt64 = 42, file: StaticString = #fileID,
        line: UInt = #line
    ) throws -> TextClassData {
        let files = try FileList.files(in: folder, extensions: ["txt"])
        guard !files.isEmpty else {
            throw DataError(
                .unreadable, file: folder, "holds no text files (txt)",
                remedy: "Give a folder with a folder of texts for each class")
        }
        let root = folder.hasSuffix("/") ? folder : folder + "/"
        func lies(in part: String) -> Bool { files.contains { $0.hasPrefix(root + part + "/") } }
        let second = lies(in: "train") ? ["valid", "test"].first(where: lies) : nil
        let split = try second.map { try Splitter.grandparent(valid: [$0])(ItemList(files)) }
        // What lies beside the two parts is in none, and no class.
        let chosen = split.map { $0.train + $0.valid } ?? Array(files.indices)
        let texts = try chosen.map { number in
            let name = files[number]
            guard let text = String(validating: try Files.read(name), as: UTF8.self) else {
                throw DataError(
                    .malformed, file: name, "is not UTF-8 text", remedy: "Convert it, for example with iconv -t UTF-8")
            }
            return text
        }
        return try textClasses(
            texts, labels: chosen.map { ParentLabel.label(of: files[$0]) }, name: folder, tokenizer: tokenizer,
            maxLength: maxLength, batchSize: batchSize, validFraction: validFraction,
            split: split.map { Split(train: Array(0..<$0.train.count), valid: Array($0.train.count..<chosen.count)) },
            mendsHTML: mendsHTML, seed: seed, file: file, line: line)
    }

    /// Loaders of texts and classes in memory, as from a file.
    ///
    /// - Parameters:
    ///   - pairs: second texts, if there are some.
    ///   - labels: each text's class.
    ///   - name: what errors call the texts.
    ///   - columns: what a table of further texts would call its columns.
    ///   - split: which texts are for training and which for validation; nil for a random part.
    ///   - mendsHTML: whether texts are mended first, as those from web pages need it (``HTMLText``); new ones, too.
    /// - Precondition: as many labels, and pairs if there are some, as texts; `split` is of these.
    public static func textClasses(
        _ texts: [String], pairs: [String]? = nil, labels: [String], name: String = "texts",
        tokenizer: PretrainedTokenizer, maxLength: Int? = nil, batchSize: Int = 32, validFraction: Double = 0.2,
        columns: TextColumns? = nil, split: Split? = nil, mendsHTML: Bool = false, seed: UInt64 = 42,
        file: StaticString = #fileID, line: UInt = #line
    ) throws -> TextClassData {
        var names = columns ?? TextColumns(pair: pairs.map { _ in "pair" })
        names.mendsHTML = mendsHTML
        let (texts, pairs) = (texts.map(names.read), pairs?.map(names.read))
        require(
            labels.count == texts.count && pairs?.count ?? texts.count == texts.count,
            "DataLoaders.textClasses: \(texts.count) texts, \(labels.count) labels, \(pairs?.count ?? 0) pairs",
            file: file, line: line)
        require(
            validFraction >= 0 && validFraction < 1 && batchSize > 0 && maxLength ?? 1 > 0,
            "DataLoaders.textClasses: batchSize \(batchSize), validFraction \(validFraction), maxLength \(maxLength ?? 0)",
            file: file, line: line)
        let classes = Set(labels).sorted()
        guard classes.count > 1 else {
            throw DataError(
                .mismatch, file: name, "there is \(classes.count) class, at least 2 are needed to tell them apart",
                remedy: "Is the target the right column?")
        }
        let padding = TextPadding(id: tokenizer.filling.id, typeID: tokenizer.filling.typeID)
        var tokenizer = tokenizer
        tokenizer.padding = nil
        tokenizer.truncation = TextTruncation(
            maxLength: maxLength ?? tokenizer.truncation?.maxLength ?? 512,
            side: tokenizer.truncation?.side ?? .right)
        let numbers = Dictionary(uniqueKeysWithValues: classes.enumerated().map { ($1, $0) })
        let split = split ?? Splitter.random(validFraction, seed: seed)(texts.count)
        require(
            (split.train + split.valid).allSatisfy(texts.indices.contains),
            "DataLoaders.textClasses: the split is of more than \(texts.count) texts", file: file, line: line)
        let all = try texts.indices.map { TokenizedTexts.Row(try tokenizer.encode(texts[$0], pair: pairs?[$0])) }
        let hasTypes = all.contains(where: \.hasTypes)
        func data(_ rows: [Int], _ splitIndex: Int) -> any Dataset {
            TokenizedTexts(
                rows.map { all[$0] }, labels: rows.map { numbers[labels[$0]] ?? 0 }, classes: classes,
                padding: padding, tokenizer: tokenizer, columns: names, hasTypes: hasTypes, file, line
            ).with(splitIndex: splitIndex)
        }
        var options = DataLoader.Options()
        (options.batchSize, options.seed, options.shuffle, options.dropLast) = (batchSize, seed, true, true)
        var loaders = [SortedTextLoader(data(split.train, 0), options: options, file: file, line: line)]
        if !split.valid.isEmpty {
            (options.shuffle, options.dropLast) = (false, false)
            let valid = SortedTextLoader(data(split.valid, 1), options: options, file: file, line: line)
            valid.sortsInOrder = true
            loaders.append(valid)
        }
        return TextClassData(
            loaders: DataLoaders(loaders), tokenizer: tokenizer, classes: classes,
            counts: (split.train.count, split.valid.count))
    }
}
