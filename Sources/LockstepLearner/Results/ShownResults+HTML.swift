// SPDX-License-Identifier: Apache-2.0
// Results in a browser.

public import LockstepData

extension ShownResults {
    /// A complete HTML document: a card per item, pictures inside of it as PNG, right decisions framed green and wrong
    /// ones red. It refers to nothing outside of itself.
    public func html(title: String = "results") -> String {
        var html = """
            <!DOCTYPE html>
            <html lang="en"><head><meta charset="utf-8"><title>\(escapedForMarkup(title))</title>
            <style>
            body { font-family: sans-serif; margin: 1.5em; background: #fafafa }
            .items { display: flex; flex-wrap: wrap; gap: 1em }
            .item { background: white; border: 3px solid #ccc; border-radius: 6px; padding: .6em; min-width: 8em }
            .right { border-color: #2a9d3a } .wrong { border-color: #d62728 }
            img { width: 140px; image-rendering: pixelated; display: block; margin: auto }
            dl { margin: .5em 0 0; display: grid; grid-template-columns: auto 1fr; gap: 0 .6em }
            dt { color: #777 } dd { margin: 0 }
            </style></head><body>
            <h1>\(escapedForMarkup(title))</h1>

            """
        let judged = items.compactMap(\.isRight)
        if !judged.isEmpty { html += "<p>\(judged.count { $0 }) of \(judged.count) right</p>\n" }
        html += "<div class=\"items\">\n"
        for item in items {
            html += "<div class=\"item\(item.isRight.map { $0 ? " right" : " wrong" } ?? "")\">"
            for case .picture(let pixels) in item.inputs { html += image(pixels) }
            html += "<dl>"
            for case .text(let text) in item.inputs { html += entry("input", escapedForMarkup(text)) }
            for target in item.targets { html += entry("target", markup(target)) }
            for prediction in item.predictions { html += entry("prediction", markup(prediction)) }
            if let probability = item.probability { html += entry("probability", fixed(probability, 3)) }
            html += "</dl></div>\n"
        }
        return html + "</div>\n</body></html>\n"
    }

    /// Writes ``html(title:)`` to a file, whole or not at all. Not collective: call it on the rank that writes.
    /// - Throws: `DataError` when the file cannot be written.
    public func write(to path: String, title: String = "results") throws(DataError) {
        try Files.writeAtomically([Array(html(title: title).utf8)], to: path)
    }

    private func entry(_ name: String, _ content: String) -> String { "<dt>\(name)</dt><dd>\(content)</dd>" }

    private func markup(_ content: Content) -> String {
        switch content {
        case .text(let text): escapedForMarkup(text)
        case .picture(let pixels): image(pixels)
        }
    }

    private func image(_ pixels: Pixels) -> String {
        guard let png = pixels.png else { return "" }
        return "<img alt=\"\(pixels.width) × \(pixels.height)\" src=\"data:image/png;base64,\(base64(png))\">"
    }
}

/// `text` with the characters that HTML and SVG give a meaning replaced.
package func escapedForMarkup(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
        .replacing("\"", with: "&quot;")
}
