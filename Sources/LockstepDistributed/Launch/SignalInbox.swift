// SPDX-License-Identifier: Apache-2.0
// Signals that reach the launcher, as bytes of a pipe that its loop reads: handlers decide nothing.

import Foundation
import LockstepComm

/// Listens for SIGHUP and the stop signals, SIGINT among them: mpirun is deaf to Ctrl-C, so that one place decides.
enum SignalInbox {
    /// Both ends of the pipe; -1 until it is opened. Written before handlers can run.
    private nonisolated(unsafe) static var ends: (reading: Int32, writing: Int32) = (-1, -1)

    /// Begins to listen: handlers, which a child does not inherit. Those of an earlier call stay.
    static func open() {
        guard ends.reading < 0 else { return }
        var pair: [Int32] = [-1, -1]
        guard pipe(&pair) == 0 else { return }
        for end in pair {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        ends = (pair[0], pair[1])
        for number in StopSignals.numbers { signal(number) { SignalInbox.leave($0) } }
        // nohup means it.
        var former = sigaction()
        sigaction(SIGHUP, nil, &former)
        if unsafeBitCast(former.__sigaction_handler.sa_handler, to: Int.self) != 1 {
            signal(SIGHUP) { SignalInbox.leave($0) }
        }
    }

    /// What to poll for reading.
    static var descriptor: Int32 { ends.reading }

    /// The numbers that have come since the last call, in their order.
    static func take() -> [Int32] {
        var buffer = [UInt8](repeating: 0, count: 64)
        let count = read(ends.reading, &buffer, buffer.count)
        return count > 0 ? buffer[..<count].map(Int32.init) : []
    }

    /// Called by handlers: a byte into the pipe, and errno as it was.
    private static func leave(_ number: Int32) {
        let saved = errno
        var byte = UInt8(truncatingIfNeeded: number)
        _ = write(ends.writing, &byte, 1)
        errno = saved
    }
}
