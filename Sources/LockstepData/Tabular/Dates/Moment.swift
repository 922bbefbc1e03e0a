// SPDX-License-Identifier: Apache-2.0
// A date and a time of day in the calendar everybody has (Gregorian, also before it was invented).

/// A point in time as a calendar and a clock show it.
struct Moment: Equatable, Sendable {
    /// Days since 1970-01-01.
    let day: Int
    /// Seconds of that day, 0 ..< 86400.
    let second: Int
    /// How far the clock is ahead of UTC, in seconds.
    let offset: Int

    /// Seconds since 1970-01-01 00:00 UTC.
    var elapsed: Int { day * 86_400 + second - offset }

    /// A point in time by a clock in UTC.
    init(elapsed: Int) {
        let second = ((elapsed % 86_400) + 86_400) % 86_400
        (day, self.second, offset) = ((elapsed - second) / 86_400, second, 0)
    }

    /// Nil for a day that no calendar has, such as 30 February.
    init?(year: Int, month: Int, day: Int, second: Int = 0, offset: Int = 0) {
        guard (1000...2999).contains(year), (1...12).contains(month), day >= 1,
            day <= Moment.days(in: month, of: year)
        else { return nil }
        (self.day, self.second, self.offset) = (Moment.number(year, month, day), second, offset)
    }

    /// Year, month and day of the month, the latter two from 1.
    var date: (year: Int, month: Int, day: Int) {
        // Eras of 400 years that begin on 1 March (Howard Hinnant, “chrono-compatible low-level date algorithms”).
        let shifted = day + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (
            yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        )
    }

    /// 0 for Monday.
    var weekday: Int { (((day + 3) % 7) + 7) % 7 }

    /// The day of its year, from 1.
    var dayOfYear: Int { day - Moment.number(date.year, 1, 1) + 1 }

    /// The week of ISO 8601: the first one is that with the year's first Thursday.
    var week: Int {
        let thursday = day - weekday + 3
        let year = Moment(elapsed: thursday * 86_400).date.year
        return (thursday - Moment.number(year, 1, 1)) / 7 + 1
    }

    static func isLeap(_ year: Int) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }

    static func days(in month: Int, of year: Int) -> Int {
        month == 2 ? (isLeap(year) ? 29 : 28) : [4, 6, 9, 11].contains(month) ? 30 : 31
    }

    private static func number(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}

extension Moment: CustomStringConvertible {
    /// As ISO 8601 writes it, without a time at midnight.
    var description: String {
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let (year, month, number) = date
        let day = "\(year)-\(two(month))-\(two(number))"
        if second == 0 { return day }
        return "\(day) \(two(second / 3600)):\(two(second / 60 % 60)):\(two(second % 60))"
    }
}
