// SPDX-License-Identifier: Apache-2.0
// How an MPI rank ends: in good order together with the others, or all at once; never half finalised.
internal import CMPI
internal import Foundation

/// Runs when the process calls `exit` or returns from main.
enum ExitGuard {
    /// Written once, before the handler can run.
    private nonisolated(unsafe) static var communicator: MPICommunicator?
    /// The code every rank has agreed to end with; written by the thread that then calls `exit`.
    nonisolated(unsafe) static var agreedCode: Int32 = 0

    private struct Part { weak var plane: NodePlane? }
    private nonisolated(unsafe) static var parts: [Part] = []
    private static let lock = NSLock()

    /// Keeps a communicator's plane: peers that wait in it learn that this rank has ended, as those of the world do.
    static func watch(_ plane: NodePlane) {
        lock.withLock {
            parts.removeAll { $0.plane == nil }
            parts.append(Part(plane: plane))
        }
    }

    /// Whether all ranks of the job are on one node, and one of them has died: mpirun knows.
    static var hasLostPeer: Bool {
        guard let engine = communicator?.engine, engine.topology.nodes.count == 1, engine.plane.isAlarmed else {
            return false
        }
        return engine.plane.alarmError().code == .peerDied
    }

    static func install(for communicator: MPICommunicator) {
        guard self.communicator == nil else { return }
        self.communicator = communicator
        _ = cmpi_on_exit { ExitGuard.end(status: $0) }
    }

    /// `MPI_Finalize` waits for all ranks: after an error it would wait for ever, so then it is `MPI_Abort`.
    private static func end(status: Int32) {
        guard let communicator, MPILibrary.isInitialised, !MPILibrary.isFinalised else { return }
        if status == agreedCode, !communicator.engine.hasFailed {
            lock.withLock { parts }.forEach { $0.plane?.depart() }
        }
        guard status == agreedCode, communicator.engine.leaveInOrder() else {
            communicator.engine.explainExit(status)
            communicator.abort(code: status == 0 ? 1 : status)
        }
        _ = cmpi_finalize()
    }
}

extension CollectiveEngine {
    /// Waits until all ranks have come to their end, however long the others still work.
    /// - Returns: false if one of them has failed instead, or waits for this one.
    func leaveInOrder() -> Bool {
        guard !hasFailed, !plane.isAlarmed else { return false }
        plane.depart()
        var looks = 0
        while !plane.haveAllDeparted {
            usleep(looks < 100 ? 1000 : 20_000)
            looks += 1
            plane.progress?()
            if plane.isAlarmed { return false }
            if looks % 50 == 0, (try? plane.lookForDeadPeers()) == nil { return false }
        }
        return !isLeader || leaveNodes()
    }

    /// The same between nodes, for which their first ranks speak.
    private func leaveNodes() -> Bool {
        guard let link = link as? MPILink else { return true }
        do {
            guard let error = try link.leave({}) else { return true }
            // A rank of this node is to blame, so this node prints; the others hear the same sentence in their collective.
            FailureRecord.tell(error.message, FailureRecord(error, reporter: rank, code: 1))
            usleep(300_000)
            return false
        } catch {
            // The network is down, or MPI is: finalising would wait for it.
            return false
        }
    }

    /// Says why the job ends now, unless a failure has been told already: `exit(3)` in a callback leaves no other trace.
    func explainExit(_ status: Int32) {
        if status != 0, size > 1, !hasFailed, !plane.isAlarmed {
            let place = plane.lastEvent
            poison(
                CommunicatorError(
                    .peerLeft, rank: rank,
                    "rank \(rank) has called exit(\(status))\(place.isEmpty ? "" : " in \(place)"); the job ends."),
                event: "")
        }
        if plane.isAlarmed {
            let error = plane.alarmError()
            var record = FailureRecord(
                error, reporter: rank, event: plane.lastEvent, code: status,
                step: plane.lastStep(of: error.rank))
            if error.code == .peerLeft, error.rank == rank { record.cause = .exited }
            FailureRecord.tell(plane.claimFailureReport() ? error.message : nil, record)
        }
    }
}
