// SPDX-License-Identifier: Apache-2.0
// What a run left behind, as numbers with names.

/// What one rank has to show after a run.
struct TrainingRecord: Equatable, Sendable {
    /// One result.
    struct Entry: Equatable, Sendable {
        let name: String
        let values: [Double]
        /// Whether every rank must have the same, to the bit.
        let isShared: Bool
        /// Whether rounding shows in it: all but what counts something.
        let isRounded: Bool
        /// Rounding that shows in any case.
        let leastTolerance: Double
    }
    private(set) var entries: [Entry] = []

    mutating func add(
        _ name: String, _ values: [Double], isShared: Bool = true, isRounded: Bool = true, leastTolerance: Double = 0
    ) {
        entries.append(
            Entry(name: name, values: values, isShared: isShared, isRounded: isRounded, leastTolerance: leastTolerance))
    }

    subscript(name: String) -> [Double]? { entries.first { $0.name == name }?.values }

    /// Only the entries of these names.
    func only(_ names: [String]) -> TrainingRecord {
        var part = TrainingRecord()
        part.entries = entries.filter { names.contains($0.name) }
        return part
    }

    /// 64 bits of all bits: equal records, equal words.
    var digest: UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        func add(_ word: UInt64) { hash = (hash ^ word) &* 0x0000_0100_0000_01B3 ^ hash >> 29 }
        for entry in entries {
            for byte in entry.name.utf8 { add(UInt64(byte)) }
            for value in entry.values { add(value.isNaN ? 1 : value.bitPattern) }
        }
        return hash
    }
}

/// Where two records differ.
struct RecordDifference: Sendable {
    /// The first entry that differs, in the order of the entries.
    let name: String
    let detail: String
}

extension TrainingRecord {
    /// The first entry of which not every bit is that of `other`; NaN is equal to NaN.
    ///
    /// - Parameters:
    ///   - sharedOnly: Only what every rank has.
    ///   - metricsToRounding: Metrics are functions of predictions that nobody cuts into pieces.
    func firstOtherBits(
        than other: TrainingRecord, sharedOnly: Bool = false, metricsToRounding: Bool = false
    ) -> RecordDifference? {
        compared(with: other, sharedOnly: sharedOnly) { a, b, entry in
            a == b || a.isNaN && b.isNaN
                || metricsToRounding && entry.leastTolerance > 0
                    && abs(a - b) <= entry.leastTolerance * max(0.1, abs(b))
        }
    }

    /// The first entry that is further from `other`'s than rounding: `tolerance`, in relation to the entry's largest value.
    func firstFar(from other: TrainingRecord, tolerance: Double) -> RecordDifference? {
        compared(with: other, sharedOnly: false) { a, b, entry in
            if a == b || a.isNaN && b.isNaN { return true }
            guard entry.isRounded else { return false }
            let scale = entry.values.lazy.filter(\.isFinite).map(abs).max() ?? 0
            return abs(a - b) <= max(tolerance, entry.leastTolerance) * max(0.1, scale)
        }
    }

    /// How far this is from `other` at most, entry by entry, in the measure of ``firstFar(from:tolerance:)``.
    func distances(from other: TrainingRecord) -> [String: Double] {
        var result: [String: Double] = [:]
        for (entry, second) in zip(entries, other.entries) {
            guard entry.values.count == second.values.count else {
                result[entry.name] = .infinity
                continue
            }
            let scale = max(0.1, second.values.lazy.filter(\.isFinite).map(abs).max() ?? 0)
            result[entry.name] =
                zip(entry.values, second.values).map { a, b in
                    a == b || a.isNaN && b.isNaN ? 0 : a.isNaN || b.isNaN ? .infinity : abs(a - b) / scale
                }.max() ?? 0
        }
        return result
    }

    private func compared(
        with other: TrainingRecord, sharedOnly: Bool, _ isAlike: (Double, Double, Entry) -> Bool
    ) -> RecordDifference? {
        for (entry, expected) in zip(entries, other.entries) where !sharedOnly || entry.isShared {
            guard entry.values.count == expected.values.count else {
                return RecordDifference(
                    name: entry.name,
                    detail:
                        "\(entry.values.count) values \(entry.values.prefix(6)), not \(expected.values.count) \(expected.values.prefix(6))"
                )
            }
            let pairs = Array(zip(entry.values, expected.values))
            guard let place = pairs.firstIndex(where: { !isAlike($0, $1, expected) }) else { continue }
            let worst = pairs.map { abs($0 - $1) }.filter { !$0.isNaN }.max() ?? .nan
            return RecordDifference(
                name: entry.name,
                detail: "\(pairs[place].0), not \(pairs[place].1), at \(place); at most \(worst) apart")
        }
        guard entries.count == other.entries.count else {
            return RecordDifference(name: "entries", detail: "\(entries.count), not \(other.entries.count)")
        }
        return nil
    }
}
