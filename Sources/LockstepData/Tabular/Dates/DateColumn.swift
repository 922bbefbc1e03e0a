// SPDX-License-Identifier: Apache-2.0
// A column of dates: how it is written and which columns stand for it.

/// A column of dates, for which columns of numbers stand: fastai's `add_datepart`.
///
/// `saleDate` becomes `saleYear`, `saleMonth`, `saleWeek`, `saleDay`, `saleDayofweek` (0 for Monday), `saleDayofyear`, six flags from
/// `saleIs_month_end` to `saleIs_year_start`, with times of day `saleHour`, `saleMinute`, `saleSecond`, and `saleElapsed`: seconds since
/// 1970. Where clocks differ from UTC, the parts are those of the clock.
public struct DateColumn: Sendable, Equatable, Codable {
    /// The column's name in the table.
    public let name: String
    /// How its dates are written.
    public let form: DateForm
    /// The columns that stand for it, by what stands behind ``prefix``.
    public let parts: [String]
    /// The first date of the training rows, for print.
    public let first: String
    /// The last one.
    public let last: String

    init(name: String, form: DateForm, parts: [String], first: String, last: String) {
        (self.name, self.form, self.parts, self.first, self.last) = (name, form, parts, first, last)
    }

    /// The column's name without a “date” at its end.
    public var prefix: String {
        name.hasSuffix("date") || name.hasSuffix("Date") ? String(name.dropLast(4)) : name
    }

    /// The names of the columns that stand for it.
    public var columns: [String] { parts.map { prefix + $0 } }

    /// The point in time of every row; nil where there is none, or where what stands there is no date.
    ///
    /// - Throws: `DataError` where there is no room for them.
    func moments(_ column: CSVColumn) throws(DataError) -> CSVValues<Moment?> {
        if form.isNumber, let numbers = ColumnNumbers(column) {
            return try CSVValues(count: column.count) { row in
                let number = numbers.value(row)
                return number.isNaN ? nil : form.moment(number)
            }
        }
        let made = MadeOfTexts(column) { [form] text in DateColumn.moment(text, form) }
        return try CSVValues(count: column.count) { made[$0] ?? nil }
    }

    /// The point in time that a word means.
    static func moment(_ text: String, _ form: DateForm) -> Moment? {
        // 20240301.0: pandas writes a column of whole numbers with gaps so.
        if form.isNumber { return Double(text).flatMap { form.moment($0) } }
        return DateScanner.moment(text.hasSuffix(".0") ? String(text.dropLast(2)) : text, form)
    }
}

extension CSVTable {
    /// The table with `dates` replaced by the columns that stand for them.
    /// - Throws: `DataError` when one of them is missing.
    func expanded(_ dates: [DateColumn]) throws(DataError) -> CSVTable {
        if dates.isEmpty { return self }
        for date in dates { _ = try column(date.name) }
        // Further columns of new rows may have the parts' names; those of the training table did not.
        let parts = Set(dates.flatMap(\.columns))
        var expanded: [CSVColumn] = []
        for column in columns where !parts.contains(column.name) {
            expanded += try dates.first { $0.name == column.name }?.expanded(column) ?? [column]
        }
        return CSVTable(file: file, rowCount: rowCount, columns: expanded, lines: lines)
    }
}

extension DateColumn {
    fileprivate func expanded(_ column: CSVColumn) throws(DataError) -> [CSVColumn] {
        let (moments, rows) = (try moments(column), column.count)
        let missing = moments.contains { $0 == nil } ? try CSVValues(count: rows) { moments[$0] == nil } : nil
        var columns: [CSVColumn] = []
        for name in parts {
            guard let part = DatePart(rawValue: name) else { continue }
            let values: CSVColumn.Values
            if part.isCyclic {
                values = .reals(
                    try CSVValues(count: rows) {
                        if case .real(let value)? = moments[$0].map(part.value) { value } else { .nan }
                    })
            } else {
                values = .integers(
                    try CSVValues(count: rows) {
                        if case .integer(let value)? = moments[$0].map(part.value) { value } else { 0 }
                    })
            }
            columns.append(CSVColumn(name: prefix + name, values: values, missing: missing))
        }
        return columns
    }
}
