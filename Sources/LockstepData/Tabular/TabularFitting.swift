// SPDX-License-Identifier: Apache-2.0
// Finding out, from the training rows of a table, what its columns are and how to turn them into numbers.

/// What may be said about a table's columns beforehand; whatever is not said is inferred.
public struct TabularOptions: Sendable {
    /// Whether the target is a class, a number, or a count: a whole number from 0 that says how often something happened.
    public enum Target: Sendable { case inferred, classification, regression, counts }

    /// What the target is.
    public var target: Target = .inferred
    /// Columns to treat as categories.
    public var categorical: [String] = []
    /// Columns to treat as numbers.
    public var continuous: [String] = []
    /// Columns to leave out.
    public var ignored: [String] = []
    /// Integer columns with at most this many distinct values are categories, and an integer target is a class.
    public var maxCategories = 20
    /// Columns of dates; nil finds them, and none are none.
    public var dates: [String]?
    /// Whether dates become points on circles, too: a Sunday is then as near to Monday as a Tuesday is.
    public var cyclicDates = false
    /// How many categories a column keeps: the most frequent ones, the others count as unknown. Nil keeps all.
    public var mostCategories: Int?
    /// Text of more than ``maxCategories`` values is ignored where these are a larger share of the rows, for little can be learned of a
    /// category seen once; 1 keeps all text but that which differs in every row.
    public var mostDistinct = 0.5
    /// How to read the file.
    public var csv = CSV.Options()

    /// Everything is inferred.
    public init() {}
}

extension TabularColumns {
    /// Studies `table`, statistics and categories over the rows `training` only.
    ///
    /// A column is categorical when it is text or integers with at most `maxCategories` distinct values; otherwise
    /// continuous. Text that differs in nearly every row and columns without values are ignored. Dates become columns of their own
    /// (``DateColumn``). An integer target with few values is a class, unless it looks like a count; the classes are those of the
    /// whole table.
    ///
    /// Statistics are those of doubles, also where a mean is 10¹⁵ times the deviation. Models have float32: numbers beyond
    /// it, infinity, and targets that it cannot tell apart are errors.
    /// - Throws: `DataError` naming the file, and the line where there is one.
    public init(
        fitting table: CSVTable, target name: String, training: [Int], options: TabularOptions = TabularOptions()
    ) throws(DataError) {
        let targetColumn = try table.column(name)
        let told = options.categorical + options.continuous + options.ignored
        for other in told + (options.dates ?? []) { _ = try table.column(other) }
        guard !training.isEmpty else {
            throw DataError(
                .mismatch, file: table.file, "there are no rows to train on: \(table.rowCount) in the table")
        }
        if let missing = targetColumn.missing, let row = missing.firstIndex(of: true) {
            throw DataError(
                .mismatch, file: table.file, at: .line(table.lines[row]), "the target “\(name)” is missing",
                remedy: "Remove such rows, or fill them in")
        }
        // In the order of the file, which a random split has not: columns of millions of rows do not fit in a cache.
        let training = training.sorted()
        target = try Self.target(targetColumn, training, table, options)
        dates = try table.dates(options, training: training, except: Set(told + [name]))
        reading = TableReading(options.csv)
        // Of a date only the last part marks where there is none: it is the same for all.
        let (parts, marks) = (Set(dates.flatMap(\.columns)), Set(dates.compactMap(\.columns.last)))
        let table = try table.expanded(dates)
        var categorical: [CategoricalColumn] = []
        var continuous: [ContinuousColumn] = []
        var ignored: [(name: String, reason: String)] = []
        for column in table.columns where column.name != name {
            defer { column.keeper.release() }
            if options.ignored.contains(column.name) {
                ignored.append((column.name, "as told"))
            } else if let reason = Self.reasonToIgnore(column, training, options) {
                ignored.append((column.name, reason))
            } else if Self.isCategorical(column, training, options) {
                let (vocabulary, isCut) = Self.vocabulary(column, training, options)
                categorical.append(
                    CategoricalColumn(
                        name: column.name, kind: column.kind, vocabulary: ["#na#"] + vocabulary,
                        hadMissing: Self.hasGaps(column, training), isCut: isCut ? true : nil))
            } else if let numbers = ColumnNumbers(column) {
                try table.checkHeld(numbers, training, of: column.name, "column")
                continuous.append(ContinuousColumn(column.name, numbers, training: training))
                if Self.hasGaps(column, training), !parts.contains(column.name) || marks.contains(column.name) {
                    categorical.append(
                        CategoricalColumn(
                            name: column.name + "_na", kind: .text, vocabulary: ["#na#", "false", "true"],
                            marksMissing: column.name, hadMissing: false))
                }
            } else {
                throw DataError(
                    .mismatch, file: table.file, "the column “\(column.name)” is to be continuous, but holds text")
            }
        }
        guard !categorical.isEmpty || !continuous.isEmpty else {
            throw DataError(.mismatch, file: table.file, "no column is left to predict “\(name)” from")
        }
        self.categorical = categorical
        self.continuous = continuous
        self.ignored = ignored
    }

    /// What kind of target a column is: by what was said of it, or by its values.
    static func targetKind(
        _ column: CSVColumn, _ rows: some Collection<Int>, _ options: TabularOptions
    ) -> TabularOptions.Target {
        if options.target != .inferred { return options.target }
        switch column.kind {
        case .text: return .classification
        case .real: return .regression
        case .integer:
            guard hasFewValues(column, rows, options) else { return .regression }
            return looksLikeCounts(column, rows) ? .counts : .classification
        }
    }

