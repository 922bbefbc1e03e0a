// SPDX-License-Identifier: Apache-2.0
// The training report as a table.

/// Prints rows as a table with aligned columns; plain lines, readable in a terminal and in a log file.
///
/// ```
/// epoch  train_loss  valid_loss  accuracy  time
/// 0      0.845213    0.312097    0.924791  00:00
/// ```
public final class TableLogger: RowLogger {
    private let console: Console
    private var widths: [Int] = []
    /// Called before a line is written, to take a bar away.
    var willWrite: () -> Void = {}

    /// Gets every row, too. The recorder has told it the columns.
    var next: (any RowLogger)?

    /// A table on `console`.
    public init(_ console: Console = .standardOutput) { self.console = console }

    /// Begins a table with these columns.
    public func begin(_ header: [String]) {
        widths = header.enumerated().map { max($1.count, $0 == 0 || $1 == "time" ? 5 : 8) }
        write(header, style: console.usesColor ? ("\u{1B}[1m", "\u{1B}[0m") : ("", ""))
    }

    /// Takes a finished row.
    public func log(_ row: EpochRow) {
        let cells = row.cells
        if widths.count != cells.count { widths = zip(row.header, cells).map { max($0.count, $1.count) } }
        write(cells, style: ("", ""))
        next?.log(row)
    }

    private func write(_ cells: [String], style: (String, String)) {
        willWrite()
        console.write(style.0 + Self.line(cells, widths) + style.1 + "\n")
    }

    /// Cells in columns of these widths, without spaces behind the last.
    static func line(_ cells: [String], _ widths: [Int]) -> String {
        let padded = zip(cells, widths).map { $0 + String(repeating: " ", count: max(0, $1 - $0.count)) }
        var line = padded.joined(separator: "  ")
        while line.hasSuffix(" ") { line.removeLast() }
        return line
    }
}
