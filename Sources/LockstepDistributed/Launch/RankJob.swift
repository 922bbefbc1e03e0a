// SPDX-License-Identifier: Apache-2.0
// An mpirun whose last words are read: which rank failed first, and how.

import Foundation
import LockstepComm
import LockstepData
import LockstepLearner

/// A job under mpirun. What ranks print passes through; mpirun's own account of a failure becomes one sentence.
package struct RankJob {
    /// mpirun, its flags, the program and its arguments.
    let words: [String]
    /// What marks the records of its ranks.
    private let token: String

    /// - Parameters:
    ///   - hosts: Where ranks run; nil means this machine.
    ///   - stdin: The rank that reads standard input; nil means rank 0.
    /// - Throws: ``LaunchError`` where there is no mpirun.
    package init(
        ranks: Int, on hosts: HostList? = nil, stdin: Int? = nil, running program: [String]
    ) throws(LaunchError) {
        token = LauncherRecord.newToken()
        words = try Launcher.command(ranks: ranks, on: hosts, token: token, stdin: stdin, running: program)
    }

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
    /// The job shares this process's terminal and group, so Ctrl-C reaches mpirun itself; other signals are passed on to it.
    /// Should this process be killed, mpirun is told to end as well. A program that watches for signals itself
    /// (`StopSignals.watch()`) before it comes here says that its ranks stop in good order: a job that a signal has ended
    /// before they could begin to watch has stopped, too.
    ///
    /// Standard output is the job's where it is a terminal. Otherwise what ranks print is read and written here, where it is
    /// seen that a disk is full; the job goes on, and its code is then 74.
    package func run() throws(LaunchError) -> Outcome {
        let stops = StopSignals.areWatched
        SignalForwarding.start(ranksStop: stops)
        if let signal = StopSignals.received { return RankJob.stopped(by: signal) }
        StandardOutput.secure()
        let guardian = Launcher.path(of: "setpriv").map { [$0, "--pdeathsig", "TERM"] } ?? []
        let command = guardian + words
        StopSignals.unblock()  // mpirun and the ranks inherit what is blocked here
        var streams: [JobStream] = []
        defer { for stream in streams { close(stream.descriptor) } }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        var written: [Int32] = []
        defer { for end in written { close(end) } }
        for stream in [STDERR_FILENO] + (isatty(STDOUT_FILENO) == 1 ? [] : [STDOUT_FILENO]) {
            var ends: [Int32] = [-1, -1]
            guard pipe(&ends) == 0 else { throw refusal(of: "pipe", errno) }
            for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
            streams.append(JobStream(descriptor: ends[0], isErrors: stream == STDERR_FILENO))
            written.append(ends[1])
            posix_spawn_file_actions_adddup2(&actions, ends[1], stream)
        }
        fflush(nil)
        let arguments = command.map { strdup($0) }
        defer { arguments.forEach { free($0) } }
        var child: pid_t = 0
        let refused = posix_spawn(&child, command[0], &actions, nil, arguments + [nil], environ)
        for end in written { close(end) }
        written = []
        guard refused == 0 else { throw refusal(of: command[0], refused) }
        // Only now: a child would inherit ignored signals.
        signal(SIGINT, SIG_IGN)
        SignalForwarding.begin(to: child)
        var account = FailureAccount(token: token)
        let isThrough = read(&streams, into: &account)
        // An ssh to a host that is gone can outlive mpirun, and hold what we read from open.
        guard let code = RankJob.code(of: child, options: isThrough ? 0 : WNOHANG) else {
            Console.standardError.write(
                "lockstep: mpirun cannot reach all of its hosts to end the job; it is stopped\n")
            kill(child, SIGKILL)
            _ = RankJob.code(of: child, options: 0)
            return account.outcome(mpirunCode: 1)
        }
        var outcome = account.outcome(mpirunCode: code)
        let signal = SignalForwarding.received
        if stops, signal != 0, SignalForwarding.count == 1, [SIGUSR1, SIGUSR2, SIGTERM].contains(code - 128) {
            return RankJob.stopped(by: signal)
        }
        if outcome.code == 0, StandardOutput.failure != nil {
            outcome = Outcome(code: 74, sentence: "", wasExplained: true)
        }
        return outcome
    }

    /// A job that was asked to stop before it could.
    private static func stopped(by signal: Int32) -> Outcome {
        Outcome(
            code: World.stopRequestedCode,
            sentence: "\(StopSignals.name(of: signal)): stopped before training had begun; start it again")
    }

    private func refusal(of what: String, _ number: Int32) -> LaunchError {
        LaunchError(description: "\(what) cannot be started: \(String(cString: strerror(number)))", exitCode: 71)
    }

    /// Milliseconds that mpirun gets to end a job that has failed. It waits for its daemons on all hosts: for a quarter of
    /// an hour, when the network to one of them is down.
    private static let patience: Int64 = 15_000

    /// Shows what the job writes until it has come to its end.
    /// - Returns: false when the job has failed and mpirun does not come to its end.
    private func read(_ streams: inout [JobStream], into account: inout FailureAccount) -> Bool {
        var deadline: Int64?
        defer { show(account.end()) }
        while streams.contains(where: \.isOpen) {
            var left: Int64 = -1
            if account.isEnding {
                let end = deadline ?? RankJob.milliseconds + RankJob.patience
                deadline = end
                left = end - RankJob.milliseconds
                guard left > 0 else { return false }
            }
            var pending = streams.map { pollfd(fd: $0.isOpen ? $0.descriptor : -1, events: Int16(POLLIN), revents: 0) }
            guard poll(&pending, nfds_t(pending.count), Int32(left)) > 0 else { continue }
            for index in streams.indices where pending[index].revents != 0 {
                for line in streams[index].read() { show(account.read(line)) }
            }
            // A signal that came before a rank could hear it is told it again, now that it can.
            for (host, pid) in account.takeWatching()
            where SignalForwarding.received != 0 && host == ProcessInfo.processInfo.hostName {
                kill(pid, SIGUSR1)
            }
        }
        return true
    }

    private func show(_ lines: [String]) {
        if !lines.isEmpty { Console.standardError.write(lines.map { $0 + "\n" }.joined()) }
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
