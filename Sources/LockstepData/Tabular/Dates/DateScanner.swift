// SPDX-License-Identifier: Apache-2.0
// Reads one date, with or without a time, from text as people and programs write it.

/// A cursor over the bytes of one text.
struct DateScanner {
    private let bytes: [UInt8]
    private var position = 0
    private let form: DateForm

    /// The point in time that `text` means in this form; nil when it means none.
    static func moment(_ text: String, _ form: DateForm) -> Moment? {
        // A date is short; no long text is scanned.
        guard text.utf8.count <= 48 else { return nil }
        var scanner = DateScanner(bytes: Array(text.utf8), form: form)
        return scanner.moment()
    }

    private init(bytes: [UInt8], form: DateForm) { (self.bytes, self.form) = (bytes, form) }

    private mutating func moment() -> Moment? {
        skipSpaces()
        if let word = peekWord(), DateScanner.weekday(word) {
            position += word.count
            _ = skip(",.")
            skipSpaces()
        }
        guard let (year, month, day) = date(), let (second, offset) = timeOfDay() else { return nil }
        skipSpaces()
        guard position == bytes.count else { return nil }
        return Moment(year: year, month: month, day: day, second: second, offset: offset)
    }

    // MARK: Dates

    private mutating func date() -> (year: Int, month: Int, day: Int)? {
        if let month = monthName() { return named(month) }
        guard let (first, digits) = number() else { return nil }
        if digits == 8 { return (first / 10_000, first / 100 % 100, first % 100) }
        guard let separator = separator() else { return nil }
        return digits == 4 ? afterYear(first, separator) : digits <= 2 ? afterSmall(first, digits, separator) : nil
    }

    /// `2024-03-01`, `2024-03`, `2024/Mar/1`.
    private mutating func afterYear(_ year: Int, _ separator: UInt8) -> (Int, Int, Int)? {
        guard let month = monthName() ?? number(of: 1...2)?.value else { return nil }
        guard skip(separator) else { return (year, month, 1) }
        return number(of: 1...2).map { (year, month, $0.value) }
    }

    /// `1.3.2024`, `3/1/24`, `1-Mar-2024`, `1 March 2024`, `3/2024`.
    private mutating func afterSmall(_ first: Int, _ digits: Int, _ separator: UInt8) -> (Int, Int, Int)? {
        // “1. März” has a space behind its point, in English too.
        skipSpaces()
        if let month = monthName() {
            _ = skip(" -./,")
            skipSpaces()
            return year().map { ($0, month, first) }
        }
        guard separator != 0x20, let second = number() else { return nil }
        if second.digits == 4 { return (second.value, first, 1) }
        guard second.digits <= 2, form == .dayFirst || form == .monthFirst, skip(separator) else { return nil }
        skipSpaces()
        guard let third = number(), third.digits == 4 || third.digits == 2 else { return nil }
        // 10.4.11 is the number of a version, 10.04.11 a date.
        if third.digits == 2, separator == UInt8(ascii: "."), digits + second.digits < 4 { return nil }
        let year = third.digits == 4 ? third.value : DateScanner.century(third.value)
        return form == .dayFirst ? (year, second.value, first) : (year, first, second.value)
    }

    /// `March 1, 2024`, `Mar 2024`.
    private mutating func named(_ month: Int) -> (Int, Int, Int)? {
        _ = skip(" -./")
        skipSpaces()
        guard let (value, digits) = number() else { return nil }
        if digits == 4 { return (value, month, 1) }
        guard digits <= 2 else { return nil }
        if let word = peekWord(), ["st", "nd", "rd", "th"].contains(word) { position += 2 }
        _ = skip(",-./ ")
        skipSpaces()
        return year().map { ($0, month, value) }
    }

    private mutating func year() -> Int? {
        guard let (value, digits) = number() else { return nil }
        return digits == 4 ? value : digits == 2 ? DateScanner.century(value) : nil
    }

    /// POSIX: 69 is 1969, 68 is 2068.
    private static func century(_ year: Int) -> Int { year < 69 ? 2000 + year : 1900 + year }

