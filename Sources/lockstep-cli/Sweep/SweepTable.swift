// SPDX-License-Identifier: Apache-2.0
// The table of a sweep, best first: as CSV in its folder, and as it is printed.

import Lockstep

/// What came of trials, sorted.
struct SweepTable {
    private let results: [SweepResult]
    private let axes: [SweepAxis]
    /// Whether trials have had different numbers of epochs.
    private let hasRounds: Bool
    /// The columns of all histories.
    let columns: [String]

    init(_ results: [SweepResult], _ plan: SweepPlan) {
        let ranking = plan.ranking
        self.results = results.sorted { a, b in
            if (a.code == 0) != (b.code == 0) { return a.code == 0 }
            if a.trial.round != b.trial.round { return a.trial.round > b.trial.round }
            return ranking.precedes(a, b)
        }
        axes = plan.search.axes
        hasRounds = plan.search.strategy == .halving
        columns = results.sorted { $0.trial.number < $1.trial.number }.flatMap { $0.columns.map(\.name) }
            .reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }

    /// The best trial that has not failed.
    var best: SweepResult? { results.first.flatMap { $0.code == 0 ? $0 : nil } }

    private var hasFailures: Bool { results.contains { $0.code != 0 } }

    /// A row of texts for each trial under their names.
    private func rows(short: Bool) -> [[String]] {
        let failures = !short || hasFailures
        let head = ["trial"] + (hasRounds ? ["epochs"] : []) + axes.map(\.name) + columns
        let rows = results.map { result -> [String] in
            let trial = result.trial
            let metrics = columns.map { name -> String in
                guard let text = result.columns.first(where: { $0.name == name })?.text else { return "" }
                return short ? Double(text).map { decimals($0, 6) } ?? text : text
            }
            return [short ? trial.name : "\(trial.number + 1)"] + (hasRounds ? ["\(trial.epochs ?? 0)"] : [])
                + trial.values.map { $0 == .nothing ? "" : $0.bare } + metrics
                + (failures ? ["\(result.code)", result.error] : []) + (short ? [] : [trial.folder])
        }
        return [head + (failures ? ["exit", "error"] : []) + (short ? [] : ["run"])] + rows
    }

    var csv: String {
        rows(short: false).map { $0.map(\.csvField).joined(separator: ",") + "\n" }.joined()
    }

    /// Columns one below the other.
    var text: String {
        let rows = rows(short: true)
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            let cells = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
            return String(cells.joined(separator: "  ").reversed().drop { $0 == " " }.reversed()) + "\n"
        }.joined()
    }
}
