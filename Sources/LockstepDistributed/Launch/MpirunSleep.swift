// SPDX-License-Identifier: Apache-2.0
// How long mpirun sleeps when a job ends: until nobody is left, or as long as those that are left need.

/// Decides when mpirun is woken, and does nothing itself.
///
/// Open MPI 4's mpirun ends a job in this order: it sleeps, sends SIGTERM to the ranks that are left, sleeps again, and sends
/// SIGKILL. It sleeps on where no rank is left, and meanwhile passes on nothing of what they have written. By itself it
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
    /// - Parameter insists: Whether somebody wants the job to end whatever is lost.
    mutating func look(isAsleep: Bool, insists: Bool = false, left: () -> Left, at now: Int64) -> Call? {
        isHeld = false
        guard isAsleep else {
            begun = nil
            return nil
        }
        let begun = begun ?? now
        if self.begun == nil { (self.begun, waits) = (now, now) }
        switch left() {
        case .nobody: return .through
        case .saving where !insists:
            (isHeld, waits) = (true, now)
            return nil
        case .some, .saving:
            guard now - waits >= Self.grace else { return nil }
            let slept = Int((now - begun) / 1000) % Self.seconds
            (self.begun, waits) = (now, now)
            return .once(seconds: Self.seconds - slept)
        }
    }
}
