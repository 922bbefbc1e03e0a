// SPDX-License-Identifier: Apache-2.0
// How costs grow, as a table: the exponent of each, the largest size in figures, and a peer's beside it.

import Foundation
public import Lockstep

/// The points of one kind of work.
public struct GrowthSeries: Codable, Sendable, Equatable {
    public var work: GrowthCase
    public var points: [GrowthPoint]
    /// What the peer took for the same sizes, where it is there and does such work.
    public var peer: [GrowthPoint]

    public init(_ work: GrowthCase, _ points: [GrowthPoint] = [], peer: [GrowthPoint] = []) {
        (self.work, self.points, self.peer) = (work, points, peer)
    }

    /// The most that a cost may grow with its work: a little more than in proportion, which sorting does, too.
    public static let limit = 1.15
    /// The same of memory where one part is held at once, however many pass: it should stay as it is.
    static let partLimit = 0.3
    /// Seconds and bytes below which a point says nothing of how costs grow.
    fileprivate static let (leastSeconds, leastBytes) = (0.02, 16 << 20)

    /// The exponent of time in the work; nil where fewer than two sizes took long enough to tell.
    public var timeExponent: Double? {
        Self.exponent(points.filter { $0.seconds >= Self.leastSeconds }.map { (Double($0.size), $0.seconds) })
    }

    /// The exponent of memory.
    public var memoryExponent: Double? {
        Self.exponent(
            points.filter { $0.bytes >= Self.leastBytes }.map { (Double(work.bytes($0.size)), Double($0.bytes)) })
    }

    /// Whether neither grows faster than the work.
    public var isLinear: Bool {
        let exponents = work.isBoundByDisk ? [memoryExponent] : [timeExponent, memoryExponent]
        return exponents.allSatisfy { $0 ?? 0 <= Self.limit }
            && (!work.holdsOnePart || memoryExponent ?? 0 <= Self.partLimit)
    }

    /// The slope of the line through the logarithms.
    private static func exponent(_ points: [(x: Double, y: Double)]) -> Double? {
        guard points.count > 1 else { return nil }
        let (x, y) = (points.map { log($0.x) }, points.map { log($0.y) })
        let (meanX, meanY) = (x.reduce(0, +) / Double(x.count), y.reduce(0, +) / Double(y.count))
        let spread = x.reduce(0) { $0 + ($1 - meanX) * ($1 - meanX) }
        return zip(x, y).reduce(0) { $0 + ($1.0 - meanX) * ($1.1 - meanY) } / spread
    }
}

/// All series of one run.
public struct GrowthReport: Codable, Sendable, Equatable {
    public var series: [GrowthSeries]

    public init(_ series: [GrowthSeries]) { self.series = series }

    /// The work of which a cost grows faster.
    public var beyond: [GrowthCase] { series.filter { !$0.isLinear }.map(\.work) }

    /// One row for each kind of work.
    public var markdown: String {
        let head =
            "| work | largest | time | ∝ work^ | memory | per byte of data | ∝ data^ | peer: time | memory |\n"
            + "|---|---|---|---|---|---|---|---|---|\n"
        return head + series.map(Self.row).joined()
    }

    private static func row(_ one: GrowthSeries) -> String {
        guard let last = one.points.last else { return "" }
        func time(_ point: GrowthPoint?) -> String { point.map { decimal($0.seconds, 3) + " s" } ?? "-" }
        func memory(_ point: GrowthPoint?) -> String { point.map { "\($0.bytes >> 20) MiB" } ?? "-" }
        let share = Double(last.bytes) / Double(one.work.bytes(last.size))
        let peer = one.peer.first { $0.size == last.size }
        return "| \(one.work.rawValue): \(one.work.summary) | \(last.size) | \(time(last)) "
            + "| \(one.timeExponent.map { decimal($0, 2) } ?? "-") | \(memory(last)) | \(decimal(share, 2)) "
            + "| \(one.memoryExponent.map { decimal($0, 2) } ?? "-") | \(time(peer)) | \(memory(peer)) |\n"
    }

    /// Seconds by size, both as multiples of the first that took long enough.
    public var plot: Plot {
        let curves = series.compactMap { one -> Plot.Curve? in
            let known = one.points.filter { $0.seconds >= GrowthSeries.leastSeconds }
            guard let first = known.first, known.count > 1 else { return nil }
            return Plot.Curve(
                one.work.rawValue, x: known.map { Double($0.size) / Double(first.size) },
                y: known.map { $0.seconds / first.seconds })
        }
        return Plot(
            title: "Seconds by the amount of work", xLabel: "× the first", yLabel: "× the first", logX: true,
            curves: curves)
    }
}
