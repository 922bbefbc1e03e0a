// SPDX-License-Identifier: Apache-2.0
// The memory through which the ranks of a node meet: records with flags, and a staging area per rank.
internal import CMPI

/// The meeting place of ranks that share memory, seen from one of them.
///
/// A plane knows only its own ranks, by local number; it synchronises them, moves data through the staging areas and
/// knows who is late, dead or failed. Whether the memory belongs to one process or to several makes no difference.
///
/// A rank's segment: one page of control words (used in the first rank's segment only), one page with its record, then
/// two stages. Stages alternate: a rank writes stage k only after a synchronisation that the readers of stage k − 2 have
/// passed after reading, so one synchronisation per use is enough.
final class NodePlane {
    static let pageBytes = 4096
    static let stageBytes = 256 << 10
    static var segmentBytes: Int { 2 * pageBytes + 2 * stageBytes }

    let rank: Int
    let size: Int
    /// Local rank → rank in the communicator, for messages.
    let worldRanks: [Int]
    let timeouts: Timeouts
    private let segment: SharedSegment
    private let control: UnsafeMutablePointer<cmpi_control>
    /// A table C can walk.
    private let records: UnsafeMutablePointer<UnsafeMutablePointer<cmpi_record>>
    /// Peers are processes of this machine that can be asked after.
    private let peersAreProcesses: Bool
    private var phase: UInt32 = 0

    /// - Parameter segment: zeroed segments of `segmentBytes`, one per local rank.
    init(segment: SharedSegment, worldRanks: [Int], peersAreProcesses: Bool, timeouts: Timeouts) {
        self.segment = segment
        self.rank = segment.localRank
        self.size = segment.peers.count
        self.worldRanks = worldRanks
        self.peersAreProcesses = peersAreProcesses
        self.timeouts = timeouts
        control = segment.peers[0].baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: cmpi_control.self)
        records = .allocate(capacity: size)
        for (index, peer) in segment.peers.enumerated() {
            let base = peer.baseAddress.unsafelyUnwrapped + NodePlane.pageBytes
            (records + index).initialize(to: base.assumingMemoryBound(to: cmpi_record.self))
        }
        let own = records[rank]
        own.pointee.pid = cmpi_own_pid()
        own.pointee.start_time = cmpi_process_start(own.pointee.pid)
        own.pointee.pid_namespace = cmpi_pid_namespace()
        own.pointee.failure_rank = -1
        cmpi_store64(&own.pointee.beat_ns, cmpi_now())
    }

    deinit { records.deallocate() }

    var own: UnsafeMutablePointer<cmpi_record> { records[rank] }
    func record(_ localRank: Int) -> UnsafeMutablePointer<cmpi_record> { records[localRank] }

    /// A staging area: `turn` even or odd.
    func stage(_ localRank: Int, turn: Int) -> UnsafeMutableRawPointer {
        segment.peers[localRank].baseAddress.unsafelyUnwrapped + (2 * NodePlane.pageBytes + (turn & 1) * NodePlane.stageBytes)
    }

    /// Publishes everything this rank has written and waits until all ranks have done as much.
    func synchronise() throws {
        phase &+= 1
        var late = cmpi_synchronise(records, CInt(size), CInt(rank), phase, timeouts.spin, timeouts.yield)
        while late >= 0 {
            try waitAsleep(for: Int(late))
            // The flag is up already: only look whether anyone else is late.
            late = cmpi_synchronise(records, CInt(size), CInt(rank), phase, 0, timeouts.yield)
        }
    }

    /// "event, step n" as noted last; empty if nothing was.
    var notedEvent: String {
        let event = loadText(at: cmpi_record_event(own), capacity: Int32(CMPI_EVENT_BYTES))
        return event.isEmpty ? "" : "\(event), step \(own.pointee.step)"
    }

    /// Says what this rank does; peers read it when it is late.
    func note(step: Int, event: String) {
        let record = own
        cmpi_store64(&record.pointee.step, Int64(step))
        cmpi_store64(&record.pointee.beat_ns, cmpi_now())
        storeText(event, at: cmpi_record_event(record), capacity: Int32(CMPI_EVENT_BYTES))
    }
}

