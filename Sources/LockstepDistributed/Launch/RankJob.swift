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
    private let ranks: Int
    /// Whether ranks may be on other machines.
    private let isSpread: Bool
    /// Whether mpirun is woken where it sleeps.
    private let isWoken: Bool
    /// Whether its program is known to stop in good order when it is asked to.
    private let stops: Bool?

    /// - Parameters:
    ///   - hosts: Where ranks run; nil means this machine, or those of the batch system's allocation.
    ///   - stdin: The rank that reads standard input; nil means rank 0.
    ///   - stops: Whether the program is known to stop in good order, which it says itself when it has begun to; nil means
    ///     that it is this one, and does so if it watches for signals now.
    /// - Throws: ``LaunchError`` where there is no mpirun.
    package init(
        ranks: Int, on hosts: HostList? = nil, stdin: Int? = nil, stops: Bool? = nil, running program: [String]
    ) throws(LaunchError) {
        token = LauncherRecord.newToken()
        (self.ranks, self.stops) = (ranks, stops)
        isSpread = hosts != nil || Allocation.hasSeveralHosts()
        // On other machines its daemons sleep, whom nobody wakes.
        isWoken = !isSpread && Allocation.isHere() && !Mpirun.hasOwnSleep && MpirunProcess.showsSleep
        words = try Launcher.command(
            ranks: ranks, on: hosts, token: token, isWoken: isWoken, stdin: stdin, running: program)
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
    /// A request to stop that reaches this process or mpirun reaches the ranks as SIGUSR1 when they watch for signals, and they
    /// get the time they need; a program that does not watch is ended. Should this process be killed, mpirun is told to end as
    /// well. A program that watches for signals itself (`StopSignals.watch()`) before it comes here says that its ranks stop in
    /// good order: a job that a signal has ended before they could begin to watch has stopped, too.
    ///
    /// Standard output is the job's where it is a terminal. Otherwise what ranks print is read and written here, where it is
    /// seen that a disk is full; the job goes on, and its code is then 74.
    package func run() throws(LaunchError) -> Outcome { try runToEnd().outcome }

    /// The same, and what it came to.
    package func runToEnd() throws(LaunchError) -> (outcome: Outcome, end: JobEnd) {
        let stops = stops ?? StopSignals.areWatched
        SignalInbox.open()
        if let signal = StopSignals.received ?? SignalInbox.take().first {
            return (RankJob.stopped(by: signal), .agreed)
        }
        StandardOutput.secure()
        StopSignals.unblock()  // mpirun and the ranks inherit what is blocked here
        let remains = JobRemains()
        remains.removeOfDeadJobs()
        var (process, streams) = try start()
        defer { for stream in streams { close(stream.descriptor) } }
        let waker = isWoken ? MpirunWaker(process.pid) : nil
        defer { waker?.end() }
        var watch = JobWatch(
            account: FailureAccount(token: token),
            relay: StopRelay(
                ranks: ranks, stops: stops, isSpread: isSpread, here: ProcessInfo.processInfo.hostName,
                at: JobWatch.milliseconds),
            remains: remains, waker: waker)
        let isThrough = watch.read(&streams, of: &process)
        // An ssh to a host that is gone can outlive mpirun, and hold what we read from open.
        let status = process.wait(options: isThrough ? 0 : WNOHANG)
        if status == nil {
            Console.standardError.write("lockstep: mpirun does not come to its end; it is stopped\n")
            process.send(SIGKILL)
            _ = process.wait(options: 0)
        }
        // Ranks can outlive their mpirun; what they leave is nobody's only then.
        if status?.code != 0 { RankProcesses.awaitEnd(token: token) }
        remains.remove(family: watch.family ?? remains.family(ofMpirun: process.pid), ofMpirun: process.pid)
        let code: Int32 = watch.isHung ? 128 + SIGKILL : 1
        return RankJob.conclude(status ?? JobProcess.Status(code: code), watch, ranks: ranks, stops: stops)
    }

    /// Starts mpirun with pipes for what is read here.
    private func start() throws(LaunchError) -> (JobProcess, [JobStream]) {
        var streams: [JobStream] = []
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
        do {
            return (try JobProcess(words, actions: &actions, isWoken: isWoken), streams)
        } catch {
            for stream in streams { close(stream.descriptor) }
            throw refusal(of: words[0], error.number)
        }
    }

    /// What an mpirun's end, what was read and who asked for an end come to.
    static func conclude(
        _ status: JobProcess.Status, _ watch: JobWatch, ranks: Int, stops: Bool
    ) -> (outcome: Outcome, end: JobEnd) {
        let (account, relay) = (watch.account, watch.relay)
        var outcome = account.outcome(mpirunCode: status.code)
        let isByStopSignal = StopSignals.numbers.contains(outcome.code - 128)
        switch relay.state {
        case .ending(let signal) where outcome.code != 0 && outcome.code != World.stopRequestedCode:
            let hasInsisted = relay.hasAsked ? "asked twice, the ranks were" : "the ranks were"
            let outcome = Outcome(
                code: 128 + signal, sentence: "\(StopSignals.name(of: signal)): \(hasInsisted) ended at once")
            return (outcome, .agreed)
        case .held(let signal, _) where isByStopSignal,
            .asked(let signal, _) where isByStopSignal && !relay.hasAsked:
            return (RankJob.stopped(by: signal), .agreed)
        default: break
        }
        // A signal that went straight to mpirun before it could pass it on, or to a rank that was only beginning.
        let hasNotBegun = relay.watcherCount == 0 && status.signal != nil || stops && relay.watcherCount < ranks
        if isByStopSignal, hasNotBegun { return (RankJob.stopped(by: outcome.code - 128), .agreed) }
        if let signal = status.signal, account.records.isEmpty, status.code == outcome.code {
            outcome.sentence = "mpirun was killed by signal \(signal)"
        }
        if outcome.code == 0, StandardOutput.failure != nil {
            outcome = Outcome(code: 74, sentence: "", wasExplained: true)
        }
        return (outcome, account.end(outcome))
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
}
