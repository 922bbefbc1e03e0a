// SPDX-License-Identifier: Apache-2.0
// Ends the job when a blocking transfer between nodes does not end: a dead link must not mean waiting for ever.
internal import CMPI
internal import Foundation
internal import Synchronization

/// Watches the blocking MPI calls of one rank from a thread that sleeps.
final class LinkWatchdog: Sendable {
    private struct Watch {
        var what = ""
        var since: Int64 = 0
        var warned = false
        var stopped = false
    }
    private let watch = Box(Mutex(Watch()))

    init(rank: Int, timeouts: Timeouts) {
        let watch = watch
        let thread = Thread {
            while true {
                usleep(250_000)
                let now = cmpi_now()
                let (text, gaveUp, stopped) = watch.value.withLock { state -> (String?, Bool, Bool) in
                    guard state.since != 0, !state.stopped else { return (nil, false, state.stopped) }
                    let waited = Double(now - state.since) * 1e-9
                    if waited > timeouts.abort {
                        return (
                            "\(state.what) between nodes, seen from rank \(rank), has not ended within \(Int(timeouts.abort)) s; the job ends. Is the network up? LOCKSTEP_ABORT_TIMEOUT sets the limit.",
                            true, false
                        )
                    }
                    guard waited > timeouts.stall, !state.warned else { return (nil, false, false) }
                    state.warned = true
                    return ("rank \(rank) has waited \(Int(waited)) s in \(state.what) between nodes.", false, false)
                }
                if let text, !gaveUp { printToStandardError("lockstep: \(text)") }
                if gaveUp {
                    FailureRecord.tell(
                        text, FailureRecord(reporter: rank, rank: nil, cause: .timedOut, code: 1))
                    cmpi_exit_within(5, 1)
                    _ = cmpi_abort(cmpi_comm_world(), 1)
                }
                if stopped { return }
            }
        }
        thread.name = "lockstep link watchdog"
        thread.start()
    }

    func stop() { watch.value.withLock { $0.stopped = true } }

    /// Runs a blocking call under watch.
    func watching<T>(_ what: @autoclosure () -> String, _ body: () throws -> T) rethrows -> T {
        let text = what()
        let now = cmpi_now()
        watch.value.withLock { $0 = Watch(what: text, since: now) }
        defer { watch.value.withLock { $0.since = 0 } }
        return try body()
    }
}
