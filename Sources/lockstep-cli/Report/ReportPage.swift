// SPDX-License-Identifier: Apache-2.0
// The page of a run: one document of HTML that needs nothing else.

import Foundation
import Lockstep
import LockstepLearner
import LockstepOptim

/// A run as HTML.
struct ReportPage {
    private let run: RunFacts

    init(_ run: RunFacts) { self.run = run }

    var html: String {
        let name = URL(filePath: run.folder).standardized.lastPathComponent
        let recipe = run.setting("recipe").map { "\($0), " } ?? ""
        let title = escapedForMarkup("\(recipe)\(name)")
        return """
            <!DOCTYPE html>
            <html lang="en"><head><meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>\(title)</title>
            <style>\(Self.style)</style></head><body><main>
            <h1>\(title)</h1>
            <p class="state">\(state)</p>
            \(tiles)\(charts)\(table)\(configuration)\(command)\(logs)\(files)
            </main></body></html>

            """
    }

    private var state: String {
        let done = "\(run.epochs.count)\(planned.map { " of \($0)" } ?? "") epochs"
        return run.isComplete ? "complete, \(done)" : "not complete, \(done) so far"
    }

    /// Fine-tuning is two fits, each with epochs from 0: of the head alone, and of everything.
    private var isFineTuned: Bool { run.setting("weights") ?? "–" != "–" }

    /// The epochs of all fits.
    private var planned: Int? {
        guard let epochs = run.setting("epochs").flatMap({ Int($0) }) else { return nil }
        guard isFineTuned else { return epochs }
        let frozen = run.setting("freezeEpochs").flatMap { Int($0) } ?? ImagesRecipe.freezeEpochs.initial
        let (sum, isTooLarge) = epochs.addingReportingOverflow(frozen)
        return isTooLarge ? nil : sum
    }

    // MARK: Parts

    private var tiles: String {
        let tiles = run.columns.compactMap { column -> (String, String)? in
            guard let last = column.values.last else { return nil }
            return (column.name, last.map(ReportChart.label) ?? "–")
        }
        let all = tiles + (run.epochs.isEmpty ? [] : [("time of epochs", formatTime(run.seconds))])
        if all.isEmpty { return "" }
        return "<div class=\"tiles\">"
            + all.map { "<div><b>\(escapedForMarkup($1))</b><span>\(escapedForMarkup($0))</span></div>" }.joined()
            + "</div>\n"
    }

    private var charts: String {
        let losses = run.columns.filter { $0.name.hasSuffix("loss") }
        var charts = [chart("loss", losses)]
        charts += run.columns.filter { !$0.name.hasSuffix("loss") }.map { chart($0.name, [$0]) }
        if let rate { charts.append(rate) }
        let figures = charts.compactMap { chart -> String? in
            let svg = chart.svg
            if svg.isEmpty { return nil }
            let legend = chart.curves.enumerated().map { index, curve in
                "<span><i class=\"b\(index % 4)\"></i>\(escapedForMarkup(curve.name))</span>"
            }
            return
                "<figure><figcaption><b>\(escapedForMarkup(chart.title))</b>\(chart.curves.count > 1 ? legend.joined() : "")</figcaption>\(svg)</figure>"
        }
        return figures.isEmpty
            ? "<p>There is no finished epoch yet.</p>\n"
            : "<div class=\"charts\">\(figures.joined(separator: "\n"))</div>\n"
    }

    /// Over rows: the epochs of a second fit follow those of the first.
    private func chart(_ title: String, _ columns: [RunFacts.Column]) -> ReportChart {
        ReportChart(
            title: title,
            curves: columns.map { column in
                ReportChart.Curve(
                    name: column.name,
                    points: zip(run.epochs.indices, column.values).compactMap { row, value in
                        value.map { (Double(row), $0) }
                    })
            })
    }

    /// One cycle, of a run that has no phases but this one.
    private var rate: ReportChart? {
        guard let peak = run.setting("lr").flatMap(Double.init),
            let epochs = run.setting("epochs").flatMap(Double.init),
            epochs > 0, !isFineTuned
        else { return nil }
        let schedule = Schedule.combinedCosine(0.25, peak / 25, peak, peak / 1e5)
        let points = (0...120).map { step in
            (x: epochs * Double(step) / 120, y: schedule(Double(step) / 120))
        }
        return ReportChart(
            title: "learning rate, as planned", curves: [.init(name: "lr", points: points)])
    }

    private var table: String {
        if run.epochs.isEmpty { return "" }
        let header = (["epoch"] + run.columns.map(\.name)).map { "<th>\(escapedForMarkup($0))</th>" }.joined()
        let rows = run.epochs.enumerated().map { row, epoch in
            let cells = run.columns.map { column in
                "<td>\(column.values.indices.contains(row) ? column.values[row].map(ReportChart.label) ?? "" : "")</td>"
            }
            return "<tr><td>\(epoch)</td>\(cells.joined())</tr>"
        }
        return section(
            "Epochs", "<table><tr>\(header)</tr>\(rows.joined(separator: "\n"))</table>", isOpen: rows.count <= 12)
    }

