// SPDX-License-Identifier: Apache-2.0
// Which combinations a sweep tries, and with how many epochs: a function of the options alone.

import Lockstep

/// The trials of a sweep.
struct SweepSearch {
    let strategy: SweepStrategy
    let axes: [SweepAxis]
    let seed: UInt64
    /// The values of each trial, one for each of ``axes``.
    let points: [[SettingScalar]]
    /// How many epochs trials get, round after round; each round has the better half of the one before.
    let rounds: [Int]

    /// More rows than anybody looks through.
    private static let most = 10_000

    /// - Throws: ``Failure`` (64).
    init(_ strategy: SweepStrategy, axes: [SweepAxis], trials: Int?, seed: UInt64, epochs: Int) throws {
        (self.strategy, self.axes, self.seed) = (strategy, axes, seed)
        var size: Int? = 1
        for axis in axes {
            guard let known = size, let count = axis.count else {
                size = nil
                break
            }
            // Both factors are small, or one is enough.
            size = max(known, count) > Self.most ? Self.most + 1 : known * count
        }
        if strategy == .halving, axes.contains(where: { $0.name == "epochs" }) {
            throw Failure.usage("--over epochs: --search halving decides how many epochs a trial gets")
        }
        if strategy == .grid || (strategy == .halving && trials == nil && size != nil) {
            guard let size else {
                let axis = axes.first { $0.isContinuous }.map { "\($0.name)=\($0.words)" } ?? ""
                throw Failure.usage("--over \(axis): a grid needs values; name some, or use --search random")
            }
            guard size <= Self.most else {
                throw Failure.usage(
                    "--search \(strategy.rawValue): more than \(Self.most) combinations; use --search random")
            }
            if let trials, trials < size {
                throw Failure.usage(
                    "--trials \(trials): the grid has \(size) combinations; leave it out, or use --search random")
            }
            points = try (0..<size).map { try Self.point($0, of: axes) }
        } else {
            points = try Self.drawn(trials ?? SweepOptions.trials.initial, of: axes, size: size, seed: seed)
        }
        rounds = strategy == .halving ? Self.rounds(points.count, epochs: epochs) : [epochs]
    }

    /// Combination `index`: the last axis changes first.
    private static func point(_ index: Int, of axes: [SweepAxis]) throws -> [SettingScalar] {
        var (rest, values) = (index, [SettingScalar]())
        for axis in axes.reversed() {
            let count = axis.count ?? 1
            values.append(try axis.value(rest % count))
            rest /= count
        }
        return values.reversed()
    }

    /// `count` different combinations, or all where there are fewer.
    private static func drawn(
        _ count: Int, of axes: [SweepAxis], size: Int?, seed: UInt64
    ) throws -> [[SettingScalar]] {
        var (points, seen) = ([[SettingScalar]](), Set<[String]>())
        let wanted = min(count, size ?? count)
        // Where few are left to find, most draws are in vain.
        for attempt in 0..<(1000 + 100 * wanted) where points.count < wanted {
            let point = try axes.enumerated().map { number, axis in
                var generator = PhiloxGenerator(seed: seed, stream: UInt64(number) + 1, counter: UInt64(attempt) << 8)
                return try axis.drawn(&generator)
            }
            if seen.insert(point.map(\.bare)).inserted { points.append(point) }
        }
        return points
    }

    /// Doubled from round to round, up to `epochs` in the last.
    private static func rounds(_ trials: Int, epochs: Int) -> [Int] {
        var rounds = [epochs]
        var left = trials
        while left > 1, let first = rounds.first, first > 1 {
            rounds.insert((first + 1) / 2, at: 0)
            left = (left + 1) / 2
        }
        return rounds
    }

    /// How many trials take part in a round.
    func count(inRound round: Int) -> Int { (0..<round).reduce(points.count) { count, _ in (count + 1) / 2 } }

    /// What is going to be done.
    var description: String {
        let ranges = axes.compactMap { axis -> String? in
            guard case .range(let range, let isWhole, let isLog) = axis.kind, strategy != .grid else { return nil }
            let bounds =
                isWhole
                ? "\(Int(range.lowerBound)) to \(Int(range.upperBound))" : "\(range.lowerBound) to \(range.upperBound)"
            return "\(axis.name) from \(bounds)\(isLog ? ", evenly in its logarithm" : "")"
        }
        let how = ranges.isEmpty ? "" : "; " + ranges.joined(separator: "; ")
        let trials = points.count == 1 ? "1 trial" : "\(points.count) trials"
        guard strategy == .halving else { return "\(trials) (\(strategy.rawValue))\(how)" }
        let steps = rounds.enumerated().map { "\(count(inRound: $0.offset)) with \($0.element)" }
        return "\(trials) (halving): \(steps.joined(separator: ", ")) epochs\(how)"
    }
}
