// SPDX-License-Identifier: Apache-2.0
// Starting a process and waiting for it, for a time.

import Glibc

/// A process that was started. Foundation's own keeps a file open for each and stops at a thousand.
struct Spawned {
    private let process: pid_t

    /// Starts `program` with what it prints in files; nil when that is not possible.
    init?(
        _ program: String, _ arguments: [String], _ environment: [String: String], output: String, error: String
    ) {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, error, O_WRONLY | O_CREAT, 0o600)
        var words = ([program] + arguments).map { strdup($0) } + [nil]
        var variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for word in words + variables { free(word) } }
        var process: pid_t = 0
        guard posix_spawnp(&process, program, &actions, nil, &words, &variables) == 0 else { return nil }
        self.process = process
    }

    /// How it ended: its exit code, or the negative number of the signal. Nil when it did not within `seconds` and was killed.
    func status(within seconds: Double) -> Int32? {
        var status: Int32 = 0
        for _ in 0..<Int(seconds * 500) {
            if waitpid(process, &status, WNOHANG) == process {
                return status & 0x7F == 0 ? status >> 8 & 0xFF : -(status & 0x7F)
            }
            usleep(2000)
        }
        kill(process, SIGKILL)
        waitpid(process, &status, 0)
        return nil
    }
}
