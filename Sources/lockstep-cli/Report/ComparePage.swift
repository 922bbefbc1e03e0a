// SPDX-License-Identifier: Apache-2.0
// The page of several runs: curves over one another, numbers and settings beside one another.

import Lockstep
import LockstepLearner

/// Runs as HTML.
struct ComparePage {
    private let runs: [(name: String, facts: RunFacts)]
    /// Losses and metrics, in the order in which the runs have them.
    private let columns: [String]

    init(_ runs: [RunFacts]) {
        let names = runs.map(\.name)
        // Runs of one name are told apart by their places.
        self.runs = zip(names, runs).map { name, run in
            (names.count { $0 == name } > 1 ? run.folder : name, run)
        }
        columns = Self.union(runs.map { $0.columns.map(\.name) })
    }

    var html: String {
        let complete = runs.count { $0.facts.isComplete }
        return HTMLPage(
            title: "\(runs.count) runs", state: complete == runs.count ? "all complete" : "\(complete) complete",
            content: charts + results + settings
        ).html
    }

    private static func union(_ lists: [[String]]) -> [String] {
        lists.joined().reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }

    private var charts: String {
        HTMLPage.figures(
            columns.map { name in
                ReportChart(
                    title: name,
                    curves: runs.map { run in
                        run.facts.columns.first { $0.name == name }.map { run.facts.curve($0, name: run.name) }
                            ?? ReportChart.Curve(name: run.name, points: [])
                    })
            })
    }

    private var results: String {
        var header = ["run", "recipe", "epochs"]
        for name in columns { header += [name, "lowest", "highest"] }
        let rows = runs.map { run -> [String] in
            var cells = [run.name, run.facts.setting("recipe") ?? "", "\(run.facts.epochs.count)"]
            for name in columns {
                let values = run.facts.columns.first { $0.name == name }?.values ?? []
                let known = values.compactMap(\.self).filter(\.isFinite)
                cells += [values.last ?? nil, known.min(), known.max()].map { $0.map(ReportChart.label) ?? "" }
            }
            return cells + [formatTime(run.facts.seconds)]
        }
        return table("Results", header + ["time of epochs"], rows)
    }

    private var settings: String {
        let names = Self.union(runs.map { $0.facts.settings.map(\.name) }).sorted()
        let rows = names.compactMap { name -> [String]? in
            let values = runs.map { $0.facts.setting(name) ?? "–" }
            return values.contains { $0 != values[0] } ? [name] + values : nil
        }
        if rows.isEmpty { return HTMLPage.section("Settings", "<p>They are the same.</p>") }
        return table("Settings that differ", [""] + runs.map(\.name), rows)
    }

    private func table(_ title: String, _ header: [String], _ rows: [[String]]) -> String {
        let lines = rows.map { cells in
            "<tr><th>\(escapedForMarkup(cells[0]))</th>"
                + cells.dropFirst().map { "<td>\(escapedForMarkup($0))</td>" }.joined() + "</tr>"
        }
        let names = header.map { "<th>\(escapedForMarkup($0))</th>" }.joined()
        return HTMLPage.section(title, "<table><tr>\(names)</tr>\(lines.joined(separator: "\n"))</table>")
    }
}
