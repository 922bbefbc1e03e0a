// SPDX-License-Identifier: Apache-2.0
// How cost grows, as tables with the command for each number, and as pictures.

public import Lockstep

/// The series of one run and the machine they were measured on.
public struct ScalingReport: Codable, Sendable, Equatable {
    public var series: [ScalingSeries]
    /// Cores the programs could use.
    public var cores: Int

    public init(_ series: [ScalingSeries], cores: Int) { (self.series, self.cores) = (series, cores) }

    /// A table for each series.
    public var markdown: String {
        series.map { one in
            let rounds = one.points.first?.rounds.count ?? 0
            let basis = rounds == 1 ? "one round" : "medians of \(rounds) rounds"
            let heading = "**\(one.name)**, \(one.axis.rawValue) (\(basis))\n\n"
            let lines = zip(one.points, one.growth).map { point, growth in
                // More ranks or threads than cores take turns.
                let turns = (one.axis == .ranks || one.axis == .threads) && point.size > cores ? " (taking turns)" : ""
                return "| \(point.size)\(turns) | \(point.samplesPerSecond.map(grouped) ?? "-") "
                    + "| \(growth.map { decimal($0, 2) } ?? "-") | `\(point.command)` |"
            }
            return heading + "| \(one.axis.rawValue) | samples/s | × first | command |\n|---|---|---|---|\n"
                + lines.joined(separator: "\n") + "\n"
        }.joined(separator: "\n")
    }

    /// One picture for everything that was varied along `axis`: speed as a multiple of each series' first point.
    public func plot(_ axis: ScalingSeries.Axis) -> Plot {
        let curves = series.filter { $0.axis == axis }.map { one in
            let known = zip(one.points, one.growth).compactMap { point, growth in
                growth.map { (Double(point.size), $0) }
            }
            return Plot.Curve(one.name, x: known.map(\.0), y: known.map(\.1))
        }
        return Plot(
            title: "Samples per second by \(axis.rawValue)", xLabel: axis.rawValue, yLabel: "× the first", logX: true,
            curves: curves)
    }
}
