// SPDX-License-Identifier: Apache-2.0
// What is varied to see how cost grows, and the commands that measure it.

/// Measurements of one case at growing sizes.
public struct ScalingSeries: Codable, Sendable, Equatable {
    /// What grows.
    public enum Axis: String, Codable, Sendable, CaseIterable {
        case batchSize = "samples per batch"
        case width = "units per layer"
        case ranks = "ranks"
        case threads = "threads"

        /// The name of its files.
        public var fileName: String {
            switch self {
            case .batchSize: "batch-size"
            case .width: "width"
            case .ranks: "ranks"
            case .threads: "threads"
            }
        }
    }

    /// One size and what was measured there, round after round.
    public struct Point: Codable, Sendable, Equatable {
        public var size: Int
        /// What a person types to measure it.
        public var command: String
        /// Samples of all ranks per second, of every round.
        public var rounds: [Double] = []

        /// The middle round; nil before the first.
        public var samplesPerSecond: Double? { rounds.isEmpty ? nil : median(rounds) }
    }

    public var name: String
    public var axis: Axis
    public var points: [Point]

    init(_ benchmark: BenchmarkCase, _ axis: Axis, _ sizes: [Int]) {
        (name, self.axis) = (benchmark.rawValue, axis)
        points = sizes.map { size in
            let command =
                switch axis {
                case .batchSize: "lockstep bench \(benchmark.rawValue) --batch-size \(size)"
                case .width: "lockstep bench \(benchmark.rawValue) --width \(size)"
                case .ranks: "lockstep bench \(benchmark.rawValue) --ranks \(size)"
                case .threads: "LOCKSTEP_THREADS=\(size) lockstep bench \(benchmark.rawValue)"
                }
            return Point(size: size, command: command)
        }
    }

    /// Everything `lockstep bench scaling` measures. A batch is a rank's own: with the ranks the work grows.
    public static var all: [ScalingSeries] {
        let batches = [16, 32, 64, 128, 256, 512, 1024]
        return [BenchmarkCase.mlp, .tabular, .lenet].map { ScalingSeries($0, .batchSize, batches) }
            + [ScalingSeries(.gpt, .batchSize, [16, 32, 64, 128])]
            + [ScalingSeries(.mlp, .width, [64, 128, 256, 512, 1024, 2048])]
            + [BenchmarkCase.mlp, .resnet20, .gpt].map { ScalingSeries($0, .ranks, [1, 2, 4, 8]) }
            + [BenchmarkCase.mlp256, .resnet20, .gpt].map { ScalingSeries($0, .threads, [1, 2]) }
    }

    /// Multiples of the first point's speed.
    public var growth: [Double?] {
        guard let first = points.first?.samplesPerSecond else { return points.map { _ in nil } }
        return points.map { $0.samplesPerSecond.map { $0 / first } }
    }
}
