// SPDX-License-Identifier: Apache-2.0
// A table of what more nodes would bring.

/// One number of nodes.
public struct PlannedStep: Codable, Sendable, Equatable {
    public var nodes: Int
    public var ranks: Int
    public var milliseconds: Double
    /// What all ranks together do, of what as many ranks without each other would.
    public var efficiency: Double
    public var samplesPerSecond: Double
}

/// Steps on 1, 2, 4 … nodes.
public struct StepPlan: Codable, Sendable, Equatable {
    public var model: StepModel
    /// Samples of one rank in the step that was measured.
    public var batchSize: Int
    /// Samples of all ranks, where they stay as many whatever the number of ranks.
    public var globalBatch: Int?
    public var steps: [PlannedStep]

    /// - Parameter nodes: the most nodes.
    public init(_ model: StepModel, batchSize: Int, globalBatch: Int? = nil, upTo nodes: Int) {
        (self.model, self.batchSize, self.globalBatch) = (model, batchSize, globalBatch)
        var counts = [1]
        while let last = counts.last, last * 2 <= nodes { counts.append(last * 2) }
        if counts.last != nodes { counts.append(nodes) }
        steps = counts.map { count in
            let ranks = count * model.ranksPerNode
            // Someone has the largest part of a batch that does not divide.
            let samples = globalBatch.map { Double(($0 + ranks - 1) / ranks) } ?? Double(batchSize)
            let share = samples / Double(batchSize)
            let seconds = model.step(nodes: count, share: share)
            let all = Double(globalBatch ?? batchSize * ranks)
            let alone = all / Double(batchSize) * model.compute / Double(ranks)
            return PlannedStep(
                nodes: count, ranks: ranks, milliseconds: seconds * 1e3, efficiency: alone / seconds,
                samplesPerSecond: all / seconds)
        }
    }

    /// The fewest nodes whose speed is within a hundredth of the best; of a batch per rank that grows with them, the most whose
    /// efficiency is half at least.
    public var best: PlannedStep {
        let top = steps.map(\.samplesPerSecond).max() ?? 0
        if globalBatch == nil { return steps.last { $0.efficiency >= 0.5 } ?? steps[0] }
        return steps.first { $0.samplesPerSecond >= 0.99 * top } ?? steps[0]
    }

    /// A row for each number of nodes.
    public var markdown: String {
        let lines = steps.map { step in
            "| \(step.nodes) | \(step.ranks) | \(decimal(step.milliseconds, step.milliseconds < 10 ? 2 : 1)) | "
                + "\(decimal(step.efficiency * 100, 1)) % | \(grouped(step.samplesPerSecond)) |"
        }
        return "| nodes | ranks | ms per step | efficiency | samples/s |\n|---|---|---|---|---|\n"
            + lines.joined(separator: "\n") + "\n"
    }
}
