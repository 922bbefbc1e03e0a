// SPDX-License-Identifier: Apache-2.0
// How long ranks wait for each other: how to wait, when to warn, when to give up.

/// The limits of waiting. Read once from the environment, overridable per world for tests.
public struct Timeouts: Sendable, Hashable {
    /// Seconds after which a wait is reported, naming who is late. `LOCKSTEP_STALL_TIMEOUT`, 30.
    public var stall: Double
    /// Seconds after which a wait ends with an error. `LOCKSTEP_ABORT_TIMEOUT`, 300.
    public var abort: Double
    /// Nanoseconds of spinning before the core is yielded.
    var spin: Int64 = 2_000
    /// Nanoseconds of spinning and yielding before the rank sleeps.
    var yield: Int64 = 200_000
    /// Nanoseconds of one sleep: how often peers are looked at.
    var sleep: Int64 = 100_000_000

    /// Waits that are reported after `stall` and given up after `abort` seconds.
    public init(stall: Double = 30, abort: Double = 300) {
        self.stall = stall
        self.abort = abort
    }

    /// The limits of this process.
    public static let environment: Timeouts = {
        func seconds(_ variable: EnvironmentVariable, _ fallback: Double) -> Double {
            guard let value = variable.value().flatMap({ Double($0) }), value > 0 else { return fallback }
            return min(value, 1e9)
        }
        return Timeouts(stall: seconds(.stallTimeout, 30), abort: seconds(.abortTimeout, 300))
    }()
}
