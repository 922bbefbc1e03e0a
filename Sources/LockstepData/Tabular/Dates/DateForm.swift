// SPDX-License-Identifier: Apache-2.0
// How the dates of a column are written: which number is the day, or since when seconds are counted.

/// How the dates of a column are written.
///
/// Dates that begin with the year (ISO 8601: `2024-03-01`, `20240301`, `2024-03-01T12:30:00+02:00`) and those with the month's English
/// name (`1 March 2024`, `Mar 1, 2024`) are understood in each form of text.
public enum DateForm: String, Sendable, Equatable, Codable, CaseIterable {
    /// The year first, or the month by its name: nothing to mistake.
    case yearFirst
    /// `31.12.2024`, `31/12/24`: the day first.
    case dayFirst
    /// `12/31/2024`: the month first.
    case monthFirst
    /// Seconds since 1970-01-01 UTC.
    case seconds
    /// Milliseconds since then.
    case milliseconds

    /// Whether the values are numbers, not text.
    var isNumber: Bool { self == .seconds || self == .milliseconds }

    /// For print: the end of “written …”.
    var words: String {
        switch self {
        case .yearFirst: "year first"
        case .dayFirst: "day first"
        case .monthFirst: "month first"
        case .seconds: "seconds since 1970"
        case .milliseconds: "milliseconds since 1970"
        }
    }

    /// The point in time that a count of this form means; nil for none of our time.
    func moment(_ count: Double) -> Moment? {
        let seconds = (self == .milliseconds ? count / 1000 : count).rounded(.down)
        // The years 1000 to 2999.
        guard seconds >= -30_610_224_000, seconds < 32_503_680_000 else { return nil }
        return Moment(elapsed: Int(seconds))
    }
}
