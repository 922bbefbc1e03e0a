// SPDX-License-Identifier: Apache-2.0
// Where the rows of a training report go.

/// Takes the report of a fit, row by row. Only the writing rank's is called.
public protocol RowLogger: AnyObject {
    /// The columns of the fit that begins.
    func begin(_ header: [String])
    /// One epoch.
    func log(_ row: EpochRow)
}

extension RowLogger {
    /// Begins a table with these columns.
    public func begin(_ header: [String]) {}
}

/// Prints each row as a list: `[0, 16.240398, 9.274677, 2.640816, 00:00]`.
public final class PrintLogger: RowLogger {
    private let console: Console
    /// Rows on `console`.
    public init(_ console: Console = .standardOutput) { self.console = console }
    /// Takes a finished row.
    public func log(_ row: EpochRow) {
        console.write("[\(row.cells.map { $0.isEmpty ? "nil" : $0 }.joined(separator: ", "))]\n")
    }
}

/// Drops all rows.
public final class SilentLogger: RowLogger {
    /// A logger that says nothing.
    public init() {}
    /// Takes a finished row.
    public func log(_ row: EpochRow) {}
}
