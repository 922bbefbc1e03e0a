// SPDX-License-Identifier: Apache-2.0
// The page of a run: one document of HTML that needs nothing else.

import Foundation
import Lockstep
import LockstepLearner
import LockstepOptim

/// A run as HTML.
struct ReportPage {
    private let run: RunFacts
    private let refresh: Int?

    /// - Parameter refresh: Seconds after which a browser asks for the page again, as long as the run is not complete.
    init(_ run: RunFacts, refresh: Int? = nil) { (self.run, self.refresh) = (run, run.isComplete ? nil : refresh) }

    var html: String {
        let recipe = run.setting("recipe").map { "\($0), " } ?? ""
        return HTMLPage(
            title: "\(recipe)\(run.name)", state: state,
            content:
                "\(tiles)\(charts)\(run.interpretation?.html ?? "")\(table)\(run.ranks?.html ?? "")\(configuration)\(command)\(logs)\(files)",
            refresh: refresh
        ).html
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
        return HTMLPage.figures(charts)
    }

    private func chart(_ title: String, _ columns: [RunFacts.Column]) -> ReportChart {
        ReportChart(title: title, curves: columns.map { run.curve($0, name: $0.name) })
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
        return HTMLPage.section(
            "Epochs", "<table><tr>\(header)</tr>\(rows.joined(separator: "\n"))</table>", isOpen: rows.count <= 12)
    }

    private var configuration: String {
        let rows = run.settings.filter { $0.name != "lockstep" }.map { HTMLPage.row($0.name, $0.value) }
        let versions =
            HTMLPage.row("Lockstep that trained", run.setting("lockstep") ?? "unknown")
            + HTMLPage.row("Lockstep that wrote this page", LockstepVersion.current)
        return HTMLPage.section("Configuration", "<table class=\"pairs\">\(rows.joined(separator: "\n"))</table>")
            + HTMLPage.section("Versions", "<table class=\"pairs\">\(versions)</table>")
    }

    private var command: String {
        guard let recipe = run.setting("recipe") else { return "" }
        let train = ["lockstep", "train", recipe]
        let lines =
            [ShellWords.line(train + ["--config", run.folder + "/settings.json"])]
            + (run.isComplete ? [] : [ShellWords.line(train + ["--resume", run.folder])])
        let words = run.isComplete ? "Again" : "Again, or on from where it was interrupted"
        return HTMLPage.section(words, "<pre>\(lines.map(escapedForMarkup).joined(separator: "\n"))</pre>")
    }

    private var logs: String {
        run.logs.map { name, lines in
            HTMLPage.section(
                "The end of \(name)", "<pre>\(lines.map(escapedForMarkup).joined(separator: "\n"))</pre>", isOpen: false
            )
        }.joined()
    }

    private var files: String {
        let rows = run.files.map { HTMLPage.row($0.name, "\($0.bytes) bytes") }
        return HTMLPage.section(
            "Files", "<table class=\"pairs\">\(rows.joined(separator: "\n"))</table>", isOpen: rows.count <= 20)
    }
}
