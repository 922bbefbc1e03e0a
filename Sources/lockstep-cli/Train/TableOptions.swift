// SPDX-License-Identifier: Apache-2.0
// What can be said about a table: how it is written, what its columns are, which rows are for validation.

import ArgumentParser
import Lockstep
import LockstepData

/// What is learnt of a table.
enum TableTask: String, CaseIterable, ExpressibleByArgument, SettingValue {
    case regression, classes, counts

    var target: TabularOptions.Target {
        switch self {
        case .regression: .regression
        case .classes: .classification
        case .counts: .counts
        }
    }
}

/// What stands before the fraction of a number.
enum DecimalSign: String, CaseIterable, ExpressibleByArgument, SettingValue {
    case point, comma
    var sign: Unicode.Scalar { self == .point ? "." : "," }
}

/// How a table is read and understood; what is not said is found.
struct TableOptions: SettingGroup {
    static let task = Setting(
        "task", TableTask.classes,
        help:
            "What the target is (default: classes for text and few whole numbers, counts for those that look like counts, else regression).",
        showsDefault: false, onResume: .sameIfKnown)
    @Option(TableOptions.task) var task: TableTask?
    static let categorical = columns("categorical", "Columns to take for categories.")
    @Option(TableOptions.categorical) var categorical: SettingList<String>?
    static let continuous = columns("continuous", "Columns to take for numbers.")
    @Option(TableOptions.continuous) var continuous: SettingList<String>?
    static let ignore = columns("ignore", "Columns to leave out.")
    @Option(TableOptions.ignore) var ignore: SettingList<String>?
    static let dates = columns(
        "dates", "Columns of dates, or none (default: found). They become year, month, week, day, and so on.")
    @Option(TableOptions.dates) var dates: SettingList<String>?
    static let cyclicDates = Setting(
        "cyclicDates", false, help: "Make points on circles of dates, too: of week, month, year, and day.",
        showsDefault: false, onResume: .sameIfKnown)
    @Flag(TableOptions.cyclicDates) var cyclicDates = false
    static let maxCategories = Setting(
        "maxCategories", 20, in: 0...1_000_000_000,
        help: "Whole numbers with at most so many different values are categories.", onResume: .sameIfKnown)
    @Option(TableOptions.maxCategories) var maxCategories: Int?
    static let mostCategories = Setting(
        "mostCategories", 100, in: 1...1_000_000_000,
        help: "Keep so many categories of a column, the most frequent; others count as unknown (default: all).",
        showsDefault: false, onResume: .sameIfKnown)
    @Option(TableOptions.mostCategories) var mostCategories: Int?

    static let delimiter = Setting(
        "delimiter", ",", help: "What stands between two fields: one character, or tab (default: found).",
        valueName: "character", showsDefault: false, onResume: .sameIfKnown,
        problem: { scalar($0) == nil ? "must be one ASCII character, or tab" : nil })
    @Option(TableOptions.delimiter) var delimiter: String?
    static let decimal = Setting(
        "decimal", DecimalSign.point, help: "What stands before the fraction of a number (default: found).",
        showsDefault: false, onResume: .sameIfKnown)
    @Option(TableOptions.decimal) var decimal: DecimalSign?
    static let missing = columns(
        "missing", "Further words that stand for a missing value, such as -999 or “unknown”.", valueName: "words")
    @Option(TableOptions.missing, parsing: .unconditional) var missing: SettingList<String>?
    static let header = Setting(
        "header", true, help: "The first line names the columns; otherwise they are column1, column2, ….",
        onResume: .sameIfKnown)
    @Flag(TableOptions.header, inversion: .prefixedNo) var header: Bool?

    static var settings: [BoundSetting<Self>] {
        [
            BoundSetting(optional: task, \.task), BoundSetting(optional: categorical, \.categorical),
            BoundSetting(optional: continuous, \.continuous), BoundSetting(optional: ignore, \.ignore),
            BoundSetting(optional: dates, \.dates), BoundSetting(flag: cyclicDates, \.cyclicDates),
            BoundSetting(maxCategories, \.maxCategories), BoundSetting(optional: mostCategories, \.mostCategories),
            BoundSetting(optional: delimiter, \.delimiter), BoundSetting(optional: decimal, \.decimal),
            BoundSetting(optional: missing, \.missing), BoundSetting(header, \.header),
        ]
    }
    func validate() throws { try checkGiven() }

    /// A list of names.
    private static func columns(
        _ key: String, _ help: String, valueName: String = "columns"
    ) -> Setting<SettingList<String>> {
        Setting(key, SettingList([]), help: help, valueName: valueName, showsDefault: false, onResume: .sameIfKnown)
    }

    private static func scalar(_ text: String) -> Unicode.Scalar? {
        if text == "tab" || text == "\\t" { return "\t" }
        let scalars = text.unicodeScalars
        guard scalars.count == 1, let first = scalars.first, first.isASCII, !"\"\r\n".unicodeScalars.contains(first)
        else { return nil }
        return first
    }

    /// A column that is said to be two things.
    var conflict: SettingConflict? {
        let lists = [("categorical", categorical), ("continuous", continuous), ("ignore", ignore), ("dates", dates)]
        for (place, (key, list)) in lists.enumerated() {
            for (other, names) in lists[..<place] {
                guard let both = list?.elements.first(where: { names?.elements.contains($0) ?? false }) else {
                    continue
                }
                return SettingConflict(
                    key: key, words: "--\(key) \(both)", problem: "the same column is named by --\(other)")
            }
        }
        if decimal == .comma, delimiter == "," {
            return SettingConflict(
                key: "decimal", words: "--decimal comma", problem: "a comma cannot be the --delimiter, too")
        }
        return nil
    }

    /// The file's table, and all that is known about it.
    ///
    /// - Throws: `DataError` naming the file.
    func read(_ path: String, target: String) throws -> (table: CSVTable, options: TabularOptions) {
        var options = TabularOptions()
        options.target = task?.target ?? .inferred
        options.categorical = categorical?.elements ?? []
        options.continuous = continuous?.elements ?? []
        options.ignored = ignore?.elements ?? []
        options.dates = dates?.elements
        options.cyclicDates = cyclicDates
        options.maxCategories = maxCategories ?? Self.maxCategories.initial
        options.mostCategories = mostCategories
        options.csv.header = header ?? Self.header.initial ? .firstLine : .none
        options.csv.missing += missing?.elements ?? []
        let source = try CSVSource.opened(path)
        let told = delimiter.flatMap(Self.scalar)
        options.csv = options.csv.found(
            in: source, columns: [target], among: told.map { [$0] } ?? CSV.Options.usualDelimiters)
        if let told { options.csv.delimiter = told }
        if let decimal { options.csv.decimal = decimal.sign }
        let table = try CSV.parse(source, file: path, options: options.csv)
        // A column may be called none.
        if options.dates == ["none"], !table.names.contains("none") { options.dates = [] }
        return (table, options)
    }

    /// What has been found out about the file; empty where it is as usual.
    static func remark(_ options: CSV.Options) -> String {
        guard options.delimiter != "," else { return "" }
        let name = options.delimiter == "\t" ? "tabs" : "“\(options.delimiter)”"
        return "file         fields between \(name)\(options.decimal == "," ? ", decimal commas" : "")\n"
    }
}
