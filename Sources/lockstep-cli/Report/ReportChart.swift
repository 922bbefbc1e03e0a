// SPDX-License-Identifier: Apache-2.0
// Curves as inline SVG that takes its colours from the page, so that it is light or dark with it.

import Foundation
import LockstepLearner

/// One chart of a report: curves over epochs.
struct ReportChart {
    struct Curve {
        let name: String
        let points: [(x: Double, y: Double)]
    }
    let title: String
    let curves: [Curve]

    /// So many curves have a colour of their own.
    static let colours = 8
    private static let (width, height) = (560.0, 300.0)
    private static let (left, right, top, bottom) = (64.0, 16.0, 12.0, 44.0)

    /// Nothing where no point can be drawn.
    var svg: String {
        let curves = curves.map { Curve(name: $0.name, points: $0.points.filter { $0.x.isFinite && $0.y.isFinite }) }
        let all = curves.flatMap(\.points)
        guard !all.isEmpty else { return "" }
        let (xs, ys) = (Self.range(all.map(\.x)), Self.range(all.map(\.y)))
        let (w, h) = (Self.width - Self.left - Self.right, Self.height - Self.top - Self.bottom)
        func px(_ x: Double) -> String {
            Self.number(Self.left + (x - xs.lowerBound) / (xs.upperBound - xs.lowerBound) * w)
        }
        func py(_ y: Double) -> String {
            Self.number(Self.top + h - (y - ys.lowerBound) / (ys.upperBound - ys.lowerBound) * h)
        }
        let name = escapedForMarkup(title)
        var svg =
            "<svg viewBox=\"0 0 \(Int(Self.width)) \(Int(Self.height))\" role=\"img\" aria-label=\"\(name)\"><title>\(name)</title>\n"
        for y in Self.ticks(ys) {
            svg += "<path class=\"grid\" d=\"M\(Self.number(Self.left)) \(py(y))h\(Self.number(w))\"/>"
            svg +=
                "<text x=\"\(Self.number(Self.left - 6))\" y=\"\(py(y))\" dy=\"4\" text-anchor=\"end\">\(Self.label(y))</text>\n"
        }
        for x in Self.ticks(xs) where x == x.rounded() {
            svg +=
                "<text x=\"\(px(x))\" y=\"\(Self.number(Self.top + h + 17))\" text-anchor=\"middle\">\(Self.label(x))</text>\n"
        }
        svg +=
            "<text x=\"\(Self.number(Self.left + w / 2))\" y=\"\(Self.number(Self.height - 5))\" text-anchor=\"middle\">epoch</text>\n"
        for (index, curve) in curves.enumerated() {
            let path = curve.points.map { "\(px($0.x)),\(py($0.y))" }
            if path.count > 1 {
                svg += "<polyline class=\"c\(index % Self.colours)\" points=\"\(path.joined(separator: " "))\"/>\n"
            }
            // A few points are marked, so that an epoch is seen as one.
            guard path.count <= 40 else { continue }
            for point in curve.points {
                svg +=
                    "<circle class=\"d\(index % Self.colours)\" cx=\"\(px(point.x))\" cy=\"\(py(point.y))\" r=\"3\"><title>"
                svg += "\(escapedForMarkup(curve.name)): \(Self.label(point.y))</title></circle>"
            }
        }
        return svg + "</svg>\n"
    }

    private static func range(_ values: [Double]) -> ClosedRange<Double> {
        let (low, high) = (values.min() ?? 0, values.max() ?? 1)
        if low < high { return low...high }
        let margin = max(abs(low) / 10, 1e-9)
        return low - margin...high + margin
    }

    /// Round numbers inside of a range, five or so.
    private static func ticks(_ range: ClosedRange<Double>) -> [Double] {
        let rough = (range.upperBound - range.lowerBound) / 5
        let power = pow(10, floor(log10(rough)))
        guard power > 0, power.isFinite else { return [] }
        let step = power * ([1, 2, 5].first { $0 * power >= rough } ?? 10)
        let first = ceil(range.lowerBound / step)
        return (0...10).map { (first + Double($0)) * step }.filter { range.contains($0) }
    }

    private static func number(_ value: Double) -> String { String(format: "%.1f", value) }
    static func label(_ value: Double) -> String {
        value.isFinite
            ? String(format: abs(value) >= 1e5 || value != 0 && abs(value) < 1e-3 ? "%.2e" : "%.4g", value)
            : "\(value)"
    }
}
