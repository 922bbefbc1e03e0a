// SPDX-License-Identifier: Apache-2.0
// Curves as an SVG document.

extension Plot {
    /// The plot as a complete SVG document.
    ///
    /// - Parameters:
    ///   - width: Pixels.
    ///   - height: Pixels.
    public func svg(width: Int = 640, height: Int = 400) -> String {
        let (left, right, top, bottom) = (64.0, 16.0, title.isEmpty ? 16.0 : 36.0, 48.0)
        let (w, h) = (Double(width) - left - right, Double(height) - top - bottom)
        let (xs, ys) = extent()
        func px(_ x: Double) -> Double { left + (x - xs.lowerBound) / (xs.upperBound - xs.lowerBound) * w }
        func py(_ y: Double) -> Double { top + h - (y - ys.lowerBound) / (ys.upperBound - ys.lowerBound) * h }
        func n(_ value: Double) -> String { fixed(value, 1) }
        func text(_ x: Double, _ y: Double, _ anchor: String, _ content: String, _ more: String = "") -> String {
            "<text x=\"\(n(x))\" y=\"\(n(y))\" text-anchor=\"\(anchor)\"\(more)>\(escapedForMarkup(content))</text>\n"
        }
        var svg = """
            <svg xmlns="http://www.w3.org/2000/svg" width="\(width)" height="\(height)" viewBox="0 0 \(width) \(height)" \
            font-family="sans-serif" font-size="12">
            <rect width="\(width)" height="\(height)" fill="white"/>\n
            """
        for step in 0...4 {
            let part = Double(step) / 4
            let x = xs.lowerBound + part * (xs.upperBound - xs.lowerBound)
            let y = ys.lowerBound + part * (ys.upperBound - ys.lowerBound)
            svg += "<path d=\"M\(n(left)) \(n(py(y)))H\(n(left + w))\" stroke=\"#ddd\"/>\n"
            svg += text(left - 6, py(y) + 4, "end", label(y, log: logY))
            svg += text(px(x), top + h + 18, "middle", label(x, log: logX))
        }
        svg += "<path d=\"M\(n(left)) \(n(top))V\(n(top + h))H\(n(left + w))\" fill=\"none\" stroke=\"black\"/>\n"
        for vertical in verticals where xs.contains(vertical) && !logX {
            svg +=
                "<path d=\"M\(n(px(vertical))) \(n(top))V\(n(top + h))\" stroke=\"#888\" stroke-dasharray=\"2 4\"/>\n"
        }
        let colors = ["#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd", "#8c564b"]
        for (index, curve) in curves.enumerated() {
            let (color, points) = (colors[index % colors.count], points(of: curve))
            if !curve.isScatter && points.count > 1 {
                let path = points.map { "\(n(px($0.x))),\(n(py($0.y)))" }.joined(separator: " ")
                svg += "<polyline points=\"\(path)\" fill=\"none\" stroke=\"\(color)\" stroke-width=\"1.5\"/>\n"
            } else {
                for p in points {
                    svg += "<circle cx=\"\(n(px(p.x)))\" cy=\"\(n(py(p.y)))\" r=\"4\" fill=\"\(color)\"/>\n"
                }
            }
            svg += text(left + w - 4, top + 14 + 16 * Double(index), "end", curve.name, " fill=\"\(color)\"")
        }
        let middle = top + h / 2
        svg += title.isEmpty ? "" : text(left + w / 2, 22, "middle", title, " font-size=\"15\"")
        svg += xLabel.isEmpty ? "" : text(left + w / 2, Double(height) - 10, "middle", xLabel)
        svg +=
            yLabel.isEmpty
            ? "" : text(16, middle, "middle", yLabel, " transform=\"rotate(-90 16 \(n(middle)))\"")
        return svg + "</svg>\n"
    }
}