    private var configuration: String {
        let rows = run.settings.filter { $0.name != "lockstep" }.map { row($0.name, $0.value) }
        let versions =
            row("Lockstep that trained", run.setting("lockstep") ?? "unknown")
            + row("Lockstep that wrote this page", LockstepVersion.current)
        return section("Configuration", "<table class=\"pairs\">\(rows.joined(separator: "\n"))</table>")
            + section("Versions", "<table class=\"pairs\">\(versions)</table>")
    }

    private var command: String {
        guard let recipe = run.setting("recipe") else { return "" }
        let train = ["lockstep", "train", recipe]
        let lines =
            [ShellWords.line(train + ["--config", run.folder + "/settings.json"])]
            + (run.isComplete ? [] : [ShellWords.line(train + ["--resume", run.folder])])
        let words = run.isComplete ? "Again" : "Again, or on from where it was interrupted"
        return section(words, "<pre>\(lines.map(escapedForMarkup).joined(separator: "\n"))</pre>")
    }

    private var logs: String {
        run.logs.map { name, lines in
            section(
                "The end of \(name)", "<pre>\(lines.map(escapedForMarkup).joined(separator: "\n"))</pre>", isOpen: false
            )
        }.joined()
    }

    private var files: String {
        let rows = run.files.map { row($0.name, "\($0.bytes) bytes") }
        return section(
            "Files", "<table class=\"pairs\">\(rows.joined(separator: "\n"))</table>", isOpen: rows.count <= 20)
    }

    // MARK: Pieces

    private func row(_ name: String, _ value: String) -> String {
        "<tr><th>\(escapedForMarkup(name))</th><td>\(escapedForMarkup(value))</td></tr>"
    }

    private func section(_ title: String, _ content: String, isOpen: Bool = true) -> String {
        "<details\(isOpen ? " open" : "")><summary>\(escapedForMarkup(title))</summary><div class=\"wide\">\(content)</div></details>\n"
    }

    private static let style = """
        :root { color-scheme: light dark; --ink: #1c1e21; --soft: #5d6570; --page: #f6f7f9; --card: #fff; --line: #d9dde3;
          --c0: #1f6fb4; --c1: #c8561a; --c2: #2a8a3e; --c3: #8455a8 }
        @media (prefers-color-scheme: dark) {
          :root { --ink: #e6e8eb; --soft: #9aa3ae; --page: #15171a; --card: #1e2125; --line: #363b42;
            --c0: #6cb2f0; --c1: #f0955c; --c2: #74c985; --c3: #c09ae0 } }
        * { box-sizing: border-box }
        body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.45 system-ui, sans-serif }
        main { max-width: 1180px; margin: 0 auto; padding: 20px 16px 40px }
        h1 { font-size: 1.5em; margin: 0; overflow-wrap: anywhere } .state { color: var(--soft); margin: 2px 0 16px }
        .tiles { display: flex; flex-wrap: wrap; gap: 10px; margin-bottom: 14px }
        .tiles div, figure, details { background: var(--card); border: 1px solid var(--line); border-radius: 8px }
        .tiles div { padding: 8px 14px } .tiles b { display: block; font-size: 1.25em } .tiles span { color: var(--soft) }
        .charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 420px), 1fr)); gap: 14px }
        figure { margin: 0; padding: 10px 12px } figcaption { display: flex; flex-wrap: wrap; gap: 4px 14px }
        figcaption span { color: var(--soft) } figcaption i { display: inline-block; width: 10px; height: 10px; margin-right: 5px }
        svg { display: block; width: 100%; height: auto; font: 12px system-ui, sans-serif } svg text { fill: var(--soft) }
        @media (max-width: 600px) { svg { font-size: 17px } }
        .grid { stroke: var(--line) } polyline { fill: none; stroke-width: 2; stroke-linejoin: round }
        .c0 { stroke: var(--c0) } .c1 { stroke: var(--c1) } .c2 { stroke: var(--c2) } .c3 { stroke: var(--c3) }
        .d0 { fill: var(--c0) } .d1 { fill: var(--c1) } .d2 { fill: var(--c2) } .d3 { fill: var(--c3) }
        .b0 { background: var(--c0) } .b1 { background: var(--c1) } .b2 { background: var(--c2) } .b3 { background: var(--c3) }
        details { margin-top: 14px; padding: 8px 14px } summary { cursor: pointer; font-weight: 600 }
        .wide { overflow-x: auto } table { border-collapse: collapse; margin: 6px 0 }
        th, td { text-align: right; padding: 2px 14px 2px 0; font-variant-numeric: tabular-nums }
        th { color: var(--soft); font-weight: 500 } .pairs th, .pairs td { text-align: left; vertical-align: top }
        .pairs td { overflow-wrap: anywhere } pre { margin: 6px 0; overflow-x: auto }
        """
}
