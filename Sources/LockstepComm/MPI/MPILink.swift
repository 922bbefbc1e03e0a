// SPDX-License-Identifier: Apache-2.0
// The network between nodes: MPI among the ranks with the same local number, and among all.
internal import CMPI
internal import Foundation

/// Connects the nodes of an MPI job.
///
/// Header exchanges do not block: while other nodes are late this one keeps looking at its own ranks. Transfers of data
/// block, after the headers have shown that every rank is there; a watchdog ends the job if one does not end.
final class MPILink: NodeLink {
    let laneCount: Int
    /// From how many bytes on a part of them may lie in a queue of MPI when a call has returned.
    private static let queueableBytes = 16 << 10
    private let lane: MPIGroup?
    /// Which lane this rank's is: its number on its node.
    private let laneIndex: Int
    private let whole: MPIGroup
    private let nodes: [[Int]]
    /// Where each node's headers start in what was received: one about the node, then one for each of its ranks.
    private let starts: [Int]
    private let watchdog: LinkWatchdog
    private let rollCall: RollCall?
    /// Counts the exchanges of headers; equal on all nodes.
    private var exchanges: Int64 = 0
    /// Tells the ranks of this node when this one is in a transfer that another node can hold up.
    private let isTransferring: (Bool) -> Void
    /// Throws when a rank of this node has failed: it may be who the others wait for.
    private let look: () throws -> Void
    private var pending: cmpi_handle = 0
    private var hasPending = false
    private var hasAnnounced = false
    // MPI reads and writes these while a request is pending, so they live as long as the process.
    private let heldCounts: UnsafeMutablePointer<CInt>
    private let heldOffsets: UnsafeMutablePointer<CInt>
    private let sending: UnsafeMutablePointer<cmpi_header>
    private let receiving: UnsafeMutablePointer<cmpi_header>
    private let story: UnsafeMutablePointer<cmpi_record>
    private let stories: UnsafeMutablePointer<cmpi_record>

    /// - Parameter nodes: the ranks of every node, by local rank.
    init(
        lane: MPIGroup?, whole: MPIGroup, laneCount: Int, nodes: [[Int]], timeouts: Timeouts,
        look: @escaping () throws -> Void, isTransferring: @escaping (Bool) -> Void
    ) {
        self.look = look
        self.isTransferring = isTransferring
        self.lane = lane
        laneIndex = nodes.lazy.compactMap { $0.firstIndex(of: whole.rank) }.first ?? 0
        self.whole = whole
        self.laneCount = laneCount
        self.nodes = nodes
        let nodeCounts = nodes.map(\.count)
        starts = nodes.indices.map { node in nodeCounts[..<node].reduce(0) { $0 + $1 + 1 } }
        watchdog = LinkWatchdog(rank: whole.rank, timeouts: timeouts)
        rollCall = lane.map { RollCall(lane: $0) }
        heldCounts = .allocate(capacity: nodeCounts.count)
        heldOffsets = .allocate(capacity: nodeCounts.count)
        sending = .allocate(capacity: (nodeCounts.max() ?? 0) + 1)
        receiving = .allocate(capacity: nodeCounts.reduce(0) { $0 + $1 + 1 })
        story = .allocate(capacity: 1)
        stories = .allocate(capacity: nodeCounts.count)
        sending.initialize(repeating: cmpi_header(), count: (nodeCounts.max() ?? 0) + 1)
        story.initialize(to: cmpi_record())
    }

    deinit { watchdog.stop() }

    func exchange(
        headers: UnsafeMutablePointer<cmpi_header>, count: Int, into all: UnsafeMutablePointer<cmpi_header>,
        nodeCounts: [Int],
        whileWaiting: () throws -> Void
    ) throws {
        exchanges += 1
        sending[0] = cmpi_header()
        (sending + 1).update(from: headers, count: count)
        try sendHeaders(whileWaiting)
        var to = 0
        for (node, start) in starts.enumerated() {
            (all + to).update(from: receiving + start + 1, count: nodes[node].count)
            to += nodes[node].count
        }
        if let first = starts.indices.first(where: { kind(of: $0) == .failure }) {
            hasAnnounced = true  // they know already
            try sendStories(whileWaiting)
            let record = stories + first
            throw CommunicatorError(
                CommunicatorError.Code(rawValue: record.pointee.failure_code),
                rank: record.pointee.failure_rank < 0 ? nil : Int(record.pointee.failure_rank),
                loadText(at: cmpi_record_failure(record), capacity: Int32(CMPI_FAILURE_BYTES)))
        }
        if let error = departure() {
            hasAnnounced = true
            throw error
        }
    }

