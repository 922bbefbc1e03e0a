// SPDX-License-Identifier: Apache-2.0
// The start of every collective: exchange headers, notice differences, agree on weight and status.
internal import CMPI

/// Where the ranks of a group are. The same on every rank.
struct Topology {
    /// Ranks of each node, by local rank; nodes are ordered by their lowest rank.
    let nodes: [[Int]]
    /// Position of each rank's header when headers are concatenated node by node.
    let headerIndex: [Int]
    let size: Int

    init(nodes: [[Int]]) {
        self.nodes = nodes
        size = nodes.reduce(0) { $0 + $1.count }
        var index = [Int](repeating: 0, count: size)
        for (position, rank) in nodes.joined().enumerated() { index[rank] = position }
        headerIndex = index
    }
}

/// Collectives over a node plane and, if there are several nodes, the link between them.
///
/// The same code serves threads of one process and processes of many machines.
final class CollectiveEngine {
    let rank: Int
    let size: Int
    let plane: NodePlane
    let link: (any NodeLink)?
    let topology: Topology
    var outgoing: StatusWord = []
    /// Told of every collective; see `observed`.
    var observers: [any CommunicationObserver] = []
    /// Nanoseconds that callers' own work has taken inside collectives, while there were observers.
    var worked: Int64 = 0
    /// Counts the uses of the staging areas; equal on all ranks.
    var turn = 0
    /// Room for what travels between nodes; kept from one sum to the next.
    var linkBuffer: OwnedMemory?
    private(set) var sequence: UInt64 = 0
    private var failure: CommunicatorError?
    /// Whether the work at hand has ended with the failure: what calls later is another.
    var isFailureKnown = false
    /// Headers of all ranks, for each parity, in the first local rank's memory. Only with several nodes.
    private let worldHeaders: UnsafeMutablePointer<cmpi_header>?
    private let worldHeadersOwner: AnyObject?

    init(rank: Int, topology: Topology, plane: NodePlane, link: (any NodeLink)?, worldHeaders: SharedSegment?) {
        self.rank = rank
        self.size = topology.size
        self.topology = topology
        self.nodeIndex = topology.nodes.firstIndex { $0.contains(rank) } ?? 0
        self.plane = plane
        self.link = link
        self.worldHeaders = worldHeaders?.peers[0].baseAddress?.assumingMemoryBound(to: cmpi_header.self)
        self.worldHeadersOwner = worldHeaders?.owner
        plane.missingRemoteRanks = { [nodeIndex, weak link] in
            let others = topology.nodes.indices.filter { $0 != nodeIndex }
            let missing = link?.missingNodes() ?? []
            return (missing.isEmpty ? others : missing).flatMap { topology.nodes[$0] }.sorted()
        }
    }

    static func worldHeaderBytes(size: Int) -> Int { 2 * size * MemoryLayout<cmpi_header>.stride }

    /// Position of this rank's node in the topology.
    let nodeIndex: Int

    var isLeader: Bool { plane.rank == 0 }

    /// Enters a collective. When it returns, all ranks are here, mean the same, and what they staged before is visible.
    func open(_ call: CollectiveCall) throws -> Agreement {
        if let failure { throw isFailureKnown ? failure.later(than: sequence) : failure }
        if let scope = RankZeroScope.current { throw CommunicatorError.collectiveInScope(call.kind.name, scope: scope) }
        try guarded { try enter(call, status: call.status.union(outgoing)) }
        return try agreement()
    }

    /// Shows what this rank calls and waits until all have called something.
    func enter(_ call: CollectiveCall, status: StatusWord) throws {
        sequence &+= 1
        let own = cmpi_record_header(plane.own, sequence)
        CollectiveHeader.write(call, sequence: sequence, status: status, into: own)
        try synchroniseAll()
    }

    /// Whether all ranks have called the same.
    var allAgree: Bool {
        let own = cmpi_record_header(plane.own, sequence)
        return (0..<size).allSatisfy { CollectiveHeader.agree(header(of: $0), own) }
    }

    /// Waits for the ranks of the node, then for the other nodes.
    func synchroniseAll() throws {
        try plane.synchronise()
        if link != nil { try exchangeBetweenNodes() }
    }

    /// Synchronises the ranks of the node within a collective.
    func synchronise() throws {
        try guarded { try plane.synchronise() }
    }

