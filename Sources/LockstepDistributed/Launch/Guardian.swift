// SPDX-License-Identifier: Apache-2.0
// Ends a child, such as mpirun, when the program that started it is killed: nobody else would.

import Foundation

/// A shell that waits for this process's end, at a pipe that only this process holds open, and then sends the child one signal, mpirun
/// SIGHUP.
///
/// One: after a second within a moment mpirun leaves its ranks and its shared memory as they are. The kernel's own signal for the
/// death of a parent comes once for each of the parent's threads.
struct Guardian {
    private let pid: pid_t
    private let pipe: Int32

    /// Begins to wait; ``watch(_:)`` says for whom. Nil where the system does not let it.
    /// - Parameters:
    ///   - signal: What is sent, as `kill` calls it.
    ///   - isWoken: Whether the child is woken until it is gone: mpirun then sleeps a second or two, as by itself.
    init?(sending signal: String, isWoken: Bool) {
        var ends: [Int32] = [-1, -1]
        guard Glibc.pipe(&ends) == 0 else { return nil }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        defer { close(ends[0]) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, ends[0], STDIN_FILENO)
        for stream in [STDOUT_FILENO, STDERR_FILENO] {
            posix_spawn_file_actions_addopen(&actions, stream, "/dev/null", O_WRONLY, 0)
        }
        let script = #"""
            trap "" INT TERM HUP QUIT USR1 USR2 XCPU; read job; read end; [ -n "$job" ] || exit; kill -"$1" "$job"
            rounds=0; while [ -n "$2" ] && [ $rounds -lt 300 ] && kill -CHLD "$job"; do rounds=$((rounds + 1)); sleep 0.02; done
            """#
        let words: [String] = ["sh", "-c", script, "lockstep-guardian", signal, isWoken ? "wake" : ""]
        let arguments = words.map { strdup($0) }
        defer { arguments.forEach { free($0) } }
        var child: pid_t = 0
        guard posix_spawn(&child, "/bin/sh", &actions, nil, arguments + [nil], environ) == 0 else {
            close(ends[1])
            return nil
        }
        (pid, pipe) = (child, ends[1])
    }

    /// Whose end this process's end is.
    func watch(_ job: Int32) {
        let line = Array("\(job)\n".utf8)
        _ = write(pipe, line, line.count)
    }

    /// Nobody needs it any more.
    func dismiss() {
        kill(pid, SIGKILL)
        while waitpid(pid, nil, 0) < 0, errno == EINTR {}
        close(pipe)
    }
}
