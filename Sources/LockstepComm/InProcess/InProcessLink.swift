// SPDX-License-Identifier: Apache-2.0
// The network between pretended nodes of one process: engines over planes of their own.
internal import CMPI

/// Connects pretended nodes, so that the code for several machines runs in unit tests.
final class InProcessLink: NodeLink {
    private let lane: CollectiveEngine?
    private let whole: CollectiveEngine
    let laneCount: Int

    init(lane: CollectiveEngine?, whole: CollectiveEngine, laneCount: Int) {
        self.lane = lane
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

    func allReduce(
        _ buffer: UnsafeMutableRawBufferPointer, as type: ElementType, _ operation: ReductionOperation
    ) throws {
        _ = try lane?.allReduce(buffer, as: type, operation, name: "")
    }

    func gatherLane(_ source: UnsafeRawBufferPointer, into destination: UnsafeMutableRawBufferPointer) throws {
        _ = try lane?.allGather(source, into: destination, name: "")
    }

    func exchangeLane(_ source: UnsafeRawBufferPointer, into destination: UnsafeMutableRawBufferPointer) throws {
        guard let lane else { return }
        let block = source.count / lane.size
        for (node, part) in (try lane.gather(source, to: nil, name: "") ?? []).enumerated() {
            UnsafeMutableRawBufferPointer(rebasing: destination[node * block..<(node + 1) * block])
                .copyBytes(from: part[lane.rank * block..<(lane.rank + 1) * block])
        }
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
