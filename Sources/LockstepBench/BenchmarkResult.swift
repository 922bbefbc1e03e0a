// SPDX-License-Identifier: Apache-2.0
// What a benchmark found, as one line of JSON with the peers' field names.

/// The figures of one case.
public struct BenchmarkResult: Sendable, Equatable {
    /// The name of the case.
    public var name: String
    /// `lockstep`, with `+learner` when the step ran in a learner and `+threads` when ranks were threads.
    public var engine: String
    public var ranks: Int
    /// Samples of all ranks per second, from the median step of the slowest rank.
    public var samplesPerSecond: Double
    /// The median step of the slowest rank.
    public var milliseconds: Double
    /// The best step of the slowest rank.
    public var bestMilliseconds: Double
    /// The largest memory a rank has had, as the system counts it (`ru_maxrss`).
    public var peakMebibytes: Int
    /// What the largest rank fills while it trains, in MiB: its own memory and its share of what the ranks of its node share.
    /// Unlike ``peakMebibytes`` it does not count a shared page once for every rank, nor the code of libraries.
    public var ownMebibytes: Double
    /// From the start of the process to the end of the first step, on the slowest rank.
    public var firstStepSeconds: Double
    /// Trained numbers of the model.
    public var parameterCount: Int
    /// Bytes that the node of this case which sends most has sent per step; nil inside one node, and for steps in a learner.
    public var sentBytes: Double?

    /// One line, with the fields of `torch_peer.py`.
    public var json: String {
        var fields = [
            ("case", "\"\(name)\""), ("engine", "\"\(engine)\""), ("ranks", "\(ranks)"),
            ("samples_per_s", decimal(samplesPerSecond, 1)), ("ms", decimal(milliseconds, 4)),
            ("best_ms", decimal(bestMilliseconds, 4)), ("rss_mib", "\(peakMebibytes)"),
            ("own_mib", decimal(ownMebibytes, 1)),
            ("first_step_s", decimal(firstStepSeconds, 3)), ("params", "\(parameterCount)"),
        ]
        if let sentBytes { fields.append(("sent_bytes", "\(Int(sentBytes.rounded()))")) }
        return "{" + fields.map { "\"\($0.0)\": \($0.1)" }.joined(separator: ", ") + "}"
    }

    /// The columns of ``row``.
    public static let header = Self.row(
        ["case", "engine", "ranks", "samples/s", "ms", "best ms", "MiB", "own MiB", "first step s", "parameters"])

    /// One line for a person.
    public var row: String {
        Self.row([
            name, engine, "\(ranks)", decimal(samplesPerSecond, 1), decimal(milliseconds, 4),
            decimal(bestMilliseconds, 4),
            "\(peakMebibytes)", decimal(ownMebibytes, 1), decimal(firstStepSeconds, 3), "\(parameterCount)",
        ])
    }

    private static func row(_ cells: [String]) -> String {
        let widths = [9, -17, 5, 12, 10, 10, 6, 8, 12, 10]  // negative: aligned to the left
        return zip(cells, widths).map { cell, width in
            let space = String(repeating: " ", count: max(0, abs(width) - cell.count))
            return width < 0 || cell == cells[0] ? cell + space : space + cell
        }.joined(separator: "  ")
    }
}

/// `value` with a fixed number of decimals.
func decimal(_ value: Double, _ digits: Int) -> String {
    guard value.isFinite, value.magnitude < 1e15 else { return "0" }
    var scale = 1.0
    for _ in 0..<digits { scale *= 10 }
    let scaled = "\(Int64((value.magnitude * scale).rounded()))"
    let padded = String(repeating: "0", count: max(0, digits + 1 - scaled.count)) + scaled
    return (value < 0 ? "-" : "") + padded.dropLast(digits) + "." + padded.suffix(digits)
}
