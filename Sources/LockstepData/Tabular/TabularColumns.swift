// SPDX-License-Identifier: Apache-2.0
// What was found out about the columns of a table: kinds, categories, statistics, and the target.

/// A column of categories: each becomes an index into `vocabulary`.
public struct CategoricalColumn: Sendable, Equatable, Codable {
    /// The column's name in the table.
    public let name: String
    /// What the values were read as: `7` and `7.0` are one number, but two words.
    public let kind: CSVColumn.Kind
    /// Index 0 stands for a missing or unknown value, then the categories of the training rows in order.
    public let vocabulary: [String]
    /// For a column made to mark where another one is missing: that column's name.
    public let marksMissing: String?
    /// Whether training rows had gaps here; nil where an older version did not say.
    public let hadMissing: Bool?
    /// Whether the training rows have further categories, which are rare and count as unknown; nil for no.
    let isCut: Bool?

    init(
        name: String, kind: CSVColumn.Kind, vocabulary: [String], marksMissing: String? = nil,
        hadMissing: Bool? = false,
        isCut: Bool? = nil
    ) {
        (self.name, self.kind, self.vocabulary) = (name, kind, vocabulary)
        (self.marksMissing, self.hadMissing, self.isCut) = (marksMissing, hadMissing, isCut)
    }

    /// The indices of categories by their words, numbers written otherwise included.
    var lookup: CategoryLookup { CategoryLookup(vocabulary, areNumbers: kind != .text) }

    /// fastai's rule for the width of an embedding: min(600, round(1.6 · n^0.56)), n the size of the vocabulary.
    public var embeddingSize: Int { embeddingWidth(vocabulary.count) }
}

/// A column of numbers: standardised, a missing one replaced by the median.
public struct ContinuousColumn: Sendable, Equatable, Codable {
    /// The column's name in the table.
    public let name: String
    /// Of the training rows that have a value.
    public let median: Double
    /// Of the training rows, after filling.
    public let mean: Double
    /// Of the training rows, after filling; 1 where all are equal, or differ by rounding only.
    public let deviation: Double
    /// What a double cannot hold of the median; nil for nothing.
    let medianRest: Double?
    /// What a double cannot hold of the mean; nil for nothing.
    let meanRest: Double?

    init(
        name: String, median: Double, mean: Double, deviation: Double, medianRest: Double? = nil,
        meanRest: Double? = nil
    ) {
        (self.name, self.median, self.mean, self.deviation) = (name, median, mean, deviation)
        (self.medianRest, self.meanRest) = (medianRest, meanRest)
    }
}

/// What is to be predicted.
public struct TargetColumn: Sendable, Equatable, Codable {
    /// What is predicted.
    public enum Kind: Sendable, Equatable, Codable {
        /// One of these classes; the target is the index.
        case classification(classes: [String])
        /// A number.
        case regression
        /// How often something happened: a whole number from 0, for a loss such as `PoissonFlat`.
        case counts
    }
    /// The column's name in the table.
    public let name: String
    /// What is predicted.
    public let kind: Kind

    /// How many numbers a model must give per row: one per class, or one.
    public var outputCount: Int {
        switch kind {
        case .classification(let classes): classes.count
        case .regression, .counts: 1
        }
    }
}

/// fastai's `emb_sz_rule`.
func embeddingWidth(_ count: Int) -> Int {
    min(600, Int((1.6 * power(Double(count), 0.56)).rounded()))
}

/// A table's columns as a model sees them. Printing it lists them.
///
/// The inputs of a batch are `[categories, numbers]`: int64 [N, categorical.count] and float32 [N, continuous.count]; a
/// kind that no column has is left out.
public struct TabularColumns: Sendable, Equatable, CustomStringConvertible {
    /// Columns that become indices of categories.
    public let categorical: [CategoricalColumn]
    /// Columns that become standardised numbers.
    public let continuous: [ContinuousColumn]
    /// The column to predict.
    public let target: TargetColumn
    /// Columns that are not used, with the reason.
    public let ignored: [(name: String, reason: String)]
    /// Columns of dates; those that stand for them are among the others.
    public let dates: [DateColumn]
    /// How further files are to be read.
    let reading: TableReading

    /// (size of the vocabulary, width of the embedding) of every categorical column.
    public var embeddingSizes: [(count: Int, width: Int)] {
        categorical.map { ($0.vocabulary.count, $0.embeddingSize) }
    }

    /// Whether both are the same.
    public static func == (a: TabularColumns, b: TabularColumns) -> Bool {
        a.categorical == b.categorical && a.continuous == b.continuous && a.target == b.target
            && a.ignored.elementsEqual(b.ignored, by: ==) && a.dates == b.dates && a.reading == b.reading
    }

