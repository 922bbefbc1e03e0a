// SPDX-License-Identifier: Apache-2.0
// The log of a rank, line by line.

import LockstepData

/// What the lines of a log say.
struct LogScan {
    private(set) var lineCount = 0
    private var (first, last, lastText) = ("", "", "")
    private var fits = 0
    private var processes: [String] = []
    private static let mostProcesses = 1000

    /// Whether a line begins with a time as logs have it: `2026-01-31 12:00:00.000  `.
    static func isLine(_ line: ArraySlice<UInt8>) -> Bool {
        let pattern = Array("0000-00-00 00:00:00.000  ".utf8)
        return line.count >= pattern.count
            && zip(line, pattern).allSatisfy { byte, wanted in
                wanted == UInt8(ascii: "0") ? (0x30...0x39).contains(byte) : byte == wanted
            }
    }

    mutating func read(_ line: ArraySlice<UInt8>, _ number: Int, _ file: String) throws(DataError) {
        func bad(_ reason: String) -> DataError { DataError(.malformed, file: file, at: .line(number), reason) }
        guard let text = String(validating: line, as: UTF8.self) else { throw bad("is not UTF-8 text") }
        guard LogScan.isLine(line) else { throw bad("does not begin with the time, as a log's lines do") }
        (last, lastText) = (String(text.prefix(23)), String(text.dropFirst(25)))
        if lineCount == 0 { first = last }
        lineCount += 1
        if lastText.hasPrefix("fit of ") { fits += 1 }
        if lastText.contains(", pid "), processes.count < LogScan.mostProcesses { processes.append(lastText) }
    }

    var facts: [Fact.Named] {
        [
            .init("lines", lineCount), .init("from", first), .init("to", last), .init("fits", fits),
            .init("programs", .list(processes.map { .text($0) })), .init("last line", lastText),
        ]
    }
}

extension Inspection {
    mutating func lookAtLog(_ pieces: borrowing PieceReader) throws(DataError) {
        var scan = LogScan()
        let file = path
        let isEnded = try LineScan.forEach(in: pieces) { (line, number) throws(DataError) in
            try scan.read(line, number, file)
        }
        content = scan.facts
        guard isEnded else {
            throw DataError(
                .truncated, file: path, at: .line(scan.lineCount), "the last line does not end: the file was cut short")
        }
    }
}
