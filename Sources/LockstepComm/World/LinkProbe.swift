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
                do { own = try LinkProbe.measure(over: link, peer: 1 - engine.nodeIndex, for: seconds) } catch {
                    let known = engine.known(error)
                    link.breakOff(known)
                    throw known
                }
            }
        }
        try communicator.allReduce(&own, .max, name: "link")
        return LinkSpeed(latency: own[0], bytesPerSecond: own[1])
    }
}

/// One of the two ends of a measurement.
struct LinkProbe {
    /// As sums between nodes travel.
    private static let blockBytes = NodeSum.messageBytes
    private static let window = NodeSum.window(nodes: 2)
    private let link: any NodeLink
    private let peer: Int
    /// A block for each message that comes in, and one for those that go out.
    private let memory: OwnedMemory

    /// Measures with the node `peer`, for about `seconds` seconds: latency and bytes a second.
    static func measure(over link: any NodeLink, peer: Int, for seconds: Double) throws -> [Double] {
        let memory = try OwnedMemory(byteCount: blockBytes * (window + 1))
        let probe = LinkProbe(link: link, peer: peer, memory: memory)
        var speed = [0.0, 0.0]
        do {
            // Of no bytes: nodes from the third on do not come to the barrier that ends a larger exchange.
            try link.exchanging(byteCount: 0) { speed = [try probe.latency(), try probe.bytesPerSecond(for: seconds)] }
        } catch {
            // MPI may still write there, whatever becomes of this communicator: the memory is never freed.
            _ = Unmanaged.passRetained(memory)
            throw error
        }
        return speed
    }

    /// Where a message of `count` bytes that comes in lies, in one of the blocks.
    private func incoming(_ count: Int, block: Int = 0) -> UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(
            rebasing: memory.bytes[block * LinkProbe.blockBytes..<block * LinkProbe.blockBytes + count])
    }

    /// Where one that goes out does.
    private func outgoing(_ count: Int) -> UnsafeMutableRawBufferPointer { incoming(count, block: LinkProbe.window) }

    /// Begins to send the first `count` bytes of what goes out.
    private func send(_ count: Int) throws -> LinkMessage {
        try link.send(UnsafeRawBufferPointer(outgoing(count)), to: peer, tag: .probe)
    }

    /// Half of the shortest of many round trips.
    private func latency() throws -> Double {
        var least = Int64.max
        for _ in 0..<200 {
            let start = cmpi_now()
            if peer == 1 { try link.finish(try send(1)) }
            try link.finish(try link.receive(incoming(1), from: peer, tag: .probe))
            if peer == 0 { try link.finish(try send(1)) }
            least = min(least, cmpi_now() - start)
        }
        return Double(least) * 0.5e-9
    }

    /// Both ways at once. Networks let short bursts pass: only the last and longest of several turns counts.
    private func bytesPerSecond(for seconds: Double) throws -> Double {
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
        let size = MemoryLayout<Int>.size
        outgoing(size).storeBytes(of: own, as: Int.self)
        let messages = [try link.receive(incoming(size), from: peer, tag: .probe), try send(size)]
        for message in messages { try link.finish(message) }
        return incoming(size).load(as: Int.self)
    }

    private func swapBlocks(_ count: Int) throws {
        let (bytes, window) = (LinkProbe.blockBytes, LinkProbe.window)
        var messages: [LinkMessage] = []
        for turn in 0..<count {
            if turn >= window { for _ in 0..<2 { try link.finish(messages.removeFirst()) } }
            messages.append(try link.receive(incoming(bytes, block: turn % window), from: peer, tag: .probe))
            messages.append(try send(bytes))
        }
        for message in messages { try link.finish(message) }
    }
}