    public var description: String {
        var lines: [String] = []
        switch target.kind {
        case .classification(let classes):
            lines.append("target       \(target.name): \(classes.count) classes: \(CSV.list(classes, of: nil))")
        case .regression: lines.append("target       \(target.name): a number")
        case .counts: lines.append("target       \(target.name): a count")
        }
        for date in dates {
            lines.append(
                "date         \(date.name): \(date.first) to \(date.last), \(date.form.words); \(date.parts.count) columns "
                    + "\(date.columns.prefix(3).joined(separator: ", ")), …")
        }
        // What stands for a date is no news.
        let parts = partNames
        for column in categorical where !parts.contains(column.name) {
            let what =
                column.marksMissing.map { "whether \($0) is missing" }
                ?? "\(column.isCut == true ? "the most frequent " : "")\(column.vocabulary.count - 1) categories"
            lines.append(
                "categorical  \(column.name): \(what), embedding \(column.vocabulary.count) × \(column.embeddingSize)")
        }
        for column in continuous where !parts.contains(column.name) {
            lines.append(
                "continuous   \(column.name): mean \(short(column.mean)), deviation \(short(column.deviation)), "
                    + "median \(short(column.median))")
        }
        for (name, reason) in ignored { lines.append("ignored      \(name): \(reason)") }
        return lines.joined(separator: "\n")
    }
}

/// About four significant digits.
func short(_ value: Double) -> String {
    if value == 0 || !value.isFinite { return "\(value)" }
    if value.magnitude >= 1000 {
        let rounded = value.rounded()
        return abs(rounded) < 1e15 ? "\(Int(rounded))" : "\(rounded)"
    }
    // The digits as an integer, so that the shortest decimal number is theirs.
    var (digits, exponent) = (value, 0)
    while digits.magnitude < 1000 { (digits, exponent) = (digits * 10, exponent + 1) }
    return "\(Double("\(Int(digits.rounded()))e-\(exponent)") ?? value)".replacing(/\.0$/, with: "")
}

extension TabularColumns: Codable {
    private enum CodingKeys: CodingKey { case categorical, continuous, target, ignored, dates, reading }
    private struct Ignored: Codable { let name, reason: String }

    /// Writes it in the form that bundles and logs hold.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(categorical, forKey: .categorical)
        try container.encode(continuous, forKey: .continuous)
        try container.encode(target, forKey: .target)
        try container.encode(ignored.map { Ignored(name: $0.name, reason: $0.reason) }, forKey: .ignored)
        if !dates.isEmpty { try container.encode(dates, forKey: .dates) }
        if reading != TableReading() { try container.encode(reading, forKey: .reading) }
    }

    /// Reads what `encode(to:)` writes, and refuses what no value is made of.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        categorical = try container.decode([CategoricalColumn].self, forKey: .categorical)
        continuous = try container.decode([ContinuousColumn].self, forKey: .continuous)
        target = try container.decode(TargetColumn.self, forKey: .target)
        ignored = try container.decode([Ignored].self, forKey: .ignored).map { (name: $0.name, reason: $0.reason) }
        dates = try container.decodeIfPresent([DateColumn].self, forKey: .dates) ?? []
        reading = try container.decodeIfPresent(TableReading.self, forKey: .reading) ?? TableReading()
        let isUsable = continuous.allSatisfy { column in
            let numbers = [column.deviation, column.mean, column.median, column.meanRest ?? 0, column.medianRest ?? 0]
            return column.deviation != 0 && numbers.allSatisfy(\.isFinite)
        }
        guard isUsable, !(categorical.isEmpty && continuous.isEmpty), target.outputCount > 0,
            categorical.allSatisfy({ !$0.vocabulary.isEmpty }), Self.areSound(dates)
        else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: container.codingPath, debugDescription: "the statistics of columns that cannot be"))
        }
    }
    /// Whether every part is one, and no column would be made twice.
    private static func areSound(_ dates: [DateColumn]) -> Bool {
        let columns = dates.flatMap(\.columns)
        return Set(columns).count == columns.count && Set(dates.map(\.name)).count == dates.count
            && dates.allSatisfy { !$0.parts.isEmpty && $0.parts.allSatisfy { DatePart(rawValue: $0) != nil } }
    }
}

extension TabularColumns {
    /// The columns that stand for dates, the marks of missing dates included.
    var partNames: Set<String> {
        let parts = Set(dates.flatMap(\.columns))
        return parts.union(categorical.lazy.filter { $0.marksMissing.map(parts.contains) ?? false }.map(\.name))
    }

    /// The columns that a table must have, in the order of their kinds.
    var needed: [String] {
        let parts = partNames
        let plain = categorical.filter { $0.marksMissing == nil }.map(\.name) + continuous.map(\.name)
        return dates.map(\.name) + plain.filter { !parts.contains($0) }
    }
}
