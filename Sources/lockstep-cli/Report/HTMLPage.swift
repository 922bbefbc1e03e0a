// SPDX-License-Identifier: Apache-2.0
// What the pages of runs have in common: a document of HTML that needs nothing else, its pieces and its looks.

import LockstepLearner

/// A page for a browser: one file, no script, nothing from elsewhere, light or dark as the reader has it.
struct HTMLPage {
    let title: String
    /// A line below the title.
    let state: String
    /// Markup.
    let content: String
    /// Seconds after which a browser asks again; nil for never.
    var refresh: Int?

    var html: String {
        let title = escapedForMarkup(title)
        let again = refresh.map { "<meta http-equiv=\"refresh\" content=\"\($0)\">\n" } ?? ""
        return """
            <!DOCTYPE html>
            <html lang="en"><head><meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            \(again)<title>\(title)</title>
            <style>\(Self.style)</style></head><body><main>
            <h1>\(title)</h1>
            <p class="state">\(escapedForMarkup(state))</p>
            \(content)
            </main></body></html>

            """
    }

    // MARK: Pieces

    /// A row of a table of names and values.
    static func row(_ name: String, _ value: String) -> String {
        "<tr><th>\(escapedForMarkup(name))</th><td>\(escapedForMarkup(value))</td></tr>"
    }

    static func section(_ title: String, _ content: String, isOpen: Bool = true) -> String {
        "<details\(isOpen ? " open" : "")><summary>\(escapedForMarkup(title))</summary><div class=\"wide\">\(content)</div></details>\n"
    }

    /// Charts side by side, each with its legend where it has several curves; those without a point are left out.
    static func figures(_ charts: [ReportChart]) -> String {
        let figures = charts.compactMap { chart -> String? in
            let svg = chart.svg
            if svg.isEmpty { return nil }
            let legend = chart.curves.enumerated().map { index, curve in
                "<span><i class=\"b\(index % ReportChart.colours)\"></i>\(escapedForMarkup(curve.name))</span>"
            }
            return
                "<figure><figcaption><b>\(escapedForMarkup(chart.title))</b>\(chart.curves.count > 1 ? legend.joined() : "")</figcaption>\(svg)</figure>"
        }
        return figures.isEmpty
            ? "<p>There is no finished epoch yet.</p>\n"
            : "<div class=\"charts\">\(figures.joined(separator: "\n"))</div>\n"
    }

    private static let style = """
        :root { color-scheme: light dark; --ink: #1c1e21; --soft: #5d6570; --page: #f6f7f9; --card: #fff; --line: #d9dde3;
          --c0: #1f6fb4; --c1: #c8561a; --c2: #2a8a3e; --c3: #8455a8; --c4: #b3304f; --c5: #0d8a8f; --c6: #8a6d1f; --c7: #6b7280 }
        @media (prefers-color-scheme: dark) {
          :root { --ink: #e6e8eb; --soft: #9aa3ae; --page: #15171a; --card: #1e2125; --line: #363b42;
            --c0: #6cb2f0; --c1: #f0955c; --c2: #74c985; --c3: #c09ae0; --c4: #f08aa4; --c5: #5fd0d4; --c6: #d9bd6b; --c7: #aab2bd } }
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
        .c4 { stroke: var(--c4) } .c5 { stroke: var(--c5) } .c6 { stroke: var(--c6) } .c7 { stroke: var(--c7) }
        .d0 { fill: var(--c0) } .d1 { fill: var(--c1) } .d2 { fill: var(--c2) } .d3 { fill: var(--c3) }
        .d4 { fill: var(--c4) } .d5 { fill: var(--c5) } .d6 { fill: var(--c6) } .d7 { fill: var(--c7) }
        .b0 { background: var(--c0) } .b1 { background: var(--c1) } .b2 { background: var(--c2) } .b3 { background: var(--c3) }
        .b4 { background: var(--c4) } .b5 { background: var(--c5) } .b6 { background: var(--c6) } .b7 { background: var(--c7) }
        details { margin-top: 14px; padding: 8px 14px } summary { cursor: pointer; font-weight: 600 }
        .wide { overflow-x: auto } table { border-collapse: collapse; margin: 6px 0 }
        th, td { text-align: right; padding: 2px 14px 2px 0; font-variant-numeric: tabular-nums }
        th { color: var(--soft); font-weight: 500 } .pairs th, .pairs td { text-align: left; vertical-align: top }
        .confusion td, .confusion th { padding: 2px 7px; min-width: 2.2em } .cards { display: flex; flex-wrap: wrap; gap: 14px; margin: 8px 0 }
        .cards div { width: 150px; border: 1px solid var(--line); border-radius: 6px; padding: 8px; overflow-wrap: anywhere }
        .cards p { margin: 0 0 2px; font-size: .9em } .cards img { width: 100%; image-rendering: pixelated; margin-bottom: 6px }
        .pairs td { overflow-wrap: anywhere } pre { margin: 6px 0; overflow-x: auto }
        """
}
