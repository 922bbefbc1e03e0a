// SPDX-License-Identifier: Apache-2.0
// Spans as Chrome's trace format, gathered in pieces so that no rank ever holds those of all.

import LockstepComm
import LockstepData

/// One rank's view of a trace to be written (the JSON object format of Chrome's Trace Event Format).
struct TraceFile {
    let path: String
    let rank: Int
    let host: String
    let offset: ClockOffset
    /// Spans in one message: some hundred kilobytes of text.
    private static let piece = 4096

    init(path: String, rank: Int, host: String, offset: ClockOffset) {
        (self.path, self.rank, self.host, self.offset) = (path, rank, host, offset)
    }

    /// Rank 0 writes the spans of all. Collective; a failure is thrown everywhere.
    /// - Parameter write: Runs what writes on rank 0.
    func writeTogether(
        _ spans: SpanBuffer, over communicator: any Communicator, write: (_ body: () throws -> Void) throws -> Void
    ) throws {
        let own = (spans.count + TraceFile.piece - 1) / TraceFile.piece
        let rounds = try communicator.allReduce(own, .max, name: "trace")
        var chunks = [Array("{\"displayTimeUnit\":\"ms\",\"traceEvents\":[".utf8)]
        var (failure, file): ((any Error)?, OutputFile?) = (nil, nil)
        if rank == 0 { do { file = try OutputFile(path) } catch { failure = error } }
        for round in -1..<rounds {
            let text = round < 0 ? opening(spans) : events(spans, piece: round)
            guard let parts = try communicator.gatherVariable(Array(text.utf8), to: 0, name: "trace") else { continue }
            chunks += parts
            if failure == nil { do { for chunk in chunks { try file?.write(chunk) } } catch { failure = error } }
            chunks = []
        }
        try write {
            if let failure { throw failure }
            try file?.write(Array("{}]}\n".utf8))
            try file?.finish()
        }
    }

    /// Writes this rank's spans.
    func writeAlone(_ spans: SpanBuffer) throws {
        let file = try OutputFile(path)
        try file.write(Array("{\"displayTimeUnit\":\"ms\",\"traceEvents\":[".utf8) + Array(opening(spans).utf8))
        for piece in 0..<(spans.count + TraceFile.piece - 1) / TraceFile.piece {
            try file.write(Array(events(spans, piece: piece).utf8))
        }
        try file.write(Array("{}]}\n".utf8))
        try file.finish()
    }

    /// Who this rank is. Every event ends with a comma: an empty one closes the list.
    private func opening(_ spans: SpanBuffer) -> String {
        let clock =
            offset.uncertainty == 0
            ? "" : ", clock \(offset.nanoseconds / 1000) ± \(offset.uncertainty / 1000 + 1) µs from rank 0's"
        let lost = spans.dropped > 0 ? ", \(spans.dropped) older spans dropped" : ""
        let label = "rank \(rank) on \(host)\(clock)\(lost)"
        return """
            {"name":"process_name","ph":"M","pid":\(rank),"tid":0,"args":{"name":\(quoted(label))}},
            {"name":"process_sort_index","ph":"M","pid":\(rank),"tid":0,"args":{"sort_index":\(rank)}},

            """
    }

    private func events(_ spans: SpanBuffer, piece: Int) -> String {
        var text = ""
        let range = piece * TraceFile.piece..<min((piece + 1) * TraceFile.piece, spans.count)
        for index in range.clamped(to: 0..<spans.count) {
            let span = spans[index]
            text += event(spans.name(span), span, span.duration)
            if span.waited > 0 { text += event("wait", span, span.waited) }
        }
        return text
    }

    private func event(_ name: String, _ span: Span, _ duration: Int64) -> String {
        let batch = span.batch < 0 ? "" : ",\"batch\":\(span.batch)"
        return
            "{\"name\":\(quoted(name)),\"ph\":\"X\",\"pid\":\(rank),\"tid\":0,\"ts\":\(microseconds(span.start)),\"dur\":\(microseconds(duration)),\"args\":{\"epoch\":\(span.epoch)\(batch)}},\n"
    }

    /// Nanoseconds as microseconds with three decimals.
    private func microseconds(_ nanoseconds: Int64) -> String {
        let (whole, rest) = nanoseconds.magnitude.quotientAndRemainder(dividingBy: 1000)
        let decimals = String(rest)
        return (nanoseconds < 0 ? "-" : "") + "\(whole)." + String(repeating: "0", count: 3 - decimals.count) + decimals
    }

    /// `text` as a JSON string.
    private func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": result += "\\\(scalar)"
            case _ where scalar.value < 0x20: result += " "
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
