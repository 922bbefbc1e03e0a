// SPDX-License-Identifier: Apache-2.0
// The memory a group of in-process ranks shares, made once before its ranks start.
internal import CMPI

/// The planes of one group of threads: one per pretended node, and those that stand for the network between nodes.
final class InProcessGroup: Sendable {
    /// Ranks of the first world, by rank in this group; for messages only.
    let worldRanks: [Int]
    let ranksPerNode: Int
    let timeouts: Timeouts
    /// Rank lists of the nodes.
    let nodes: [[Int]]
    private let nodeMemory: [[OwnedMemory]]
    private let nodeHeaders: [OwnedMemory]
    /// One plane per lane, and one of all ranks; empty with a single node.
    private let laneMemory: [[OwnedMemory]]
    private let laneMail: [LaneMail]
    private let wholeMemory: [OwnedMemory]

    init(ranks: [Int], ranksPerNode: Int, timeouts: Timeouts) throws {
        worldRanks = ranks
        self.ranksPerNode = ranksPerNode
        self.timeouts = timeouts
        let size = ranks.count
        // Ranks stay on the node they had in the first world.
        var byNode: [Int: [Int]] = [:]
        for (rank, worldRank) in ranks.enumerated() { byNode[worldRank / ranksPerNode, default: []].append(rank) }
        nodes = byNode.values.sorted { $0[0] < $1[0] }
        func segments(_ count: Int) throws -> [OwnedMemory] {
            try (0..<count).map { _ in try OwnedMemory(byteCount: NodePlane.segmentBytes) }
        }
        nodeMemory = try nodes.map { try segments($0.count) }
        nodeHeaders = try nodes.map { _ in try OwnedMemory(byteCount: CollectiveEngine.worldHeaderBytes(size: size)) }
        let laneCount = nodes.count > 1 ? nodes.map(\.count).min() ?? 0 : 0
        let nodeCount = nodes.count
        laneMail = (0..<laneCount).map { _ in LaneMail() }
        laneMemory = try (0..<laneCount).map { _ in try segments(nodeCount) }
        wholeMemory = nodeCount > 1 ? try segments(size) : []
    }

    /// The engine of one rank.
    func engine(rank: Int) -> CollectiveEngine {
        let topology = Topology(nodes: nodes)
        let node = nodes.firstIndex { $0.contains(rank) } ?? 0
        let localRank = nodes[node].firstIndex(of: rank) ?? 0
        let plane = plane(nodeMemory[node], localRank, ranks: nodes[node])
        guard nodes.count > 1 else {
            return CollectiveEngine(rank: rank, topology: topology, plane: plane, link: nil, worldHeaders: nil)
        }
        let lane =
            localRank < laneMemory.count
            ? flatEngine(laneMemory[localRank], node, ranks: nodes.map { $0[localRank] }) : nil
        let whole = flatEngine(wholeMemory, rank, ranks: Array(0..<worldRanks.count))
        let headers = SharedSegment(
            peers: [nodeHeaders[node].bytes], ranks: [rank], localRank: 0, owner: nodeHeaders[node])
        return CollectiveEngine(
            rank: rank, topology: topology, plane: plane,
            link: InProcessLink(
                lane: lane, mail: localRank < laneMail.count ? laneMail[localRank] : nil, whole: whole,
                laneCount: laneMemory.count, look: { [unowned plane] in try plane.throwAlarm() }),
            worldHeaders: headers)
    }

    /// The group of some of these ranks, in that order.
    func child(ranks: [Int]) throws -> InProcessGroup {
        try InProcessGroup(ranks: ranks.map { worldRanks[$0] }, ranksPerNode: ranksPerNode, timeouts: timeouts)
    }

    private func plane(_ memory: [OwnedMemory], _ index: Int, ranks: [Int]) -> NodePlane {
        NodePlane(
            segment: SharedSegment(
                peers: memory.map(\.bytes), ranks: ranks, localRank: index, owner: OwnerList(memory)),
            worldRanks: ranks.map { worldRanks[$0] }, peersAreProcesses: false, timeouts: timeouts)
    }

    private func flatEngine(_ memory: [OwnedMemory], _ index: Int, ranks: [Int]) -> CollectiveEngine {
        CollectiveEngine(
            rank: index, topology: Topology(nodes: [Array(0..<memory.count)]),
            plane: plane(memory, index, ranks: ranks),
            link: nil, worldHeaders: nil)
    }
}
