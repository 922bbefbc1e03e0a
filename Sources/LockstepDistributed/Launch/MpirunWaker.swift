// SPDX-License-Identifier: Apache-2.0
// A thread that looks whether mpirun sleeps, and wakes it: whatever the launcher waits for meanwhile.

import Foundation
import LockstepComm
import LockstepLearner
import Synchronization

/// Wakes an mpirun that was told to sleep for long (``MpirunSleep``).
final class MpirunWaker: Sendable {
    private struct State {
        var sleep = MpirunSleep()
        var insists = false
        var isOver = false
    }
    private let state = Mutex(State())
    private let process: MpirunProcess

    /// Begins to look.
    init(_ pid: pid_t) {
        process = MpirunProcess(pid: pid)
        let thread = Thread { [self] in
            while let pause = look() { usleep(pause) }
        }
        thread.name = "lockstep-waker"
        thread.start()
    }

    /// Whether mpirun sleeps because a rank saves.
    var isHeld: Bool { state.withLock { $0.sleep.isHeld } }

    /// Somebody wants the job to end at once.
    /// - Returns: whether mpirun ends it already: told so once more, Open MPI 4.1.4 crashes.
    func insist() -> Bool {
        state.withLock { state in
            state.insists = true
            return state.sleep.isAsleep
        }
    }

    /// mpirun has ended.
    func end() { state.withLock { $0.isOver = true } }

    /// - Returns: microseconds until it is to be looked at again; nil when it has ended.
    private func look() -> UInt32? {
        let isAsleep = process.isAsleep
        let (call, isOver) = state.withLock { state in
            let call = state.sleep.look(
                isAsleep: isAsleep, insists: state.insists, left: { process.left }, at: JobWatch.milliseconds)
            return (call, state.isOver)
        }
        guard !isOver else { return nil }
        if let call { process.wake(call) }
        return isAsleep ? 20_000 : 100_000
    }
}

/// What the kernel tells of a running mpirun, and how it is woken.
struct MpirunProcess {
    let pid: pid_t

    /// Whether the kernel shows us our children, and that one sleeps: tried with one.
    static let showsSleep: Bool = {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        guard let program = Launcher.path(of: "sleep"),
            let child = try? GuardedProcess([program, "9"], actions: &actions, endedBy: "KILL")
        else { return false }
        defer {
            kill(child.pid, SIGKILL)
            _ = child.wait(options: 0)
        }
        guard RankProcesses.children(of: getpid()).contains(child.pid) else { return false }
        for _ in 0..<100 {
            if MpirunProcess(pid: child.pid).isAsleep { return true }
            usleep(1_000)
        }
        return false
    }()

    /// Whether its first thread sleeps for a time: mpirun waits for what comes otherwise.
    var isAsleep: Bool {
        (try? String(contentsOfFile: "/proc/\(pid)/wchan", encoding: .utf8))?.contains("nanosleep") ?? false
    }

    /// Who is left of those it has started: it waits for nobody else.
    var left: MpirunSleep.Left {
        var open = RankProcesses.children(of: pid).filter(RankProcesses.isAlive)
        if open.isEmpty { return .nobody }
        // A rank may have a shell around it.
        while let next = open.popLast() {
            if RankProcesses.name(of: next) == Survivors.processName { return .saving }
            open += RankProcesses.children(of: next)
        }
        return .some
    }

    /// Wakes it. Of a sleep that is interrupted, sleep(3) returns whole seconds, and mpirun sleeps for those: each time it loses one
    /// and what it had begun. SIGCHLD means no more to it than to look for children that have ended.
    func wake(_ call: MpirunSleep.Call) {
        let most =
            switch call {
            case .through: 2 * MpirunSleep.seconds
            case .once(let seconds): seconds
            }
        for _ in 0..<most {
            guard fallsAsleep else { return }
            let before = sleepCount
            kill(pid, SIGCHLD)
            // A second one before it sleeps again would take nothing.
            for _ in 0..<200 {
                guard sleepCount == before else { break }
                usleep(100)
            }
        }
    }

    /// Whether it sleeps, or does so in a moment.
    private var fallsAsleep: Bool {
        for _ in 0..<200 {
            if isAsleep { return true }
            usleep(100)
        }
        return false
    }

    /// How often its first thread has gone to sleep, for whatever.
    private var sleepCount: Int? {
        guard let text = try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8),
            let line = text.split(separator: "\n").first(where: { $0.hasPrefix("voluntary_ctxt_switches:") })
        else { return nil }
        return line.split(whereSeparator: \.isWhitespace).last.flatMap { Int($0) }
    }
}
