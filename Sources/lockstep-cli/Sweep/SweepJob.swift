// SPDX-License-Identifier: Apache-2.0
// The process of a trial.

import Foundation
import Lockstep
import LockstepDistributed

/// `lockstep train` for one trial, which is asked to stop when this program is gone.
final class SweepJob {
    let trial: SweepTrial
    private let process: GuardedProcess
    private var ended: Int32?

    /// Starts it.
    /// - Throws: ``Failure`` (71) where the system does not.
    init(_ trial: SweepTrial, recipe: String) throws {
        self.trial = trial
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, trial.log, O_WRONLY | O_CREAT | O_APPEND, 0o666)
        posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO)
        let words = [Launcher.programPath, "train", recipe, "--config", trial.configuration]
        do throws(GuardedProcess.Refused) {
            // A group of its own: Ctrl-C reaches the sweep, which asks its trials to stop, once.
            process = try GuardedProcess(words, actions: &actions, isGroup: true, endedBy: "TERM")
        } catch {
            throw Failure(
                description: "trial \(trial.name) cannot be started: \(String(cString: strerror(error.number)))",
                code: 71)
        }
    }

    /// Asks it to stop in good order.
    func stop() { if ended == nil { kill(process.pid, SIGTERM) } }

    /// The code it has ended with, 128 and the signal's number where one ended it; nil while it runs.
    var code: Int32? {
        if ended == nil { ended = process.wait(options: WNOHANG)?.code }
        // One that somebody else has taken note of: how it ended is not known.
        if ended == nil, kill(process.pid, 0) != 0 { ended = 71 }
        return ended
    }
}
