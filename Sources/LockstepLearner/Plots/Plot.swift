// SPDX-License-Identifier: Apache-2.0
// Curves as a value: what is drawn, before it is known where.

import Glibc

/// Curves over common axes; ``svg(width:height:)`` and ``text(width:height:)`` draw them.
///
/// ```swift
/// let plot = learner.recorder?.plotLoss()
/// print(plot?.text() ?? "")
/// ```
public struct Plot: Sendable {
    /// One curve. Points that are not finite, or not positive on a logarithmic axis, are left out.
    public struct Curve: Sendable {
        /// What the legend calls it.
        public let name: String
        /// Where the points lie along the horizontal axis.
        public let x: [Double]
        /// How high they lie; those that are not finite are left out.
        public let y: [Double]
        /// Whether the points are drawn one by one instead of being joined.
        public let isScatter: Bool

        /// A curve, or separate points.
        public init(_ name: String, x: [Double], y: [Double], isScatter: Bool = false) {
            (self.name, self.x, self.y, self.isScatter) = (name, x, y, isScatter)
        }
    }
    /// The heading.
    public var title: String
    /// What the horizontal axis measures.
    public var xLabel: String
    /// What the vertical axis measures.
    public var yLabel: String
    /// Whether the horizontal axis is logarithmic.
    public var logX: Bool
    /// Whether the vertical axis is logarithmic.
    public var logY: Bool
    /// What is drawn, in the order of the legend.
    public var curves: [Curve]
    /// Where dotted upright lines stand.
    public var verticals: [Double] = []
    /// The least the axes show, on linear scales, whatever the points; nil for what the points need.
    public var xRange: ClosedRange<Double>?
    /// The same upwards.
    public var yRange: ClosedRange<Double>?

    /// A plot.
    public init(
        title: String = "", xLabel: String = "", yLabel: String = "", logX: Bool = false, logY: Bool = false,
        curves: [Curve] = []
    ) {
        (self.title, self.xLabel, self.yLabel) = (title, xLabel, yLabel)
        (self.logX, self.logY, self.curves) = (logX, logY, curves)
    }

    /// How many points are drawn.
    public var pointCount: Int { curves.reduce(0) { $0 + points(of: $1).count } }

    /// The points of `curve` that can be drawn, on linear scales: logarithms where an axis is logarithmic.
    func points(of curve: Curve) -> [(x: Double, y: Double)] {
        zip(curve.x, curve.y).compactMap { x, y in
            let (u, v) = (logX ? log10(x) : x, logY ? log10(y) : y)
            return u.isFinite && v.isFinite ? (u, v) : nil
        }
    }

    /// The extent of all points, never empty.
    func extent() -> (x: ClosedRange<Double>, y: ClosedRange<Double>) {
        let all = curves.flatMap { points(of: $0) }
        func range(_ values: [Double], _ least: ClosedRange<Double>?) -> ClosedRange<Double> {
            let values = values + (least.map { [$0.lowerBound, $0.upperBound] } ?? [])
            guard let low = values.min(), let high = values.max() else { return 0...1 }
            return low < high ? low...high : low - 0.5...high + 0.5
        }
        return (range(all.map(\.x), logX ? nil : xRange), range(all.map(\.y), logY ? nil : yRange))
    }
}

/// A number as short as a label wants it: `0.05`, `1.2e-05`, `12345`.
func label(_ value: Double, log: Bool = false) -> String {
    let value = log ? pow(10, value) : value
    if value == 0 { return "0" }
    let exponent = Int(floor(log10(value.magnitude)))
    guard exponent < -3 || exponent > 5 else { return trimmed(fixed(value, max(0, 3 - max(exponent, 0)))) }
    return "\(trimmed(fixed(value / pow(10, Double(exponent)), 2)))e\(exponent)"
}

private func trimmed(_ text: String) -> String {
    guard text.contains(".") else { return text }
    var text = text
    while text.hasSuffix("0") { text.removeLast() }
    if text.hasSuffix(".") { text.removeLast() }
    return text
}
