// SPDX-License-Identifier: Apache-2.0
// What a checkpoint costs the steps beside it.

import Foundation
public import Lockstep

/// Times steps with and without a checkpoint on its way, and the copy that delays one of them.
public struct CheckpointBench: Sendable {
    private let (width, layers, steps): (Int, Int, Int)

    /// - Parameters:
    ///   - width: Units of each of six layers: 4,096 make 100 million parameters.
    ///   - steps: Steps that are timed.
    public init(width: Int = 4096, steps: Int = 60) { (self.width, layers, self.steps) = (width, 6, steps) }

    /// What was measured; seconds and bytes.
    public struct Result: Codable, Sendable {
        public var parameters = 0
        public var ranks = 1
        /// Parameters and optimizer state: all of them.
        public var bytes = 0
        /// By how much the step is late in which a checkpoint is taken: the median.
        public var snapshot = 0.0
        /// What copying one rank's share of the bytes takes: the median.
        public var copy = 0.0
        /// A step with no checkpoint on its way, and one with: medians.
        public var step = 0.0
        public var besideWrite = 0.0
        /// From taking a checkpoint to its having been read back: the longest.
        public var write = 0.0

        /// One line of JSON.
        public var json: String {
            let encoder = JSONEncoder()
            encoder.outputFormatting = .sortedKeys
            return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
        }

        /// What a person reads.
        public var text: String {
            func ms(_ seconds: Double) -> String { String(format: "%.1f ms", seconds * 1000) }
            let share = Double(bytes / ranks)
            return """
                \(parameters) parameters, Adam, \(ranks) rank\(ranks == 1 ? "" : "s"): \(bytes >> 20) MiB a checkpoint
                a step is late by       \(ms(snapshot)), \(String(format: "%.1f", share / snapshot / 1e9)) GB/s; a copy of \
                one rank's share takes \(ms(copy)): ratio \(String(format: "%.2f", snapshot / copy))
                a step takes            \(ms(step)), while a checkpoint is written \(ms(besideWrite)): ratio \
                \(String(format: "%.3f", besideWrite / step))
                written and read back in \(String(format: "%.2f s, %.2f GB/s", write, Double(bytes) / write / 1e9))
                """
        }
    }

    /// Trains on random data; files go to a folder that is removed.
    ///
    /// - Returns: what was measured, on rank 0.
    public func run(over communicator: any Communicator) throws -> Result {
        setSeed(1)
        let folder = NSTemporaryDirectory() + "lockstep-bench-\(UInt32.random(in: 0 ... .max))"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let layers = (0..<layers).map { _ in Linear(width, width) as any UnaryLayer }
        let model = Sequential(layers)
        let batch = Batch(
            inputs: [Tensor((0..<8 * width).map { Float(sin(Double($0))) }, shape: [8, width])],
            targets: [.zeros([8, width])])
        let checkpoints = CheckpointCallback(
            every: .steps(10), keep: 1, folder: try communicator.broadcast(folder, from: 0))
        let (before, after) = (Mark(order: 999_998, checkpoints), Mark(order: 1_000_000, checkpoints))
        let learner = Learner(
            dls: DataLoaders(BatchList(repeatElement(batch, count: steps)), BatchList(CollectionOfOne(batch))),
            model: model, loss: .mse, callbacks: [checkpoints, before, after])
        try learner.withoutProgress {
            try learner.withoutLogging {
                try learner.distributed(over: communicator) { try learner.fit(1, lr: 1e-5) }
            }
        }
        var result = Result()
        result.parameters = model.parameterCount
        result.ranks = communicator.size
        result.bytes = 12 * result.parameters
        let taking = zip(before.times, after.times).map { ($1 - $0) / .seconds(1) }
        let isTaken = zip(before.steps, after.steps).map { $0 != $1 }
        let gaps = zip(after.times, before.times.dropFirst()).map { ($1 - $0) / .seconds(1) }
        // The first steps warm up; one in which writing begins or ends is neither.
        func gap(_ isBusy: Bool) -> [Double] {
            gaps.indices.dropFirst(5).filter { after.isBusy[$0] == isBusy && before.isBusy[$0 + 1] == isBusy }
                .map { gaps[$0] }
        }
        result.snapshot = median(taking.indices.filter { isTaken[$0] }.map { taking[$0] })
        result.copy = copySeconds(result.bytes / communicator.size)
        (result.step, result.besideWrite) = (median(gap(false)), median(gap(true)))
        result.write = checkpoints.longestWrite
        return result
    }

    /// Copies between two stretches of memory whose pages are there.
    private func copySeconds(_ bytes: Int) -> Double {
        let (from, to) = (
            UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 4096),
            UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 4096)
        )
        defer {
            from.deallocate()
            to.deallocate()
        }
        for memory in [from, to] { memory.initializeMemory(as: UInt8.self, repeating: 1, count: bytes) }
        return median(
            (0..<5).map { _ in
                let start = ContinuousClock.now
                to.copyMemory(from: from, byteCount: bytes)
                return (.now - start) / .seconds(1)
            })
    }

    /// NaN where there was nothing to measure.
    private func median(_ values: [Double]) -> Double { values.isEmpty ? .nan : LockstepBench.median(values) }
}

/// Notes where steps end, on either side of the callback that takes checkpoints.
private final class Mark: Callback {
    private let place: Int
    private let checkpoints: CheckpointCallback
    var times: [ContinuousClock.Instant] = []
    /// The last checkpoint begun by then, and whether one was being written.
    var steps: [Int] = []
    var isBusy: [Bool] = []

    init(order: Int, _ checkpoints: CheckpointCallback) { (place, self.checkpoints) = (order, checkpoints) }
    override var order: Int { place }

    override func afterBatch(_ learner: Learner) {
        guard learner.training else { return }
        times.append(.now)
        steps.append(checkpoints.lastStep)
        isBusy.append(checkpoints.isWriting)
    }
}
