// SPDX-License-Identifier: Apache-2.0
// Cases beside the peers: everybody once per round, round after round, then medians and ratios.

/// The measurements of one case on one number of ranks.
public struct CaseComparison: Codable, Sendable, Equatable {
    public var name: String
    public var ranks: Int
    /// Medians over the rounds, by contender.
    public var medians: [String: StepMeasurement]
    /// Every round's samples per second, by contender, in order.
    public var rounds: [String: [Double]]

    /// Measures `benchmark`, everyone once per round so that a busy minute hits all alike.
    public init(
        _ benchmark: BenchmarkCase, ranks: Int, rounds count: Int, programs: PeerPrograms,
        progress: (_ contender: Contender, _ round: Int) -> Void = { _, _ in }
    ) {
        var found: [Contender: [StepMeasurement]] = [:]
        var missing: Set<Contender> = []
        for round in 0..<max(1, count) {
            for contender in Contender.allCases
            where contender.takesPart(in: benchmark, ranks: ranks) && !missing.contains(contender) {
                progress(contender, round)
                if let one = programs.measure(contender, benchmark, ranks: ranks) {
                    found[contender, default: []].append(one)
                } else {
                    missing.insert(contender)
                }
            }
        }
        self.init(name: benchmark.rawValue, ranks: ranks, found)
    }

    init(name: String, ranks: Int, _ found: [Contender: [StepMeasurement]]) {
        (self.name, self.ranks, medians, rounds) = (name, ranks, [:], [:])
        for (contender, list) in found where !list.isEmpty {
            rounds[contender.rawValue] = list.map(\.samplesPerSecond)
            medians[contender.rawValue] = StepMeasurement(
                samplesPerSecond: median(list.map(\.samplesPerSecond)), mebibytes: median(list.map(\.mebibytes)),
                firstStepSeconds: median(list.map(\.firstStepSeconds)))
        }
    }

    /// Our figure.
    public var own: StepMeasurement? { medians[Contender.lockstep.rawValue] }

    /// The fastest of the others.
    public var bestPeer: (contender: Contender, measurement: StepMeasurement)? {
        Contender.allCases.filter { $0 != .lockstep }
            .compactMap { contender in medians[contender.rawValue].map { (contender, $0) } }
            .max { $0.1.samplesPerSecond < $1.1.samplesPerSecond }
    }

    /// Ours over the fastest of the others.
    public var ratio: Double? {
        guard let own, let bestPeer else { return nil }
        return own.samplesPerSecond / bestPeer.measurement.samplesPerSecond
    }
}

/// The middle of the values, the lower one of two.
func median<T: Comparable>(_ values: [T]) -> T { values.sorted()[(values.count - 1) / 2] }