    func tellOfWaiting() { rollCall?.tell(exchanges) }
    func missingNodes() -> [Int]? { rollCall?.missing(at: exchanges) }

    func announce(_ error: CommunicatorError) {
        guard !hasAnnounced, lane != nil else { return }
        hasAnnounced = true
        story.pointee.failure_code = error.code.rawValue
        story.pointee.failure_rank = Int32(error.rank ?? -1)
        storeText(error.message, at: cmpi_record_failure(story), capacity: Int32(CMPI_FAILURE_BYTES))
        // The others come to their next collective soon, or they are gone too: this node does not wait long for them.
        let deadline = cmpi_now() + 3_000_000_000
        struct GivenUp: Error {}
        let patience = { if cmpi_now() > deadline { throw GivenUp() } }
        do {
            try finishPending(patience)
            sending[0].kind = CollectiveKind.failure.rawValue
            try sendHeaders(patience)
            try sendStories(patience)
        } catch {
            // Whoever could not be told learns of it from the launcher, which ends the job.
        }
    }

    /// Called by local rank 0 once all ranks of its node have come to their end: waits for the other nodes to do the same.
    /// - Returns: nil in good order, otherwise the error of the ranks that still wait for this node.
    func leave(_ whileWaiting: () throws -> Void) throws -> CommunicatorError? {
        guard !hasAnnounced else { return nil }
        hasAnnounced = true
        for index in 0...(nodes.map(\.count).max() ?? 0) { sending[index] = cmpi_header() }
        sending[0].kind = CollectiveKind.depart.rawValue
        try sendHeaders(whileWaiting, napMicroseconds: 2000)
        if starts.indices.contains(where: { kind(of: $0) == .failure }) { try sendStories(whileWaiting) }
        return departure()
    }

    /// The sentence about nodes that have ended while others have not, after an exchange; the same on every node.
    private func departure() -> CommunicatorError? {
        guard let left = starts.indices.first(where: { kind(of: $0) == .depart }),
            let waiting = starts.indices.first(where: { kind(of: $0) == nil })
        else { return nil }
        return .left(
            rank: nodes[left][0], waiting: nodes[waiting][0],
            operation: CollectiveHeader.describe(receiving + starts[waiting] + 1))
    }

    /// Runs a blocking transfer. A large one ends with a barrier: Open MPI moves data only within its calls, so what a call
    /// has left in a queue would wait for this rank's next one, and the receiver with it.
    private func transfer(_ what: String, byteCount: Int, among group: MPIGroup, _ body: () throws -> Void) throws {
        isTransferring(true)
        defer { isTransferring(false) }
        try watchdog.watching("\(what) of \(byteCount) bytes") {
            try body()
            if byteCount >= MPILink.queueableBytes { try group.barrier() }
        }
    }

    func exchanging(byteCount: Int, _ body: () throws -> Void) throws {
        guard let lane else { return }
        isTransferring(true)
        defer { isTransferring(false) }
        try body()
        if byteCount >= MPILink.queueableBytes {
            try watchdog.watching("the end of an exchange of \(byteCount) bytes") { try lane.barrier() }
        }
    }

    func send(_ bytes: UnsafeRawBufferPointer, to node: Int, tag: LinkTag) throws -> LinkMessage {
        let memory = UnsafeMutableRawBufferPointer(mutating: bytes)
        let handle = try lane?.send(bytes, to: node, tag: tag.rawValue) ?? 0
        return LinkMessage(handle: handle, node: node, memory: memory, isIncoming: false)
    }

    func receive(_ bytes: UnsafeMutableRawBufferPointer, from node: Int, tag: LinkTag) throws -> LinkMessage {
        let handle = try lane?.receive(bytes, from: node, tag: tag.rawValue) ?? 0
        return LinkMessage(handle: handle, node: node, memory: bytes, isIncoming: true)
    }