    private static func target(
        _ column: CSVColumn, _ training: [Int], _ table: CSVTable, _ options: TabularOptions
    ) throws(DataError) -> TargetColumn {
        let rows = 0..<table.rowCount
        // By all rows: no statistic, and another split of the same table does not make another kind of it.
        let kind = targetKind(column, rows, options)
        if kind == .classification {
            // A class that the split gave no row to train on is one nevertheless.
            let classes = categories(column, rows)
            guard classes.count > 1 else {
                throw DataError(
                    .mismatch, file: table.file,
                    "the target “\(column.name)” has one value only: \(CSV.list(classes, of: nil))")
            }
            return TargetColumn(name: column.name, kind: .classification(classes: classes))
        }
        guard let numbers = ColumnNumbers(column) else {
            throw DataError(.mismatch, file: table.file, "the target “\(column.name)” holds text, not numbers")
        }
        try table.checkHeld(numbers, rows, of: column.name, "target")
        if kind == .counts {
            try table.checkCounts(numbers, rows, of: column.name)
            return TargetColumn(name: column.name, kind: .counts)
        }
        try checkResolution(column.name, numbers, training, table)
        return TargetColumn(name: column.name, kind: .regression)
    }

    /// Refuses targets that are near enough to each other, and far enough from 0, for float32 to make them alike.
    private static func checkResolution(
        _ name: String, _ numbers: ColumnNumbers, _ training: [Int], _ table: CSVTable
    ) throws(DataError) {
        let statistics = ContinuousColumn(name, numbers, training: training)
        let largest = training.reduce(0) { max($0, numbers.value($1).magnitude) }
        let step = Double(Float(largest).ulp)
        guard step > statistics.deviation / 50,
            training.contains(where: { numbers.value($0) != numbers.value(training[0]) })
        else { return }
        throw DataError(
            .mismatch, file: table.file,
            "the targets “\(name)” differ by \(short(statistics.deviation)) about \(short(statistics.mean)), where float32, the type of models, holds every \(short(step)) only",
            remedy: "Subtract a number from all of them")
    }

    private static func hasGaps(_ column: CSVColumn, _ training: [Int]) -> Bool {
        column.missing.map { missing in training.contains { missing[$0] } } ?? false
    }

    private static func reasonToIgnore(_ column: CSVColumn, _ training: [Int], _ options: TabularOptions) -> String? {
        if let missing = column.missing, training.allSatisfy({ missing[$0] }) { return "no values" }
        guard !options.categorical.contains(column.name), case .texts(let texts) = column.values else { return nil }
        // A name or an identifier; nothing can be learned from a category seen once.
        let distinct = Set(words(of: texts, column, training)).count
        if training.count > 1, distinct == training.count { return "text that differs in every row" }
        let rows = training.count { column.missing?[$0] != true }
        guard distinct > options.maxCategories, Double(distinct) > options.mostDistinct * Double(rows) else {
            return nil
        }
        return "text that differs in nearly every row: \(distinct) values in \(rows)"
    }

    private static func isCategorical(_ column: CSVColumn, _ training: [Int], _ options: TabularOptions) -> Bool {
        if options.categorical.contains(column.name) { return true }
        if options.continuous.contains(column.name) { return false }
        switch column.kind {
        case .text: return true
        case .real: return false
        case .integer: return hasFewValues(column, training, options)
        }
    }

    private static func hasFewValues(
        _ column: CSVColumn, _ training: some Collection<Int>, _ options: TabularOptions
    ) -> Bool {
        guard case .integers(let values) = column.values else { return false }
        var distinct: Set<Int> = []
        for row in training where column.missing?[row] != true {
            distinct.insert(values[row])
            if distinct.count > options.maxCategories { return false }
        }
        return true
    }

    /// The categories that are kept, and whether these are not all: the rarer ones go, of equally frequent ones the last.
    private static func vocabulary(
        _ column: CSVColumn, _ training: [Int], _ options: TabularOptions
    ) -> (kept: [String], isCut: Bool) {
        let all = categories(column, training)
        guard let most = options.mostCategories, all.count > most else { return (all, false) }
        let places = all.places
        var counts = [Int](repeating: 0, count: all.count)
        column.forEachText(in: training) {
            places[$0]
        } _: {
            if let place = $1 ?? nil { counts[place] += 1 }
        }
        let frequent = all.indices.sorted { counts[$0] == counts[$1] ? $0 < $1 : counts[$0] > counts[$1] }
        return (frequent.prefix(most).sorted().map { all[$0] }, true)
    }

    /// The distinct values of the training rows, numbers in numerical and text in alphabetical order.
    private static func categories(_ column: CSVColumn, _ training: some Collection<Int>) -> [String] {
        func distinct<Value: Hashable & Comparable>(_ values: CSVValues<Value>) -> [Value] {
            Set(training.lazy.filter { column.missing?[$0] != true }.map { values[$0] }).sorted()
        }
        return switch column.values {
        case .integers(let values): distinct(values).map(String.init)
        case .reals(let values): distinct(values).map { String($0) }
        case .texts(let texts): Set(words(of: texts, column, training)).sorted()
        }
    }

    /// The words that occur in the training rows.
    private static func words(
        of texts: CSVTexts, _ column: CSVColumn, _ training: some Collection<Int>
    ) -> [String] {
        var occurs = [Bool](repeating: false, count: texts.words.count)
        for row in training where column.missing?[row] != true { occurs[Int(texts.codes[row])] = true }
        return texts.words.indices.filter { occurs[$0] }.map { texts.words[$0] }
    }
}
