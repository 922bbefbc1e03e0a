// SPDX-License-Identifier: Apache-2.0
// One case over one network between nodes: what was measured, and what it could be at best.

import Lockstep

/// How the two nodes of a bench are connected.
public enum NodeNetwork: String, Codable, CaseIterable, Sendable {
    case unlimited = "none"
    case gigabit = "1G"
    case hundredMegabit = "100M"

    /// The limit of each direction, as `tc` writes it; nil for what the machine can do.
    public var rate: String? {
        switch self {
        case .unlimited: nil
        case .gigabit: "1gbit"
        case .hundredMegabit: "100mbit"
        }
    }
}

/// Who trains over the network, and how gradients travel.
public enum NodeContender: String, Codable, CaseIterable, Sendable {
    case float32 = "Lockstep, float32"
    case bf16 = "Lockstep, bf16"
    case ddp = "PyTorch DDP"

    /// How gradients travel.
    var compression: GradientCompression { self == .bf16 ? .bf16 : .none }
    /// Bytes of one gradient on its way.
    package var bytesPerParameter: Double { Double(compression.bytesPerValue) }
    /// Who computes the same on one rank.
    public var engine: String { self == .ddp ? "PyTorch" : "Lockstep" }
}

/// A program's figures of one round.
public struct NodeMeasurement: Codable, Sendable, Equatable {
    /// The median step.
    public var milliseconds: Double
    /// What a node has sent per step, headers of the network included.
    public var sentBytes: Double?
    public var parameterCount: Int

    enum CodingKeys: String, CodingKey {
        case milliseconds = "ms"
        case sentBytes = "sent_bytes"
        case parameterCount = "params"
    }
}

/// One case over one network, in several rounds.
public struct NodeRow: Codable, Sendable, Equatable {
    public var name: String
    public var network: NodeNetwork
    public var nodes: Int
    /// Bytes a second of each direction and seconds of a message, of every round.
    public var bytesPerSecond: [Double] = []
    public var latency: [Double] = []
    /// The steps of one rank alone, by engine, and those of all ranks, by contender, of every round.
    public var alone: [String: [NodeMeasurement]] = [:]
    public var steps: [String: [NodeMeasurement]] = [:]

    public init(_ benchmark: BenchmarkCase, _ network: NodeNetwork, nodes: Int) {
        (name, self.network, self.nodes) = (benchmark.rawValue, network, nodes)
    }

    /// The middle round of one rank alone, in milliseconds.
    public func alone(_ contender: NodeContender) -> Double? { middle(alone[contender.engine]) }

    /// The middle round of all ranks, in milliseconds.
    public func step(_ contender: NodeContender) -> Double? { middle(steps[contender.rawValue]) }

    /// Bytes a node has sent per step, in the middle round.
    public func sentBytes(_ contender: NodeContender) -> Double? {
        let all = steps[contender.rawValue]?.compactMap(\.sentBytes) ?? []
        return all.isEmpty ? nil : median(all)
    }

    /// What a step would take, in milliseconds, if computing and sending hid each other wholly: the longer of the step of one rank
    /// alone and of the time in which the network carries the least bytes that make gradients whole, 2 (n − 1) / n times their size.
    public func ideal(_ contender: NodeContender) -> Double? {
        guard let alone = alone(contender), !bytesPerSecond.isEmpty,
            let count = steps[contender.rawValue]?.first?.parameterCount
        else { return nil }
        let bytes = 2 * Double(nodes - 1) / Double(nodes) * Double(count) * contender.bytesPerParameter
        return max(alone, bytes / median(bytesPerSecond) * 1e3)
    }

    /// The step as a multiple of the ideal one.
    public func ratio(_ contender: NodeContender) -> Double? {
        guard let step = step(contender), let ideal = ideal(contender) else { return nil }
        return step / ideal
    }

    /// What ``StepModel`` says of the step, in milliseconds; nil for others' programs.
    public func planned(_ contender: NodeContender) -> Double? {
        guard contender != .ddp, let alone = alone(contender), !bytesPerSecond.isEmpty, !latency.isEmpty,
            let count = steps[contender.rawValue]?.first?.parameterCount
        else { return nil }
        let model = StepModel(
            compute: alone * 1e-3, parameterCount: count, compression: contender.compression,
            network: LinkSpeed(latency: median(latency), bytesPerSecond: median(bytesPerSecond)))
        return model.step(nodes: nodes) * 1e3
    }

    private func middle(_ all: [NodeMeasurement]?) -> Double? {
        guard let all, !all.isEmpty else { return nil }
        return median(all.map(\.milliseconds))
    }
}