    func finish(_ message: LinkMessage) throws {
        guard let lane else { return }
        var request = message.handle
        // Most have come: those cost no sentence and no lock.
        if try lane.isDone(&request) { return }
        let peer = nodes[message.node][laneIndex]
        // Watched one by one: a large exchange over a slow network may take as long as it likes, as long as it moves.
        try watchdog.watching(
            "a message of \(message.memory.count) bytes \(message.isIncoming ? "from" : "to") rank \(peer)"
        ) { try lane.wait(for: request, look) }
    }

    func allReduce(
        _ buffer: UnsafeMutableRawBufferPointer, as type: ElementType, _ operation: ReductionOperation
    ) throws {
        guard let lane else { return }
        try transfer("MPI_Allreduce", byteCount: buffer.count, among: lane) {
            try lane.allReduce(buffer, as: type, operation)
        }
    }

    func broadcast(_ buffer: UnsafeMutableRawBufferPointer, from root: Int) throws {
        try transfer("MPI_Bcast", byteCount: buffer.count, among: whole) { try whole.broadcast(buffer, from: root) }
    }

    func gather(
        _ source: UnsafeRawBufferPointer, counts: [Int], into destination: UnsafeMutableRawBufferPointer?, root: Int?
    ) throws {
        try transfer("MPI_Gatherv", byteCount: counts.reduce(0, +), among: whole) {
            try whole.gather(source, counts: counts, into: destination, root: root)
        }
    }

    func reduceScatter(
        _ source: UnsafeRawBufferPointer, into destination: UnsafeMutableRawBufferPointer, as type: ElementType,
        _ operation: ReductionOperation
    ) throws {
        try transfer("MPI_Reduce_scatter_block", byteCount: source.count, among: whole) {
            try whole.reduceScatter(source, into: destination, as: type, operation)
        }
    }
}

// MARK: - Requests

extension MPILink {
    /// What a node as a whole says; nil when it takes part.
    private func kind(of node: Int) -> CollectiveKind? { CollectiveKind(rawValue: receiving[starts[node]].kind) }

    private func sendHeaders(_ whileWaiting: () throws -> Void, napMicroseconds: UInt32 = 50) throws {
        let stride = CInt(MemoryLayout<cmpi_header>.stride)
        let counts = nodes.map { CInt($0.count + 1) * stride }
        try send(UnsafeRawPointer(sending), counts, UnsafeMutableRawPointer(receiving), whileWaiting, napMicroseconds)
    }

    private func sendStories(_ whileWaiting: () throws -> Void) throws {
        let counts = [CInt](repeating: CInt(MemoryLayout<cmpi_record>.stride), count: nodes.count)
        try send(UnsafeRawPointer(story), counts, UnsafeMutableRawPointer(stories), whileWaiting)
    }

    private func send(
        _ source: UnsafeRawPointer, _ counts: [CInt], _ destination: UnsafeMutableRawPointer,
        _ whileWaiting: () throws -> Void, _ napMicroseconds: UInt32 = 50
    ) throws {
        guard let lane else { return }
        let offsets = counts.indices.map { counts[..<$0].reduce(0, +) }
        for (index, count) in counts.enumerated() {
            heldCounts[index] = count
            heldOffsets[index] = offsets[index]
        }
        try MPIError.check(
            cmpi_iallgatherv_bytes(
                source, counts[lane.rank], destination, heldCounts, heldOffsets, lane.handle, &pending),
            "MPI_Iallgatherv")
        hasPending = true
        try finishPending(whileWaiting, napMicroseconds)
    }

    private func finishPending(_ whileWaiting: () throws -> Void, _ napMicroseconds: UInt32 = 50) throws {
        var polls = 0
        while hasPending {
            var done: CInt = 0
            try MPIError.check(cmpi_test(&pending, &done), "MPI_Test")
            if done != 0 {
                hasPending = false
                return
            }
            polls += 1
            // A core may be needed by another rank; after a while, rest.
            if polls > 10_000 { usleep(napMicroseconds) } else if polls > 20 { sched_yield() }
            if polls & 63 == 0 { try whileWaiting() }
        }
    }
}