    // MARK: Times

    /// Seconds of the day and the clock's distance from UTC; nothing is midnight.
    private mutating func timeOfDay() -> (second: Int, offset: Int)? {
        let start = position
        _ = skip(",")
        skipSpaces()
        if skip("Tt") { skipSpaces() }
        guard position < bytes.count else { return (0, 0) }
        guard position > start, let hours = number(of: 1...2), skip(":"), let minutes = number(of: 2...2) else {
            return nil
        }
        var (hour, second) = (hours.value, 0)
        if skip(":") {
            guard let seconds = number(of: 2...2) else { return nil }
            second = seconds.value
            if skip(".,"), number() == nil { return nil }
        }
        skipSpaces()
        if let word = peekWord(), word == "am" || word == "pm" {
            guard (1...12).contains(hour) else { return nil }
            hour = hour % 12 + (word == "pm" ? 12 : 0)
            position += 2
            skipSpaces()
        }
        // A leap second is the last one of its minute.
        guard hour < 24, minutes.value < 60, second <= 60, let offset = zone() else { return nil }
        return (hour * 3600 + minutes.value * 60 + min(second, 59), offset)
    }

    /// `Z`, `UTC`, `GMT`, `+02:00`, `-0530`, or nothing.
    private mutating func zone() -> Int? {
        if let word = peekWord(), ["z", "utc", "gmt"].contains(word) {
            position += word.count
            skipSpaces()
        }
        guard position < bytes.count else { return 0 }
        let sign = bytes[position] == UInt8(ascii: "-") ? -1 : 1
        guard skip("+-"), let (value, digits) = number() else { return nil }
        if digits == 4 { return sign * (value / 100 * 3600 + value % 100 * 60) }
        guard digits <= 2 else { return nil }
        guard skip(":") else { return sign * value * 3600 }
        return number(of: 2...2).map { sign * (value * 3600 + $0.value * 60) }
    }

    // MARK: Pieces

    private mutating func skipSpaces() { while position < bytes.count, bytes[position] == 0x20 { position += 1 } }

    private mutating func skip(_ byte: UInt8) -> Bool {
        guard position < bytes.count, bytes[position] == byte else { return false }
        position += 1
        return true
    }

    /// Steps over one of these.
    private mutating func skip(_ any: StaticString) -> Bool {
        guard position < bytes.count else { return false }
        let isOne = any.withUTF8Buffer { $0.contains(bytes[position]) }
        if isOne { position += 1 }
        return isOne
    }

    private mutating func separator() -> UInt8? {
        let start = position
        return skip("-/. ") ? bytes[start] : nil
    }

    /// A number without a sign, and how many digits it has.
    private mutating func number() -> (value: Int, digits: Int)? {
        var value = 0
        let start = position
        while position < bytes.count, bytes[position] &- 0x30 < 10, position - start < 10 {
            value = value * 10 + Int(bytes[position] - 0x30)
            position += 1
        }
        return position == start ? nil : (value, position - start)
    }

    private mutating func number(of digits: ClosedRange<Int>) -> (value: Int, digits: Int)? {
        number().flatMap { digits.contains($0.digits) ? $0 : nil }
    }

    /// The letters at the cursor, small.
    private func peekWord() -> String? {
        let letters = bytes[position...].prefix { ($0 | 0x20) >= 0x61 && ($0 | 0x20) <= 0x7A }
        return letters.isEmpty ? nil : String(decoding: letters.map { $0 | 0x20 }, as: UTF8.self)
    }

    private mutating func monthName() -> Int? {
        guard let word = peekWord(), word.count >= 3,
            let place = DateScanner.months.firstIndex(where: { $0.hasPrefix(word) })
        else { return nil }
        position += word.count
        return place + 1
    }

    private static func weekday(_ word: String) -> Bool {
        word.count >= 3 && weekdays.contains { $0.hasPrefix(word) }
    }

    private static let months = [
        "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
        "december",
    ]
    private static let weekdays = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
}
