// SPDX-License-Identifier: Apache-2.0
// One line of the training report.

/// What the recorder knows of one epoch: a value, or nil where there is none, for every column.
public struct EpochRow: Equatable, Sendable {
    /// The epoch, from 0.
    public let epoch: Int
    /// Columns between epoch and time: `train_loss`, `valid_loss`, metrics.
    public let names: [String]
    /// One for each name; nil when the phase was cancelled or saw no items.
    public let values: [Double?]
    /// Seconds the epoch took; nil when they are not recorded.
    public let seconds: Double?

    /// A row with one value for each name.
    public init(epoch: Int, names: [String], values: [Double?], seconds: Double?) {
        (self.epoch, self.names, self.values, self.seconds) = (epoch, names, values, seconds)
    }

    /// The value of a column; nil also when there is no such column.
    public subscript(name: String) -> Double? { names.firstIndex(of: name).flatMap { values[$0] } }

    /// All column names.
    public var header: [String] { ["epoch"] + names + (seconds == nil ? [] : ["time"]) }

    /// All cells as text: numbers with six decimals, nothing as the empty string, time as `mm:ss`.
    public var cells: [String] {
        ["\(epoch)"] + values.map { $0.map { fixed($0, 6) } ?? "" } + (seconds.map { [formatTime($0)] } ?? [])
    }
}

/// `value` with a fixed number of decimals, without Foundation's formatter.
func fixed(_ value: Double, _ decimals: Int) -> String {
    // The sign of what is no number says nothing.
    if value.isNaN { return "nan" }
    guard value.isFinite, value.magnitude < 1e12 else { return "\(value)" }
    var scale = 1.0
    for _ in 0..<decimals { scale *= 10 }
    let scaled = Int64((value.magnitude * scale).rounded())
    let digits = String(scaled)
    let padded = String(repeating: "0", count: max(0, decimals + 1 - digits.count)) + digits
    let sign = value < 0 && scaled != 0 ? "-" : ""
    guard decimals > 0 else { return sign + padded }
    return sign + padded.dropLast(decimals) + "." + padded.suffix(decimals)
}
