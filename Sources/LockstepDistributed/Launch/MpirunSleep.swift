// SPDX-License-Identifier: Apache-2.0
// How long mpirun sleeps when a job ends: until nobody is left, or as long as those that are left need.

import Foundation
import LockstepLearner

/// Decides when mpirun is woken, and does nothing itself.
///
/// Open MPI 4's mpirun ends a job in this order: it sleeps, sends SIGTERM to the ranks that are left, sleeps again, and sends
/// SIGKILL. It sleeps to the end where no rank is left, and meanwhile passes on nothing of what they have written. By itself it
/// sleeps a second each time: too short to save what a lost rank leaves, too long where all have gone. On one machine it is
/// told to sleep for long, and woken.
struct MpirunSleep {
    /// Who is left of its ranks.
    enum Left: Equatable {
        case nobody
        case some
        /// One saves what another has left.
        case saving
    }

    /// How mpirun is woken.
    enum Call: Equatable {
        /// From this sleep and from the next.
        case through
        /// From this sleep alone, which would last so many seconds more at most.
        case once(seconds: Int)
    }

    /// Seconds that it is told to sleep. Who saves has both sleeps for it; waking takes a signal for each second.
    static let seconds = 30
    /// Milliseconds that ranks get to end by themselves, and again after SIGTERM.
    static let grace: Int64 = 1_000

    /// Since when it sleeps.
    private var begun: Int64?
    /// Since when those that are left only have to end.
    private var waits: Int64 = 0
    /// Whether it sleeps because a rank saves.
    private(set) var isHeld = false
    /// Whether it was asleep when it was last looked at.
    var isAsleep: Bool { begun != nil }

    /// Looks at it, at `now` milliseconds of a clock that never goes back.
    mutating func look(isAsleep: Bool, left: () -> Left, at now: Int64) -> Call? {
        isHeld = false
        guard isAsleep else {
            begun = nil
            return nil
        }
        let begun = begun ?? now
        if self.begun == nil { (self.begun, waits) = (now, now) }
        switch left() {
        case .nobody: return .through
        case .saving:
            (isHeld, waits) = (true, now)
            return nil
        case .some:
            guard now - waits >= Self.grace else { return nil }
            let slept = Int((now - begun) / 1000) % Self.seconds
            (self.begun, waits) = (now, now)
            return .once(seconds: Self.seconds - slept)
        }
    }
}

extension JobProcess {
    /// Whether the kernel shows us where a child waits: tried with one.
    static let showsSleep: Bool = {
        guard let child = Guardian(sending: "HUP", isWoken: false) else { return false }
        defer { child.dismiss() }
        for _ in 0..<50 {
            if let place = place(of: child.pid), place != "0" { return true }
            usleep(1_000)
        }
        return false
    }()

    /// Where in the kernel a process's first thread waits; "0" for nowhere, or nothing that we may see.
    private static func place(of pid: pid_t) -> String? {
        try? String(contentsOfFile: "/proc/\(pid)/wchan", encoding: .utf8)
    }

    /// Whether its first thread sleeps for a time: it waits for what comes otherwise.
    var isAsleep: Bool { JobProcess.place(of: pid)?.contains("nanosleep") ?? false }

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
            send(SIGCHLD)
            // Two at once are one.
            for _ in 0..<100 where isWaiting(for: SIGCHLD) { usleep(100) }
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

    private func isWaiting(for number: Int32) -> Bool {
        guard let text = try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8) else { return false }
        return Self.pending(inStatus: text) & (1 << UInt64(number - 1)) != 0
    }
}

extension RankProcesses {
    /// Who is left of the ranks of a job.
    static func left(token: String) -> MpirunSleep.Left {
        let pids = running(token: token)
        if pids.isEmpty { return .nobody }
        let isSaving = pids.contains { pid in
            (try? String(contentsOfFile: "/proc/\(pid)/comm", encoding: .utf8)) == Survivors.processName + "\n"
        }
        return isSaving ? .saving : .some
    }
}
