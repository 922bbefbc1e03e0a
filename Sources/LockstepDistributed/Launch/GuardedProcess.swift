// SPDX-License-Identifier: Apache-2.0
// A process that is started here and ends, at the latest, when this one does.

package import Glibc

/// A child with a ``Guardian``.
package struct GuardedProcess {
    package let pid: Int32
    private let guardian: Guardian?

    /// The system has not started it.
    package struct Refused: Error {
        /// The number of the system's error.
        package let number: Int32
    }

    /// How a process came to its end.
    package struct Status: Equatable {
        /// What it ended with; 128 and the signal's number where one ended it.
        package var code: Int32
        /// The signal that ended it itself.
        package var signal: Int32?
    }

    /// Starts `words`.
    ///
    /// - Parameters:
    ///   - blocked: Signals that it is deaf to.
    ///   - isGroup: Whether it leads a group of its own, which the terminal's signals do not reach.
    ///   - signal: What it is sent when this process is killed, as `kill` calls it.
    ///   - isWoken: Whether it is then woken until it is gone, as mpirun has to be.
    package init(
        _ words: [String], actions: inout posix_spawn_file_actions_t, blocking blocked: [Int32] = [],
        isGroup: Bool = false, endedBy signal: String, isWoken: Bool = false
    ) throws(Refused) {
        let guardian = Guardian(sending: signal, isWoken: isWoken)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var mask = sigset_t()
        sigemptyset(&mask)
        for number in blocked { sigaddset(&mask, number) }
        posix_spawnattr_setsigmask(&attributes, &mask)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | (isGroup ? POSIX_SPAWN_SETPGROUP : 0)))
        let arguments = words.map { strdup($0) }
        defer { arguments.forEach { free($0) } }
        var child: pid_t = 0
        let refused = posix_spawn(&child, words[0], &actions, &attributes, arguments + [nil], environ)
        guard refused == 0 else {
            guardian?.dismiss()
            throw Refused(number: refused)
        }
        guardian?.watch(child)
        (pid, self.guardian) = (child, guardian)
    }

    /// Its end; nil when that has not come, and `options` do not wait, or somebody else has taken note of it.
    package func wait(options: Int32) -> Status? {
        var status: Int32 = 0
        var ended: pid_t = 0
        repeat { ended = waitpid(pid, &status, options) } while ended < 0 && errno == EINTR
        guard ended == pid else { return nil }
        guardian?.dismiss()
        let signal = status & 0x7f
        return signal == 0 ? Status(code: (status >> 8) & 0xff) : Status(code: 128 + signal, signal: signal)
    }
}