    /// Runs communication; whatever it throws is told to all and stays.
    func guarded<T>(_ body: () throws -> T) throws -> T {
        do { return try body() } catch { throw poison(known(error), event: "") }
    }

    /// What communication has thrown on this rank, as all ranks hear of it.
    func known(_ error: any Error) -> CommunicatorError {
        error as? CommunicatorError ?? .peerFailed(rank: rank, event: "", text: String(describing: error))
    }

    /// Ends this communicator: every rank's next or current collective throws. The first failure of a node wins.
    @discardableResult
    func poison(_ error: CommunicatorError, event: String) -> CommunicatorError {
        if let failure { return failure }
        let first = plane.raise(error, event: event)
        failure = first
        if isLeader { link?.announce(first) }
        return first
    }

    var hasFailed: Bool { failure != nil }

    /// The header of any rank in the collective entered last.
    func header(of rank: Int) -> UnsafeMutablePointer<cmpi_header> {
        if let worldHeaders { return worldHeaders + (Int(sequence & 1) * size + topology.headerIndex[rank]) }
        return cmpi_record_header(plane.record(topology.headerIndex[rank]), sequence)
    }

    private func exchangeBetweenNodes() throws {
        if isLeader, let link, let worldHeaders {
            let count = plane.size
            try withUnsafeTemporaryAllocation(of: cmpi_header.self, capacity: count) { local in
                for peer in 0..<count { local[peer] = cmpi_record_header(plane.record(peer), sequence).pointee }
                let start = cmpi_now()
                var looked = start
                var hasReported = false
                cmpi_store(&plane.own.pointee.waiting, 2)
                defer {
                    cmpi_store(&plane.own.pointee.waiting, 0)
                    plane.endStallReport(hasReported)
                    if plane.measuresWaiting { plane.waited += cmpi_now() - start }
                }
                try link.exchange(
                    headers: local.baseAddress.unsafelyUnwrapped, count: count,
                    into: worldHeaders + Int(sequence & 1) * size,
                    nodeCounts: topology.nodes.map(\.count)
                ) {
                    let now = cmpi_now()
                    if now - looked > plane.timeouts.sleep {
                        looked = now
                        // Early enough to be known when others report who is late.
                        if Double(now - start) * 1e-9 > plane.timeouts.stall / 2 { link.tellOfWaiting() }
                        try plane.lookAround(late: nil, since: start, hasReported: &hasReported)
                    }
                }
            }
        }
        try plane.synchronise()
    }

    private func agreement() throws -> Agreement {
        let own = cmpi_record_header(plane.own, sequence)
        var weight = 0.0
        var status: UInt64 = 0
        var first: Int?
        var differs = false
        for peer in 0..<size {
            let header = header(of: peer)
            weight += header.pointee.weight
            status |= header.pointee.status
            if first == nil, header.pointee.status != 0 { first = peer }
            if !CollectiveHeader.agree(header, own) { differs = true }
        }
        // Not transitive seen from one rank alone: where one rank finds a difference, all do, because all see all headers.
        if differs { throw hasFailedPeer ? failureOfPeer() : poison(mismatch(), event: "") }
        return Agreement(weight: weight, status: StatusWord(rawValue: status), firstSignallingRank: first)
    }

    /// The sentence for ranks that called different collectives; the same on every rank.
    private func mismatch() -> CommunicatorError {
        var groups: [(text: String, ranks: [Int])] = []
        for peer in 0..<size {
            let text = CollectiveHeader.describe(header(of: peer))
            if let index = groups.firstIndex(where: { $0.text == text }) {
                groups[index].ranks.append(peer)
            } else {
                groups.append((text, [peer]))
            }
        }
        let calls = groups.map { group in
            "\(group.ranks.count == 1 ? "rank" : "ranks") \(group.ranks.map(String.init).joined(separator: ", ")) \(group.ranks.count == 1 ? "calls" : "call") \(group.text)"
        }
        let least = groups.min { $0.ranks.count < $1.ranks.count }
        return CommunicatorError(
            .mismatch, rank: least?.ranks.first,
            "collective \(sequence): the ranks disagree: \(calls.joined(separator: "; ")). Every rank must call the same collectives, in the same order, with the same sizes."
        )
    }
}