// MARK: - Waiting asleep

extension NodePlane {
    private func waitAsleep(for late: Int) throws {
        let start = cmpi_now()
        cmpi_store64(&own.pointee.wait_ns, start)
        cmpi_store(&own.pointee.waiting, 1)
        var hasReported = false
        defer {
            cmpi_store(&own.pointee.waiting, 0)
            endStallReport(hasReported)
            cmpi_store64(&own.pointee.beat_ns, cmpi_now())
        }
        while true {
            switch Int(cmpi_wait(records[late], phase, &control.pointee.alarm, timeouts.sleep)) {
            case Int(CMPI_REACHED): return
            case Int(CMPI_ALARM): throw alarmError()
            default: try lookAround(late: late, since: start, hasReported: &hasReported)
            }
        }
    }

    /// The rank that printed a stall report is through: the next stall gets one of its own.
    func endStallReport(_ hasReported: Bool) {
        if hasReported { cmpi_store(&control.pointee.stall_report, 0) }
    }

    /// What a long wait does between sleeps, also while it waits for other nodes: throws when this rank cannot go on.
    /// - Parameter late: the local rank waited for; nil when it is on another node.
    func lookAround(late: Int?, since start: Int64, hasReported: inout Bool) throws {
        if cmpi_load(&control.pointee.alarm) != 0 { throw alarmError() }
        try lookForDeadPeers()
        let waited = Double(cmpi_now() - start) * 1e-9
        if let late, cmpi_load(&records[late].pointee.state) == RankState.departed.rawValue {
            let error = CommunicatorError(
                .peerLeft, rank: worldRanks[late],
                "rank \(worldRanks[late]) has ended its program while rank \(worldRanks[rank]) waits for it in \(operationText(of: rank)). Every rank must call the same collectives.")
            throw raise(error, event: "")
        }
        if waited > timeouts.stall, cmpi_claim(&control.pointee.stall_report, 1) == 0 {
            hasReported = true
            printToStandardError(stallReport(late: late, waited: waited))
        }
        if waited > timeouts.abort {
            let who = late.map { "rank \(worldRanks[$0])" } ?? "another node"
            let error = CommunicatorError(
                .timedOut, rank: late.map { worldRanks[$0] },
                "\(operationText(of: rank)): \(who) has not come within \(seconds(timeouts.abort)) s. \(late.map { "It was last seen \(activityText(of: $0)) " } ?? "")LOCKSTEP_ABORT_TIMEOUT sets the limit.")
            throw raise(error, event: "")
        }
    }

    /// Throws if the process of a peer has ended without saying so.
    func lookForDeadPeers() throws {
        if let error = deadPeer() { throw raise(error, event: "") }
    }

    /// The kernel's letter for a peer's process; empty when it is gone. Threads of one process always run.
    private func processState(of peer: Int) -> String {
        guard peersAreProcesses else { return "R" }
        let state = cmpi_process_state(records[peer].pointee.pid, records[peer].pointee.start_time)
        return state == 0 ? "" : String(UnicodeScalar(UInt8(bitPattern: state)))
    }

    private func deadPeer() -> CommunicatorError? {
        guard peersAreProcesses else { return nil }
        for peer in 0..<size where peer != rank {
            let record = records[peer]
            guard record.pointee.pid != 0, record.pointee.pid_namespace == own.pointee.pid_namespace,
                cmpi_load(&record.pointee.state) != RankState.departed.rawValue
            else { continue }
            if ["", "Z", "X"].contains(processState(of: peer)) {
                return CommunicatorError(
                    .peerDied, rank: worldRanks[peer],
                    "rank \(worldRanks[peer]) (pid \(record.pointee.pid)) has died. It was last seen \(activityText(of: peer)) Look above for its message; a process killed by the kernel for lack of memory leaves none (see dmesg).")
            }
        }
        return nil
    }
}

// MARK: - Failures

/// What a record says about its rank.
enum RankState: UInt32 { case running = 0, failed = 1, departed = 2 }

