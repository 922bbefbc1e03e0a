// SPDX-License-Identifier: Apache-2.0
// The network between pretended nodes of one process: engines over planes of their own.
internal import CMPI
internal import Foundation

/// Connects pretended nodes, so that the code for several machines runs in unit tests.
final class InProcessLink: NodeLink {
    private let lane: CollectiveEngine?
    private let whole: CollectiveEngine
    let laneCount: Int

    private let mail: LaneMail?
    /// Throws when a rank of this node has failed.
    private let look: () throws -> Void

    init(
        lane: CollectiveEngine?, mail: LaneMail?, whole: CollectiveEngine, laneCount: Int,
        look: @escaping () throws -> Void
    ) {
        self.look = look
        self.lane = lane
        self.mail = mail
        self.whole = whole
        self.laneCount = laneCount
    }

    func exchange(
        headers: UnsafeMutablePointer<cmpi_header>, count: Int, into all: UnsafeMutablePointer<cmpi_header>,
        nodeCounts: [Int],
        whileWaiting: () throws -> Void
    ) throws {
        guard let lane else { return }
        let source = UnsafeRawBufferPointer(start: headers, count: count * MemoryLayout<cmpi_header>.stride)
        var at = UnsafeMutableRawPointer(all)
        for part in try lane.gather(source, to: nil, name: "headers") ?? [] {
            part.withUnsafeBytes { bytes in
                if let base = bytes.baseAddress { at.copyMemory(from: base, byteCount: bytes.count) }
            }
            at += part.count
        }
    }

    func announce(_ error: CommunicatorError) {
        lane?.poison(error, event: "")
        whole.poison(error, event: "")
    }

    func exchanging(byteCount: Int, _ body: () throws -> Void) throws { if lane != nil { try body() } }

    func send(_ bytes: UnsafeRawBufferPointer, to node: Int, tag: LinkTag) throws -> LinkMessage {
        if let lane { mail?.post(bytes, from: lane.rank, to: node, tag) }
        return LinkMessage(
            handle: 0, node: node, memory: UnsafeMutableRawBufferPointer(mutating: bytes), isIncoming: false)
    }

    func receive(_ bytes: UnsafeMutableRawBufferPointer, from node: Int, tag: LinkTag) throws -> LinkMessage {
        let handle = lane.flatMap { mail?.expect(from: node, to: $0.rank, tag) } ?? 0
        return LinkMessage(handle: handle, node: node, memory: bytes, isIncoming: true)
    }

    func breakOff(_ error: CommunicatorError) { lane?.poison(error, event: "") }

    func finish(_ message: LinkMessage) throws {
        guard let lane, let mail, message.isIncoming else { return }
        let start = cmpi_now()
        var looked = start
        var hasReported = false
        defer { lane.plane.endStallReport(hasReported) }
        while !mail.take(message) {
            let now = cmpi_now()
            if now - start < lane.plane.timeouts.yield { sched_yield() } else { usleep(50) }
            guard now - looked > lane.plane.timeouts.sleep else { continue }
            looked = now
            try look()
            try lane.plane.lookAround(late: message.node, since: start, hasReported: &hasReported)
        }
    }

    func allReduce(
        _ buffer: UnsafeMutableRawBufferPointer, as type: ElementType, _ operation: ReductionOperation
    ) throws {
        _ = try lane?.allReduce(buffer, as: type, operation, name: "")
    }

    func broadcast(_ buffer: UnsafeMutableRawBufferPointer, from root: Int) throws {
        _ = try whole.broadcast(buffer, from: root, name: "")
    }

    func gather(
        _ source: UnsafeRawBufferPointer, counts: [Int], into destination: UnsafeMutableRawBufferPointer?, root: Int?
    ) throws {
        guard let parts = try whole.gather(source, to: root, name: ""), let destination else { return }
        var offset = 0
        for part in parts {
            UnsafeMutableRawBufferPointer(rebasing: destination[offset..<offset + part.count]).copyBytes(from: part)
            offset += part.count
        }
    }

    func reduceScatter(
        _ source: UnsafeRawBufferPointer, into destination: UnsafeMutableRawBufferPointer, as type: ElementType,
        _ operation: ReductionOperation
    ) throws {
        _ = try whole.reduceScatter(source, into: destination, as: type, operation, name: "")
    }
}
