// SPDX-License-Identifier: Apache-2.0
// The process of a trial.

import Foundation
import Lockstep
import LockstepDistributed

/// `lockstep train` for one trial, which is asked to stop when this program is gone.
final class SweepJob {
    let trial: SweepTrial
    private let pid: pid_t
    private let guardian: Guardian?
    private var ended: Int32?

    /// Starts it.
    /// - Throws: ``Failure`` (71) where the system does not.
    init(_ trial: SweepTrial, recipe: String) throws {
        self.trial = trial
        let guardian = Guardian(sending: "TERM")
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, trial.log, O_WRONLY | O_CREAT | O_APPEND, 0o666)
        posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var mask = sigset_t()
        sigemptyset(&mask)
        posix_spawnattr_setsigmask(&attributes, &mask)
        // A group of its own: Ctrl-C reaches the sweep, which asks its trials to stop, once.
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP))
        let words = [Launcher.programPath, "train", recipe, "--config", trial.configuration]
        let arguments = words.map { strdup($0) }
        defer { arguments.forEach { free($0) } }
        var child: pid_t = 0
        let refused = posix_spawn(&child, words[0], &actions, &attributes, arguments + [nil], environ)
        guard refused == 0 else {
            guardian?.dismiss()
            throw Failure(
                description: "trial \(trial.name) cannot be started: \(String(cString: strerror(refused)))", code: 71)
        }
        guardian?.watch(child)
        (pid, self.guardian) = (child, guardian)
    }

    /// Asks it to stop in good order.
    func stop() { kill(pid, SIGTERM) }

    /// The code it has ended with, 128 and the signal's number where one ended it; nil while it runs.
    var code: Int32? {
        if let ended { return ended }
        var status: Int32 = 0
        var found: pid_t = 0
        repeat { found = waitpid(pid, &status, WNOHANG) } while found < 0 && errno == EINTR
        if found == 0 { return nil }
        guardian?.dismiss()
        let signal = status & 0x7f
        // One that somebody else has taken note of: how it ended is not known.
        ended = found < 0 ? 71 : signal == 0 ? (status >> 8) & 0xff : 128 + signal
        return ended
    }
}
