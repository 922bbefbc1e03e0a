// SPDX-License-Identifier: Apache-2.0
// A trace as `--trace` writes it, event by event.

import LockstepData

/// What the lines of a trace say: an event each, with a comma behind it; an empty event closes the list.
struct TraceScan {
    static let opening = Array(#"{"displayTimeUnit":"ms","traceEvents":["#.utf8)
    private static let closing = Array("{}]}".utf8)
    private static let mostNames = 10_000

    private(set) var isClosed = false
    private var events = 0
    private var (first, last) = (Double.infinity, -Double.infinity)
    private var ranks: Set<Int> = []
    private var labels: [String] = []
    private var names: [String: Int] = [:]

    mutating func read(_ line: ArraySlice<UInt8>, _ number: Int, _ file: String) throws(DataError) {
        func bad(_ reason: String) -> DataError { DataError(.malformed, file: file, at: .line(number), reason) }
        var line = line
        if number == 1 {
            guard line.starts(with: TraceScan.opening) else { throw bad("does not begin as a trace does") }
            line = line.dropFirst(TraceScan.opening.count)
        }
        if isClosed { throw bad("something follows the trace") }
        if line.isEmpty { return }
        if line.elementsEqual(TraceScan.closing) {
            isClosed = true
            return
        }
        guard line.last == UInt8(ascii: ",") else { throw bad("an event does not end") }
        var scanner = JSONScanner(Array(line.dropLast()), base: 0, file: file)
        let event: Fact
        do throws(DataError) { event = Fact(try scanner.document()) } catch { throw bad(error.reason) }
        guard case .group = event else { throw bad("is no event") }
        count(event)
    }

    private mutating func count(_ event: Fact) {
        if case .number(let rank)? = event["pid"] { ranks.insert(rank) }
        guard case .text(let name)? = event["name"] else { return }
        if name == "process_name", case .text(let label)? = event["args"]?["name"] {
            if labels.count < TraceScan.mostNames { labels.append(label) }
            return
        }
        guard event["ph"] == .text("X"), let start = event["ts"]?.double else { return }
        events += 1
        (first, last) = (min(first, start), max(last, start + (event["dur"]?.double ?? 0)))
        if names[name] != nil || names.count < TraceScan.mostNames { names[name, default: 0] += 1 }
    }

    var facts: [Fact.Named] {
        let kinds = names.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        return [
            .init("events", events), .init("ranks", ranks.count),
            .init("milliseconds", events == 0 ? .nothing : .real((last - first) / 1000)),
            .init("processes", .list(labels.map { .text($0) })),
            .init(
                "kinds", .list(kinds.map { .group([.init("name", $0.key), .init("events", $0.value)]) })),
        ]
    }
}

extension Fact {
    /// A number, whole or not.
    var double: Double? {
        switch self {
        case .number(let value): Double(value)
        case .real(let value): value
        default: nil
        }
    }
}

extension Inspection {
    mutating func lookAtTrace(_ pieces: borrowing PieceReader) throws(DataError) {
        var scan = TraceScan()
        let file = path
        _ = try LineScan.forEach(in: pieces) { (line, number) throws(DataError) in try scan.read(line, number, file) }
        content = scan.facts
        guard scan.isClosed else {
            throw DataError(.truncated, file: path, "the list of events is not closed: the file was cut short")
        }
    }
}