extension NodePlane {
    /// True once any rank of the node has failed.
    var isAlarmed: Bool { cmpi_load(&control.pointee.alarm) != 0 }

    /// Marks this rank as failed, wakes all that wait, and returns the error all ranks of the node now have: the first one.
    func raise(_ error: CommunicatorError, event: String) -> CommunicatorError {
        guard cmpi_load(&control.pointee.alarm) == 0 else { return alarmError() }
        storeText(error.message, at: cmpi_record_failure(own), capacity: Int32(CMPI_FAILURE_BYTES))
        storeText(event, at: cmpi_record_failure_event(own), capacity: Int32(CMPI_EVENT_BYTES))
        own.pointee.failure_code = error.code.rawValue
        own.pointee.failure_rank = Int32(error.rank ?? -1)
        cmpi_store(&own.pointee.state, RankState.failed.rawValue)
        _ = cmpi_raise_alarm(&control.pointee.alarm, UInt32(rank + 1), records, CInt(size))
        return alarmError()
    }

    /// Marks this rank as having ended in good order.
    func depart() {
        cmpi_store(&own.pointee.state, RankState.departed.rawValue)
    }

    var haveAllDeparted: Bool {
        (0..<size).allSatisfy { cmpi_load(&records[$0].pointee.state) == RankState.departed.rawValue }
    }

    /// True for the one rank of the node that prints the failure.
    func claimFailureReport() -> Bool { cmpi_claim(&control.pointee.failure_report, 1) == 0 }

    /// The failure that raised the alarm, the same for every rank.
    func alarmError() -> CommunicatorError {
        let first = Int(cmpi_load(&control.pointee.alarm)) - 1
        let record = records[first]
        return CommunicatorError(
            CommunicatorError.Code(rawValue: record.pointee.failure_code),
            rank: record.pointee.failure_rank < 0 ? nil : Int(record.pointee.failure_rank),
            loadText(at: cmpi_record_failure(record), capacity: Int32(CMPI_FAILURE_BYTES)))
    }
}

// MARK: - Texts

extension NodePlane {
    private func operationText(of localRank: Int) -> String {
        CollectiveHeader.latest(of: records[localRank])
    }

    /// "in event 'before_batch', step 17, 41 s ago." for one rank.
    func activityText(of localRank: Int) -> String {
        let record = records[localRank]
        let event = loadText(at: cmpi_record_event(record), capacity: Int32(CMPI_EVENT_BYTES))
        let step = cmpi_load64(&record.pointee.step)
        let age = Double(cmpi_now() - cmpi_load64(&record.pointee.beat_ns)) * 1e-9
        let place = event.isEmpty ? "after \(operationText(of: localRank))" : "in '\(event)', step \(step), after \(operationText(of: localRank))"
        return "\(place), \(seconds(age)) s ago."
    }

    /// One sentence that says who is late, and one line per rank.
    private func stallReport(late: Int?, waited: Double) -> String {
        var lines: [String] = []
        if let late {
            let stopped = ["T", "t"].contains(processState(of: late))
            lines.append(
                "lockstep: rank \(worldRanks[late]) (pid \(records[late].pointee.pid)) is late: rank \(worldRanks[rank]) has waited \(seconds(waited)) s for it in \(operationText(of: rank)).\(stopped ? " Its process is stopped (SIGSTOP or a debugger)." : "")")
        } else {
            lines.append("lockstep: rank \(worldRanks[rank]) has waited \(seconds(waited)) s for another node in \(operationText(of: rank)).")
        }
        for peer in 0..<size {
            let record = records[peer]
            let state = cmpi_load(&record.pointee.waiting) == 1
                ? "waits in \(operationText(of: peer))" : "last seen \(activityText(of: peer))"
            lines.append("lockstep:   rank \(worldRanks[peer])  pid \(record.pointee.pid)  \(state)")
        }
        return lines.joined(separator: "\n")
    }

    private func seconds(_ value: Double) -> String {
        value < 10 ? String(Double(Int(value * 10)) / 10) : String(Int(value))
    }
}
