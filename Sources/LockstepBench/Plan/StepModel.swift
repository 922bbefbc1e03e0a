// SPDX-License-Identifier: Apache-2.0
// How long a training step takes on many nodes, from one rank's step and from what the network does.

public import Lockstep

/// A step of many ranks: computing, then sums inside a node, agreement and sums between nodes. Nothing hides anything else.
///
/// ```
/// step(n) = compute + S/m [k > 1] + A(n) + W(n)
/// A(n) = L + (n − 1) o                                  headers: everyone's to everyone
/// W(n) = L r + max(2 (n − 1)/n · S'/B, M o) + L ⌈log₂ n⌉   r = 1 of two nodes, 2 of more; the end of an exchange
/// ```
/// with S bytes of gradients, S' as they travel, m bytes a second that a rank adds up, M messages of 60 KiB or less, and o
/// seconds that a message costs its sender.
public struct StepModel: Codable, Sendable, Equatable {
    /// Seconds of one rank's step, its update included.
    public var compute: Double
    /// Trained numbers of the model.
    public var parameterCount: Int
    public var ranksPerNode = 1
    /// Bytes of one gradient between nodes.
    public var bytesPerGradient = 4
    /// Seconds that a message takes.
    public var latency: Double
    /// Bytes a second that a node can send.
    public var bytesPerSecond: Double

    /// Bytes of gradients that a rank adds up in a second inside its node: assumed; no committed command measures it.
    static let sumsPerSecond = 8e9
    /// Seconds a message costs its sender: assumed as well.
    static let messageSeconds = 4e-6

    public init(
        compute: Double, parameterCount: Int, ranksPerNode: Int = 1, compression: GradientCompression = .none,
        network: LinkSpeed
    ) {
        (self.compute, self.parameterCount, self.ranksPerNode) = (compute, parameterCount, ranksPerNode)
        (latency, bytesPerSecond) = (network.latency, network.bytesPerSecond)
        bytesPerGradient = compression.bytesPerValue
    }

    /// Seconds of a step on `nodes` nodes.
    /// - Parameter share: what a rank computes, of what the measured one did.
    public func step(nodes: Int, share: Double = 1) -> Double {
        compute * share + inside + agreement(nodes) + between(nodes)
    }

    /// Inside a node: a rank reads a slice of every rank's gradients and writes it to all.
    var inside: Double { ranksPerNode > 1 ? 4 * Double(parameterCount) / Self.sumsPerSecond : 0 }

    func agreement(_ nodes: Int) -> Double {
        nodes > 1 ? latency + Double(nodes - 1) * Self.messageSeconds : 0
    }

    func between(_ nodes: Int) -> Double {
        guard nodes > 1 else { return 0 }
        let (n, bytes) = (Double(nodes), Double(parameterCount * bytesPerGradient))
        let sent = 2 * (n - 1) / n * bytes
        let phases = nodes == 2 ? 1.0 : 2
        // Each piece is a message to every other node, in each phase.
        let pieces = max(1, (bytes / (nodes == 2 ? 1 : n) / Double(NodeSum.messageBytes)).rounded(.up))
        let messages = phases * pieces * (n - 1)
        var rounds = 0.0
        while Double(1 << Int(rounds)) < n { rounds += 1 }
        return latency * (phases + rounds) + max(sent / bytesPerSecond, messages * Self.messageSeconds)
    }
}
