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
    private let lane: MPIGroup?
    private let whole: MPIGroup
    private let nodeCounts: [Int]
    private let watchdog: LinkWatchdog
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

    init(lane: MPIGroup?, whole: MPIGroup, laneCount: Int, nodeCounts: [Int], timeouts: Timeouts) {
        self.lane = lane
        self.whole = whole
        self.laneCount = laneCount
        self.nodeCounts = nodeCounts
        watchdog = LinkWatchdog(rank: whole.rank, timeouts: timeouts)
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
        sending[0] = cmpi_header()
        (sending + 1).update(from: headers, count: count)
        try sendHeaders(whileWaiting)
        var at = 0
        var to = 0
        var failed: [Int] = []
        for (node, count) in nodeCounts.enumerated() {
            if receiving[at].kind == CollectiveKind.failure.rawValue { failed.append(node) }
            (all + to).update(from: receiving + at + 1, count: count)
            at += count + 1
            to += count
        }
        guard let first = failed.first else { return }
        hasAnnounced = true  // they know already
        try sendStories(whileWaiting)
        let record = stories + first
        throw CommunicatorError(
            CommunicatorError.Code(rawValue: record.pointee.failure_code),
            rank: record.pointee.failure_rank < 0 ? nil : Int(record.pointee.failure_rank),
            loadText(at: cmpi_record_failure(record), capacity: Int32(CMPI_FAILURE_BYTES)))
    }

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

    func allReduce(
        _ buffer: UnsafeMutableRawBufferPointer, as type: ElementType, _ operation: ReductionOperation
    ) throws {
        guard let lane else { return }
        try watchdog.watching("MPI_Allreduce of \(buffer.count) bytes") {
            try lane.allReduce(buffer, as: type, operation)
        }
    }

    func broadcast(_ buffer: UnsafeMutableRawBufferPointer, from root: Int) throws {
        try watchdog.watching("MPI_Bcast of \(buffer.count) bytes") { try whole.broadcast(buffer, from: root) }
    }

    func gather(
        _ source: UnsafeRawBufferPointer, counts: [Int], into destination: UnsafeMutableRawBufferPointer?, root: Int?
    ) throws {
        try watchdog.watching("MPI_Gatherv") { try whole.gather(source, counts: counts, into: destination, root: root) }
    }

    func reduceScatter(
        _ source: UnsafeRawBufferPointer, into destination: UnsafeMutableRawBufferPointer, as type: ElementType,
        _ operation: ReductionOperation
    ) throws {
        try watchdog.watching("MPI_Reduce_scatter_block") {
            try whole.reduceScatter(source, into: destination, as: type, operation)
        }
    }
}

// MARK: - Requests

extension MPILink {
    private func sendHeaders(_ whileWaiting: () throws -> Void) throws {
        let stride = CInt(MemoryLayout<cmpi_header>.stride)
        let counts = nodeCounts.map { CInt($0 + 1) * stride }
        try send(UnsafeRawPointer(sending), counts, UnsafeMutableRawPointer(receiving), whileWaiting)
    }

    private func sendStories(_ whileWaiting: () throws -> Void) throws {
        let counts = [CInt](repeating: CInt(MemoryLayout<cmpi_record>.stride), count: nodeCounts.count)
        try send(UnsafeRawPointer(story), counts, UnsafeMutableRawPointer(stories), whileWaiting)
    }

    private func send(
        _ source: UnsafeRawPointer, _ counts: [CInt], _ destination: UnsafeMutableRawPointer,
        _ whileWaiting: () throws -> Void
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
        try finishPending(whileWaiting)
    }

    private func finishPending(_ whileWaiting: () throws -> Void) throws {
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
            if polls > 10_000 { usleep(50) } else if polls > 20 { sched_yield() }
            if polls & 63 == 0 { try whileWaiting() }
        }
    }
}
