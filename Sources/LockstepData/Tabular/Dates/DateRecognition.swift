// SPDX-License-Identifier: Apache-2.0
// Finding the columns of dates in a table, and how each is written.

extension DateColumn {
    /// The column as one of dates, when it is one.
    ///
    /// Text is when nineteen of twenty different values or more are dates of one form. Whole numbers are when all are days written
    /// `20240301`, or when all are seconds (or milliseconds) between 1980 and 2100 and either their column's name speaks of time or all
    /// are whole minutes over more than a day.
    ///
    /// - Parameters:
    ///   - isTold: it is to be one: then half of the values are enough, and no name is needed.
    ///   - taken: names of columns that parts must not have.
    /// - Throws: `DataError` where there is no room for the points in time.
    static func recognised(
        _ column: CSVColumn, training: [Int], isTold: Bool, isCyclic: Bool, taken: Set<String>
    ) throws(DataError) -> DateColumn? {
        guard let form = form(of: column, training, isTold: isTold) else { return nil }
        let plain = DateColumn(name: column.name, form: form, parts: [], first: "", last: "")
        let all = try plain.moments(column)
        let moments = training.lazy.compactMap { all[$0] }
        guard let first = moments.min(by: { $0.elapsed < $1.elapsed }),
            let last = moments.max(by: { $0.elapsed < $1.elapsed })
        else { return nil }
        let parts = DatePart.all(hasTime: moments.contains { $0.second != 0 }, isCyclic: isCyclic).map(\.rawValue)
        return DateColumn(
            name: column.name, form: form, parts: parts.filter { !taken.contains(plain.prefix + $0) },
            first: "\(first)", last: "\(last)")
    }

    private static func form(of column: CSVColumn, _ training: [Int], isTold: Bool) -> DateForm? {
        if case .texts(let texts) = column.values { return form(of: texts, column, training, isTold: isTold) }
        return formOfNumbers(column, training, isTold: isTold)
    }

    private static func form(
        of texts: CSVTexts, _ column: CSVColumn, _ training: [Int], isTold: Bool
    ) -> DateForm? {
        // What is no date shows itself early: most columns of text are left after a few words.
        let start = texts.words.prefix(40).filter { !$0.isEmpty }
        if !isTold, start.count(where: isNearlyDate) * 2 < start.count { return nil }
        var occurs = [Bool](repeating: false, count: texts.words.count)
        for row in training where column.missing?[row] != true { occurs[Int(texts.codes[row])] = true }
        let words = Array(zip(texts.words, occurs).lazy.filter { $0.1 }.prefix(10_000).map { $0.0 })
        func share(_ form: DateForm) -> Double {
            Double(words.count { DateScanner.moment($0, form) != nil }) / Double(max(1, words.count))
        }
        let needed = isTold ? 0.5 : 0.95
        let (year, day, month) = (share(.yearFirst), share(.dayFirst), share(.monthFirst))
        let best = max(year, day, month)
        guard best >= needed, best > 0 else { return nil }
        if year == best { return .yearFirst }
        if day != month { return day > month ? .dayFirst : .monthFirst }
        return ambiguous(words)
    }

    private static func isNearlyDate(_ word: String) -> Bool {
        DateForm.allCases.contains { !$0.isNumber && DateScanner.moment(word, $0) != nil }
    }

    /// For dates that either order makes sense of: the one in which all are the first of a month, or the custom of those who
    /// put slashes between, in America, or points.
    private static func ambiguous(_ words: [String]) -> DateForm {
        func days(_ form: DateForm) -> Set<Int> { Set(words.compactMap { DateScanner.moment($0, form)?.date.day }) }
        let (day, month) = (days(.dayFirst), days(.monthFirst))
        if day.count == 1 || month.count == 1, day.count != month.count {
            return day.count == 1 ? .dayFirst : .monthFirst
        }
        return words.contains { $0.contains("/") } ? .monthFirst : .dayFirst
    }

    private static func formOfNumbers(_ column: CSVColumn, _ training: [Int], isTold: Bool) -> DateForm? {
        guard let numbers = ColumnNumbers(column) else { return nil }
        var (least, most) = (Double.infinity, -Double.infinity)
        numbers.forEach(in: training) {
            if !$1.value.isNaN { (least, most) = (min(least, $1.value), max(most, $1.value)) }
        }
        // Before 1970 no number is one that is recognised.
        guard least >= 0, least < most || (isTold && least == most) else { return nil }
        let values = training.lazy.map(numbers.value).filter { !$0.isNaN }
        if least >= 10_000_000, most < 30_000_000,
            values.allSatisfy({ $0.rounded() == $0 && DateScanner.moment("\(Int($0))", .yearFirst) != nil })
        {
            return .yearFirst
        }
        // 1980 to 2100.
        let (from, to) = (315_532_800.0, 4_102_444_800.0)
        for (form, scale) in [(DateForm.seconds, 1.0), (.milliseconds, 1000)] {
            guard least >= from * scale, most < to * scale else { continue }
            let areMinutes =
                most - least > 86_400 * scale
                && values.allSatisfy { $0.truncatingRemainder(dividingBy: 60 * scale) == 0 }
            if isTold || areMinutes || speaksOfTime(column.name) { return form }
        }
        return isTold && least >= 0 && most < to ? .seconds : nil
    }

    /// Whether a column's name says that it holds times.
    private static func speaksOfTime(_ name: String) -> Bool {
        let small = name.lowercased()
        if small == "ts" || small == "t" || small.hasSuffix("_at") || small.hasSuffix("_ts") { return true }
        return ["date", "time", "stamp", "epoch", "unix", "when"].contains { small.contains($0) }
    }
}

extension CSVTable {
    /// The columns of dates, in the order of the table.
    ///
    /// - Throws: `DataError` naming a column that is to be one and is not, with the line of the first value that is no date.
    func dates(_ options: TabularOptions, training: [Int], except others: Set<String>) throws(DataError) -> [DateColumn]
    {
        var found: [DateColumn] = []
        var names = Set(names)
        for column in columns where !others.contains(column.name) {
            let isTold = options.dates?.contains(column.name) ?? false
            if options.dates != nil, !isTold { continue }
            let date = try DateColumn.recognised(
                column, training: training, isTold: isTold, isCyclic: options.cyclicDates, taken: names)
            if let date, !date.parts.isEmpty {
                found.append(date)
                names.formUnion(date.columns)
            } else if isTold {
                throw noDate(column, training)
            }
        }
        return found
    }

    private func noDate(_ column: CSVColumn, _ training: [Int]) -> DataError {
        let row = training.sorted().first { row in
            column.text(at: row).map { text in DateForm.allCases.allSatisfy { DateColumn.moment(text, $0) == nil } }
                ?? false
        }
        return DataError(
            .mismatch, file: file, at: row.map { .line(lines[$0]) },
            "the column “\(column.name)” is to hold dates"
                + (row.flatMap { column.text(at: $0) }.map { ", but “\($0)” is none" } ?? ", but has none"),
            remedy:
                "Dates are read as 2024-12-31, 31.12.2024, 12/31/2024, 31 Dec 2024, with a time behind, or seconds since 1970"
        )
    }
}
