// SPDX-License-Identifier: Apache-2.0
// What the launcher does while a job runs: shows what ranks write, learns from it, and passes on requests to stop.

import Foundation
import LockstepComm
import LockstepData
import LockstepLearner

/// Watches one running job.
struct JobWatch {
    private(set) var account: FailureAccount
    private(set) var relay: StopRelay
    let remains: JobRemains
    /// What the names of the job's shared memory have in common.
    private(set) var family: UInt32?
    /// Since when mpirun takes no note of a rank's end: 4.1 can hang so when one is killed in its first milliseconds.
    private var zombiesSince: Int64?
    private var nextCensus: Int64 = 0
    /// Who wakes mpirun; nil where it sleeps as by itself.
    private let waker: MpirunWaker?

    init(account: FailureAccount, relay: StopRelay, remains: JobRemains, waker: MpirunWaker?) {
        (self.account, self.relay, self.remains, self.waker) = (account, relay, remains, waker)
    }

    /// Milliseconds that mpirun gets to end a job that has failed. It waits for its daemons on all hosts: for a quarter of
    /// an hour, when the network to one of them is down.
    private static let patience: Int64 = 15_000
    /// Milliseconds between two looks at mpirun.
    private static let pause: Int64 = 100

    /// Shows what the job writes until it has come to its end.
    /// - Returns: false when the job has failed and mpirun does not come to its end.
    mutating func read(_ streams: inout [JobStream], of process: inout JobProcess) -> Bool {
        var deadline: Int64?
        defer { show(account.end()) }
        while streams.contains(where: \.isOpen) {
            if isHung { return false }
            var left = Self.pause
            if waker?.isHeld ?? false {
                deadline = nil
            } else if account.isEnding || isEnded {
                let end = deadline ?? Self.milliseconds + Self.patience
                deadline = end
                guard end > Self.milliseconds else { return false }
                left = min(left, end - Self.milliseconds)
            }
            var pending = streams.map { pollfd(fd: $0.isOpen ? $0.descriptor : -1, events: Int16(POLLIN), revents: 0) }
            pending.append(pollfd(fd: SignalInbox.descriptor, events: Int16(POLLIN), revents: 0))
            if poll(&pending, nfds_t(pending.count), Int32(left)) > 0 {
                for index in streams.indices where pending[index].revents != 0 {
                    for line in streams[index].read() { show(account.read(line)) }
                }
            }
            look(at: &process)
        }
        return true
    }

    /// Whether mpirun hangs over a rank that was killed.
    var isHung: Bool { zombiesSince.map { Self.milliseconds - $0 >= Self.patience } ?? false }

    /// Whether mpirun was told to end the job.
    private var isEnded: Bool {
        if case .ending = relay.state { true } else { false }
    }

    /// Takes what signals have come and what ranks have told of themselves, and acts on it.
    private mutating func look(at process: inout JobProcess) {
        let now = Self.milliseconds
        var actions: [StopRelay.Action] = []
        for (host, pid) in account.takeWatching() { actions += relay.hear(host: host, pid: pid, at: now) }
        for number in SignalInbox.take() { actions += relay.hear(number, by: .launcher, at: now) }
        for number in process.takePending() { actions += relay.hear(number, by: .mpirun, at: now) }
        actions += relay.tick(at: now)
        for action in actions {
            switch action {
            case .ask(let pid): kill(pid, SIGUSR1)
            case .pass(let number): process.send(number)
            case .end:
                let ends = waker?.insist() ?? false
                if !ends { process.send(JobProcess.ending) }
            }
        }
        // All of /proc: not with every look, and not beside ranks that train.
        if account.hasTrained {
            zombiesSince = nil
        } else if now >= nextCensus {
            nextCensus = now + 2_000
            zombiesSince = process.leavesZombies ? zombiesSince ?? now : nil
        }
        if family == nil { family = remains.family(ofMpirun: process.pid) }
    }

    private func show(_ lines: [String]) {
        if !lines.isEmpty { Console.standardError.write(lines.map { $0 + "\n" }.joined()) }
    }

    /// Of a clock that never goes back.
    static var milliseconds: Int64 {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        return Int64(now.tv_sec) * 1000 + Int64(now.tv_nsec) / 1_000_000
    }
}
