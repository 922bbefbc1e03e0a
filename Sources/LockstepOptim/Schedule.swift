// SPDX-License-Identifier: Apache-2.0
// Hyper-parameters as pure functions of progress.

import Glibc

/// A number as a function of progress in 0…1. Pure, so it can be plotted and tested without training.
///
/// ```swift
/// let warm = try Schedule.combined([(0.3, .cosine(1e-4, 1e-2)), (0.7, .cosine(1e-2, 1e-6))])
/// warm(0.3)       // 0.01
/// ```
public struct Schedule: Sendable {
    private let function: @Sendable (Double) -> Double

    /// A schedule of your own.
    public init(_ function: @escaping @Sendable (Double) -> Double) { self.function = function }

    /// The value at `position`, 0 at the start and 1 at the end.
    public func callAsFunction(_ position: Double) -> Double { function(position) }

    /// `s + x(e − s)`.
    public static func linear(_ start: Double, _ end: Double) -> Schedule { Schedule { start + $0 * (end - start) } }

    /// `s + (1 + cos(π(1 − x)))(e − s)/2`.
    public static func cosine(_ start: Double, _ end: Double) -> Schedule {
        Schedule { start + (1 + cos(Double.pi * (1 - $0))) * (end - start) / 2 }
    }

    /// `s`, always.
    public static func constant(_ value: Double) -> Schedule { Schedule { _ in value } }

    /// `s(e/s)ˣ`.
    public static func exponential(_ start: Double, _ end: Double) -> Schedule {
        Schedule { start * pow(end / start, $0) }
    }

    /// `s + (e − s)xᵖ`.
    public static func polynomial(_ start: Double, _ end: Double, power: Double) -> Schedule {
        Schedule { start + (end - start) * pow($0, power) }
    }

    /// Chains schedules, each over its fraction of the whole. At a boundary the later one begins.
    ///
    /// - Throws: ``OptimizerError`` when a fraction is negative or they do not sum to 1 (within 1e-9).
    public static func combined(_ parts: [(fraction: Double, schedule: Schedule)]) throws(OptimizerError) -> Schedule {
        let fractions = parts.map(\.fraction)
        guard fractions.allSatisfy({ $0 >= 0 }), abs(fractions.reduce(0, +) - 1) <= 1e-9 else {
            throw OptimizerError(.groupCount, "Schedule.combined: fractions must be ≥ 0 and sum to 1: \(fractions)")
        }
        return chained(parts)
    }

    /// Cosine from `start` to `middle` over `fraction`, then from `middle` to `end`.
    public static func combinedCosine(_ fraction: Double, _ start: Double, _ middle: Double, _ end: Double) -> Schedule
    {
        let first = min(max(fraction, 0), 1)
        return chained([(first, .cosine(start, middle)), (1 - first, .cosine(middle, end))])
    }

    private static func chained(_ parts: [(fraction: Double, schedule: Schedule)]) -> Schedule {
        let real = parts.filter { $0.fraction > 0 }
        let bounds = real.reduce(into: [0.0]) { $0.append($0[$0.count - 1] + $1.fraction) }
        return Schedule { position in
            let position = max(position, 0)
            let index = min(bounds.lastIndex { $0 <= position } ?? 0, real.count - 1)
            return real[index].schedule((position - bounds[index]) / real[index].fraction)
        }
    }
}
