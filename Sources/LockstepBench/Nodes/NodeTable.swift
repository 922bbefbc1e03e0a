// SPDX-License-Identifier: Apache-2.0
// Cases between nodes as a table for a person.

/// Cases over several networks.
public struct NodeTable: Codable, Sendable, Equatable {
    public var rows: [NodeRow]

    public init(_ rows: [NodeRow]) { self.rows = rows }

    /// Milliseconds of the median step of everyone, as multiples of the ideal one, with what a node sends per step.
    public var markdown: String {
        let rounds = rows.first?.bytesPerSecond.count ?? 0
        var lines = [
            "Milliseconds per step on \(rows.first?.nodes ?? 2) nodes, one rank and one core each; medians of \(rounds) "
                + "round\(rounds == 1 ? "" : "s"). × ideal: of the longer of the step of one rank alone and of the bytes at the "
                + "measured rate of the network. Plan: what lockstep plan says, "
                + "as a multiple of what was measured.",
            "",
            "| case | network | Mbit/s | µs | alone | "
                + NodeContender.allCases.map { "\($0.rawValue) | × ideal | MB sent" }.joined(separator: " | ")
                + " | plan |",
            "|" + String(repeating: "---|", count: 6 + 3 * NodeContender.allCases.count),
        ]
        for row in rows {
            let network = [
                row.bytesPerSecond.isEmpty ? "" : grouped(median(row.bytesPerSecond) * 8e-6),
                row.latency.isEmpty ? "" : grouped(median(row.latency) * 1e6),
                row.alone(.float32).map(milliseconds) ?? "",
            ]
            let cells = NodeContender.allCases.flatMap { contender in
                [
                    row.step(contender).map(milliseconds) ?? "", row.ratio(contender).map { decimal($0, 2) } ?? "",
                    row.sentBytes(contender).map { decimal($0 * 1e-6, 2) } ?? "",
                ]
            }
            let plans = [NodeContender.float32, .bf16].compactMap { contender in
                row.planned(contender).flatMap { planned in row.step(contender).map { decimal(planned / $0, 2) } }
            }
            let all = [row.name, row.network.rawValue] + network + cells + [plans.joined(separator: ", ")]
            lines.append("| " + all.joined(separator: " | ") + " |")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private func milliseconds(_ value: Double) -> String { decimal(value, value < 10 ? 2 : 1) }
}
