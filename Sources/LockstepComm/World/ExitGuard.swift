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

    static func install(for communicator: MPICommunicator) {
        guard self.communicator == nil else { return }
        self.communicator = communicator
        _ = cmpi_on_exit { ExitGuard.end(status: $0) }
    }

    /// `MPI_Finalize` waits for all ranks: after an error it would wait for ever, so then it is `MPI_Abort`.
    private static func end(status: Int32) {
        guard let communicator, MPILibrary.isInitialised, !MPILibrary.isFinalised else { return }
        guard status == agreedCode, communicator.engine.leaveInOrder() else {
            communicator.engine.explainExit(status)
            communicator.abort(code: status == 0 ? 1 : status)
        }
        _ = cmpi_finalize()
    }
}

extension CollectiveEngine {
    /// Waits until all ranks of the node have come to their end, however long the others still work.
    /// - Returns: false if one of them has failed instead.
    func leaveInOrder() -> Bool {
        guard !hasFailed, !plane.isAlarmed else { return false }
        plane.depart()
        var looks = 0
        while !plane.haveAllDeparted {
            usleep(looks < 100 ? 1000 : 20_000)
            looks += 1
            if plane.isAlarmed { return false }
            if looks % 50 == 0, (try? plane.lookForDeadPeers()) == nil { return false }
        }
        return true
    }

    /// Says why the job ends now, unless a failure has been told already: `exit(3)` in a callback leaves no other trace.
    func explainExit(_ status: Int32) {
        if status != 0, size > 1, !hasFailed, !plane.isAlarmed {
            let place = plane.notedEvent
            poison(
                CommunicatorError(
                    .peerLeft, rank: rank,
                    "rank \(rank) has called exit(\(status))\(place.isEmpty ? "" : " in \(place)"); the job ends."),
                event: "")
        }
        if plane.isAlarmed, plane.claimFailureReport() {
            printToStandardError("lockstep: \(plane.alarmError().message)")
        }
    }
}
