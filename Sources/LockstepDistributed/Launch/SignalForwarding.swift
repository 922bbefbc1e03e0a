// SPDX-License-Identifier: Apache-2.0
// Signals that reach the launcher go on to mpirun, which passes some of them on to the ranks.

import Foundation
import LockstepComm

/// Passes SIGHUP and the stop signals on, but for SIGINT: Ctrl-C reaches mpirun itself.
enum SignalForwarding {
    /// mpirun; 0 while there is none.
    private nonisolated(unsafe) static var target: pid_t = 0
    /// Whether ranks stop in good order: the first SIGTERM then asks them to, as SIGUSR1 does. mpirun would give them a second.
    private nonisolated(unsafe) static var ranksStop = false
    /// The first that asked for an end; 0 when none has.
    private(set) nonisolated(unsafe) static var received: Int32 = 0
    /// How many have.
    private(set) nonisolated(unsafe) static var count = 0

    /// Begins to listen, before there is somebody to pass signals on to: handlers, which a child does not inherit.
    static func start(ranksStop: Bool) {
        (target, self.ranksStop, received, count) = (0, ranksStop, 0, 0)
        for number in StopSignals.numbers + [SIGHUP] where number != SIGINT {
            signal(number) { SignalForwarding.pass($0) }
        }
    }

    /// Passes on what has come and what will come.
    static func begin(to pid: pid_t) {
        target = pid
        if received != 0 { kill(pid, translated(received)) }
    }

    /// Called by handlers: touches nothing but words.
    private static func pass(_ number: Int32) {
        count += 1
        if received == 0 { received = number }
        guard target > 0 else { return }
        kill(target, translated(number))
    }

    /// The signal for mpirun. It passes SIGUSR1 on, and not SIGXCPU.
    private static func translated(_ number: Int32) -> Int32 {
        if number == SIGXCPU { return SIGUSR1 }
        return ranksStop && number == SIGTERM && count <= 1 ? SIGUSR1 : number
    }
}
