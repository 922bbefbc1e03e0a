// SPDX-License-Identifier: Apache-2.0
// Long waits: asleep, looking at the peers between sleeps, reporting who is late.
internal import CMPI

extension NodePlane {
    func waitAsleep(for late: Int) throws {
        let start = cmpi_now()
        cmpi_store64(&own.pointee.wait_ns, start)
        cmpi_store(&own.pointee.waiting, 1)
        var hasReported = false
        defer {
            cmpi_store(&own.pointee.waiting, 0)
            endStallReport(hasReported)
            cmpi_store64(&own.pointee.beat_ns, cmpi_now())
        }
        var looked = start
        let nap = progress == nil ? timeouts.sleep : min(timeouts.sleep, 1_000_000)
        while true {
            switch Int(cmpi_wait(records[late], phase, &control.pointee.alarm, nap)) {
            case Int(CMPI_REACHED): return
            case Int(CMPI_ALARM): throw alarmError()
            default: progress?()
            }
            guard cmpi_now() - looked >= timeouts.sleep else { continue }
            looked = cmpi_now()
            try lookAround(late: late, since: start, hasReported: &hasReported)
        }
    }

    /// The rank that printed a stall report is through: the next stall gets one of its own.
    func endStallReport(_ hasReported: Bool) {
        if hasReported { cmpi_store(&control.pointee.stall_report, 0) }
    }

    /// What a long wait does between sleeps, also while it waits for other nodes: throws when this rank cannot go on.
    /// - Parameter late: the local rank waited for; nil when it is on another node.
    func lookAround(late: Int?, since start: Int64, hasReported: inout Bool) throws {
        try throwAlarm()
        try lookForDeadPeers()
        let waited = Double(cmpi_now() - start) * 1e-9
        if let failing, waited > failing.patience { throw raise(failing.error, event: failing.event) }
        if let late, cmpi_load(&records[late].pointee.state) == RankState.departed.rawValue {
            let error = CommunicatorError(
                .peerLeft, rank: worldRanks[late],
                "rank \(worldRanks[late]) has ended its program while rank \(worldRanks[rank]) waits for it in \(operationText(of: rank)). Every rank must call the same collectives."
            )
            throw giveUp(error)
        }
        let patience = patience(for: late)
        if waited > timeouts.stall + (late == nil ? 0 : min(patience, 1)),
            cmpi_claim(&control.pointee.stall_report, 1) == 0
        {
            hasReported = true
            printToStandardError(stallReport(late: late, waited: waited))
        }
        if waited > timeouts.abort + patience {
            let who = late.map { "rank \(worldRanks[$0])" } ?? remoteText
            let error = CommunicatorError(
                .timedOut, rank: late.map { worldRanks[$0] },
                "\(operationText(of: rank)): \(who) has not come within \(seconds(timeouts.abort)) s. \(late.map { "It was last seen \(activityText(of: $0)) " } ?? "")LOCKSTEP_ABORT_TIMEOUT sets the limit."
            )
            throw giveUp(error)
        }
    }

    /// Fails with `error`, or with what this rank has failed with before it waited.
    private func giveUp(_ error: CommunicatorError) -> CommunicatorError {
        raise(failing?.error ?? error, event: failing?.event ?? "")
    }

    /// Seconds by which others may give up first: those who know better whom to blame.
    private func patience(for late: Int?) -> Double {
        // Another node may be waiting for one of its own ranks, and can name it.
        guard let late else { return 1 }
        // Who waits for other nodes is not late himself and gives up by himself, on a loaded machine with a delay.
        return isElsewhere(late) && !isStopped(late) ? 10 : 0
    }

    private func isElsewhere(_ peer: Int) -> Bool { cmpi_load(&records[peer].pointee.waiting) == 2 }
    private func isStopped(_ peer: Int) -> Bool { ["T", "t"].contains(processState(of: peer)) }

    /// Throws if a rank of this node has failed.
    func throwAlarm() throws {
        if cmpi_load(&control.pointee.alarm) != 0 { throw alarmError() }
    }

    /// Throws if the process of a peer has ended without saying so.
    func lookForDeadPeers() throws {
        if let error = deadPeer() { throw giveUp(error) }
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
                    "rank \(worldRanks[peer]) (pid \(record.pointee.pid)) has died. It was last seen \(activityText(of: peer)) Look above for its message; a process killed by the kernel for lack of memory leaves none (see dmesg)."
                )
            }
        }
        return nil
    }
}

// MARK: - Reports

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
        let place =
            event.isEmpty
            ? "after \(operationText(of: localRank))"
            : "in '\(event)', step \(step), after \(operationText(of: localRank))"
        return "\(place), \(seconds(age)) s ago."
    }

    /// Who is waited for when it is nobody of this node: the rank, where there is but one.
    private var remoteText: String {
        let ranks = missingRemoteRanks()
        return switch ranks.count {
        case 0: "another node"
        case 1: "rank \(ranks[0]), on another node,"
        case 2...8: "another node (one of the ranks \(ranks.map(String.init).joined(separator: ", ")))"
        default:
            "another node (one of \(ranks.count) ranks, \(ranks[0]) to \(ranks[ranks.count - 1]))"
        }
    }

    /// One sentence that says who is late, and one line per rank.
    private func stallReport(late: Int?, waited: Double) -> String {
        var lines: [String] = []
        if let late {
            lines.append(
                "lockstep: rank \(worldRanks[late]) (pid \(records[late].pointee.pid)) is late: rank \(worldRanks[rank]) has waited \(seconds(waited)) s for it in \(operationText(of: rank)).\(isStopped(late) ? " Its process is stopped (SIGSTOP or a debugger)." : isElsewhere(late) ? " It waits for other nodes itself." : "")"
            )
        } else {
            lines.append(
                "lockstep: rank \(worldRanks[rank]) has waited \(seconds(waited)) s for \(remoteText) in \(operationText(of: rank))."
            )
        }
        for peer in 0..<size {
            let record = records[peer]
            let state =
                cmpi_load(&record.pointee.waiting) != 0
                ? "waits in \(operationText(of: peer))" : "last seen \(activityText(of: peer))"
            lines.append("lockstep:   rank \(worldRanks[peer])  pid \(record.pointee.pid)  \(state)")
        }
        return lines.joined(separator: "\n")
    }

    private func seconds(_ value: Double) -> String {
        value < 10 ? String(Double(Int(value * 10)) / 10) : String(Int(value))
    }
}
