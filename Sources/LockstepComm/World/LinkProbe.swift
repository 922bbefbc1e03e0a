// SPDX-License-Identifier: Apache-2.0
// What the network between two nodes can do, measured with the messages that sums travel in.
internal import CMPI

/// What a network does between two of its nodes.
public struct LinkSpeed: Sendable, Hashable, CustomStringConvertible {
    /// Seconds that a message of one byte takes: half of the shortest round trip.
    public var latency: Double
    /// Bytes a second each way, both ways at once.
    public var bytesPerSecond: Double

    /// A network of this speed.
    public init(latency: Double, bytesPerSecond: Double) {
        (self.latency, self.bytesPerSecond) = (latency, bytesPerSecond)
    }

    public var description: String {
        let megabits = bytesPerSecond * 8e-6
        let rate = megabits < 10 ? "\((megabits * 10).rounded() / 10)" : "\(Int(megabits.rounded()))"
        return "\(rate) Mbit/s each way, \(Int((latency * 1e6).rounded())) µs a message"
    }

    /// Measures the network between the first two nodes. Collective; the same on every rank.
    ///
    /// Their first ranks send each other single bytes, then 60 KiB at a time, both at once, for about `seconds` seconds.
    /// - Returns: nil where all ranks are on one node.
    public static func measure(over communicator: any Communicator, seconds: Double = 1) throws -> LinkSpeed? {
        guard communicator.nodeCount > 1, let engine = (communicator as? any EngineBacked)?.engine else { return nil }
        try communicator.barrier(name: "link")
        var own = [0.0, 0.0]
        if let link = engine.link, engine.isLeader, engine.nodeIndex < 2 {
            try engine.guarded {
                let probe = LinkProbe(link, peer: 1 - engine.nodeIndex)
                own = [try probe.latency(), try probe.bytesPerSecond(for: seconds)]
            }
        }
        try communicator.allReduce(&own, .max, name: "link")
        return LinkSpeed(latency: own[0], bytesPerSecond: own[1])
    }
}

/// One of the two ends of a measurement.
private struct LinkProbe {
    /// As sums between nodes travel.
    private static let blockBytes = 60 << 10
    private static let window = 8
    let link: any NodeLink
    let peer: Int

    init(_ link: any NodeLink, peer: Int) { (self.link, self.peer) = (link, peer) }

    /// Half of the shortest of many round trips.
    func latency() throws -> Double {
        var (byte, least): (UInt8, Int64) = (0, .max)
        try withUnsafeMutableBytes(of: &byte) { byte in
            for _ in 0..<200 {
                let start = cmpi_now()
                if peer == 1 { try link.finish(try link.send(UnsafeRawBufferPointer(byte), to: peer, tag: .probe)) }
                try link.finish(try link.receive(byte, from: peer, tag: .probe))
                if peer == 0 { try link.finish(try link.send(UnsafeRawBufferPointer(byte), to: peer, tag: .probe)) }
                least = min(least, cmpi_now() - start)
            }
        }
        return Double(least) * 0.5e-9
    }

    /// Both ways at once. Networks let short bursts pass: only the last and longest of several turns counts.
    func bytesPerSecond(for seconds: Double) throws -> Double {
        var count = LinkProbe.window
        while true {
            let start = cmpi_now()
            try swapBlocks(count)
            let took = Double(cmpi_now() - start) * 1e-9
            // Both ends go on as the one that wants more.
            let wanted = took >= seconds * 0.7 ? 0 : Int(Double(count) * min(4, max(1.5, seconds / took)))
            let next = max(wanted, try swapped(wanted))
            if next == 0 { return Double(LinkProbe.blockBytes * count) / took }
            count = next
        }
    }

    /// The number that the other end has passed.
    private func swapped(_ own: Int) throws -> Int {
        var (out, into) = (own, 0)
        try withUnsafeBytes(of: &out) { out in
            try withUnsafeMutableBytes(of: &into) { into in
                let messages = [
                    try link.receive(into, from: peer, tag: .probe), try link.send(out, to: peer, tag: .probe),
                ]
                for message in messages { try link.finish(message) }
            }
        }
        return into
    }

    private func swapBlocks(_ count: Int) throws {
        let (block, window) = (LinkProbe.blockBytes, LinkProbe.window)
        try withUnsafeTemporaryAllocation(byteCount: block * (window + 1), alignment: 64) { memory in
            memory.initializeMemory(as: UInt8.self, repeating: 0)
            func part(_ index: Int) -> UnsafeMutableRawBufferPointer {
                UnsafeMutableRawBufferPointer(rebasing: memory[index * block..<(index + 1) * block])
            }
            var messages: [LinkMessage] = []
            for turn in 0..<count {
                if turn >= window { for _ in 0..<2 { try link.finish(messages.removeFirst()) } }
                messages.append(try link.receive(part(turn % window), from: peer, tag: .probe))
                messages.append(try link.send(UnsafeRawBufferPointer(part(window)), to: peer, tag: .probe))
            }
            for message in messages { try link.finish(message) }
        }
    }
}
