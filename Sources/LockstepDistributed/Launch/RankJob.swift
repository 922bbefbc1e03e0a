// SPDX-License-Identifier: Apache-2.0
// An mpirun whose last words are read: which rank failed first, and how.

import Foundation
import LockstepComm
import LockstepLearner

/// A job under mpirun. What ranks print passes through; mpirun's own account of a failure becomes one sentence.
package struct RankJob {
    /// mpirun, its flags, the program and its arguments.
    let words: [String]

    package init(_ words: [String]) { self.words = words }

    /// How a job ended.
    package struct Outcome: Equatable {
        /// 0, or the code of the rank that failed first; 128 and the signal's number where one ended it.
        package var code: Int32
        /// Who failed first, and how. Empty for a job that went well.
        package var sentence: String
        /// Whether a rank has said itself what went wrong.
        package var wasExplained = false
    }

    /// Runs it to its end.
    ///
    /// The job shares this process's terminal and group, so Ctrl-C reaches mpirun itself; SIGTERM, SIGHUP, SIGUSR1 and
    /// SIGUSR2 are passed on to it. Should this process be killed, mpirun is told to end as well.
    package func run() throws(LaunchError) -> Outcome {
        let guardian = Launcher.path(of: "setpriv").map { [$0, "--pdeathsig", "TERM"] } ?? []
        let command = guardian + words
        StopSignals.unblock()  // mpirun and the ranks inherit what is blocked here
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw refusal(of: "pipe", errno) }
        _ = fcntl(ends[0], F_SETFD, FD_CLOEXEC)
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO)
        posix_spawn_file_actions_addclose(&actions, ends[1])
        fflush(nil)
        let arguments = command.map { strdup($0) }
        defer { arguments.forEach { free($0) } }
        var child: pid_t = 0
        let refused = posix_spawn(&child, command[0], &actions, nil, arguments + [nil], environ)
        posix_spawn_file_actions_destroy(&actions)
        close(ends[1])
        guard refused == 0 else {
            close(ends[0])
            throw refusal(of: command[0], refused)
        }
        // Only now: a child would inherit ignored signals.
        signal(SIGINT, SIG_IGN)
        SignalForwarding.start(to: child)
        var account = FailureAccount()
        let isThrough = read(ends[0], into: &account)
        close(ends[0])
        // An ssh to a host that is gone can outlive mpirun, and hold what we read from open.
        guard let code = RankJob.code(of: child, options: isThrough ? 0 : WNOHANG) else {
            Console.standardError.write(
                "lockstep: mpirun cannot reach all of its hosts to end the job; it is stopped\n")
            kill(child, SIGKILL)
            _ = RankJob.code(of: child, options: 0)
            return account.outcome(mpirunCode: 1)
        }
        return account.outcome(mpirunCode: code)
    }

    private func refusal(of what: String, _ number: Int32) -> LaunchError {
        LaunchError(description: "\(what) cannot be started: \(String(cString: strerror(number)))", exitCode: 71)
    }

    /// Milliseconds that mpirun gets to end a job that has failed. It waits for its daemons on all hosts: for a quarter of
    /// an hour, when the network to one of them is down.
    private static let patience: Int64 = 15_000

    /// Shows line by line what a person should see.
    /// - Returns: false when the job has failed and mpirun does not come to its end.
    private func read(_ descriptor: Int32, into account: inout FailureAccount) -> Bool {
        var rest: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        var deadline: Int64?
        while true {
            if account.isEnding {
                let end = deadline ?? RankJob.milliseconds + RankJob.patience
                deadline = end
                var pending = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
                let left = end - RankJob.milliseconds
                guard left > 0 else { return false }
                if poll(&pending, 1, Int32(left)) <= 0 { continue }
            }
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            rest += buffer[..<count]
            while let end = rest.firstIndex(of: 10) {
                let line = String(decoding: rest[..<end], as: UTF8.self)
                rest.removeSubrange(...end)
                if let shown = account.read(line) { Console.standardError.write(shown + "\n") }
            }
        }
        if !rest.isEmpty { Console.standardError.write(String(decoding: rest, as: UTF8.self)) }
        return true
    }

    private static var milliseconds: Int64 {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        return Int64(now.tv_sec) * 1000 + Int64(now.tv_nsec) / 1_000_000
    }

    /// What a process has ended with; nil when it has not, and `options` do not wait.
    private static func code(of child: pid_t, options: Int32) -> Int32? {
        var status: Int32 = 0
        var ended: pid_t = 0
        repeat { ended = waitpid(child, &status, options) } while ended < 0 && errno == EINTR
        guard ended == child else { return nil }
        let signal = status & 0x7f
        return signal == 0 ? (status >> 8) & 0xff : 128 + signal
    }
}

/// Passes SIGTERM, SIGHUP, SIGUSR1 and SIGUSR2 on to mpirun, which passes them on to the ranks.
private enum SignalForwarding {
    /// Written once, before the handlers are installed.
    private nonisolated(unsafe) static var target: pid_t = 0

    static func start(to pid: pid_t) {
        target = pid
        for number in [SIGTERM, SIGHUP, SIGUSR1, SIGUSR2] { signal(number) { kill(SignalForwarding.target, $0) } }
    }
}
