// SPDX-License-Identifier: Apache-2.0
// What columns a date becomes: fastai's parts with fastai's names.

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// One of the columns that a date becomes; the raw value is what stands behind the column's name.
///
/// fastai's `add_datepart`, and the pairs of `add_cyclic_datepart`.
enum DatePart: String, CaseIterable, Sendable {
    case year = "Year"
    case month = "Month"
    case week = "Week"
    case day = "Day"
    case dayOfWeek = "Dayofweek"
    case dayOfYear = "Dayofyear"
    case isMonthEnd = "Is_month_end"
    case isMonthStart = "Is_month_start"
    case isQuarterEnd = "Is_quarter_end"
    case isQuarterStart = "Is_quarter_start"
    case isYearEnd = "Is_year_end"
    case isYearStart = "Is_year_start"
    case hour = "Hour"
    case minute = "Minute"
    case second = "Second"
    case elapsed = "Elapsed"
    case weekdayCos = "weekday_cos"
    case weekdaySin = "weekday_sin"
    case dayMonthCos = "day_month_cos"
    case dayMonthSin = "day_month_sin"
    case monthYearCos = "month_year_cos"
    case monthYearSin = "month_year_sin"
    case dayYearCos = "day_year_cos"
    case dayYearSin = "day_year_sin"
    case clockCos = "clock_cos"
    case clockSin = "clock_sin"

    /// Those of a column, in order.
    static func all(hasTime: Bool, isCyclic: Bool) -> [DatePart] {
        allCases.filter { part in
            switch part {
            case .hour, .minute, .second: hasTime
            case .clockCos, .clockSin: hasTime && isCyclic
            default: isCyclic || !part.isCyclic
            }
        }
    }

    /// Whether it is half of a point on a circle.
    var isCyclic: Bool { rawValue.hasSuffix("_cos") || rawValue.hasSuffix("_sin") }

    /// The value at a point in time.
    enum Value { case integer(Int), real(Double) }

    func value(_ moment: Moment) -> Value {
        if isCyclic { return .real(onCircle(turns(moment))) }
        let (year, month, day) = moment.date
        let (isFirst, isLast) = (day == 1, day == Moment.days(in: month, of: year))
        func flag(_ holds: Bool) -> Value { .integer(holds ? 1 : 0) }
        return switch self {
        case .year: .integer(year)
        case .month: .integer(month)
        case .week: .integer(moment.week)
        case .day: .integer(day)
        case .dayOfWeek: .integer(moment.weekday)
        case .dayOfYear: .integer(moment.dayOfYear)
        case .isMonthEnd: flag(isLast)
        case .isMonthStart: flag(isFirst)
        case .isQuarterEnd: flag(isLast && month % 3 == 0)
        case .isQuarterStart: flag(isFirst && month % 3 == 1)
        case .isYearEnd: flag(isLast && month == 12)
        case .isYearStart: flag(isFirst && month == 1)
        case .hour: .integer(moment.second / 3600)
        case .minute: .integer(moment.second / 60 % 60)
        case .second: .integer(moment.second % 60)
        default: .integer(moment.elapsed)
        }
    }

    /// How much of its circle is over, in 0 ..< 1.
    private func turns(_ moment: Moment) -> Double {
        let (year, month, day) = moment.date
        return switch self {
        case .weekdayCos, .weekdaySin: Double(moment.weekday) / 7
        case .dayMonthCos, .dayMonthSin: Double(day - 1) / Double(Moment.days(in: month, of: year))
        case .monthYearCos, .monthYearSin: Double(month - 1) / 12
        case .dayYearCos, .dayYearSin: Double(moment.dayOfYear - 1) / (Moment.isLeap(year) ? 366 : 365)
        default: Double(moment.second) / 86_400
        }
    }

    private func onCircle(_ turns: Double) -> Double {
        rawValue.hasSuffix("_cos") ? cos(2 * Double.pi * turns) : sin(2 * Double.pi * turns)
    }
}
