// SPDX-License-Identifier: Apache-2.0
// How far the clocks of other machines are from rank 0's.

package import LockstepComm

/// A rank's clock minus rank 0's, in nanoseconds.
///
/// In a barrier all ranks have arrived before any leaves, so some moment lies within every rank's stay. From the stays
/// [a₀, a₁] of rank 0 and [b₀, b₁] of another follows b₀ − a₁ ≤ offset ≤ b₁ − a₀; many barriers narrow that down.
package struct ClockOffset: Equatable, Sendable {
    /// The middle of what is possible.
    package var nanoseconds: Int64
    /// How far the truth can be from it.
    package var uncertainty: Int64

    /// This rank's offset. Zero on rank 0's node, where all read one clock. Collective.
    package static func estimate(
        over communicator: any Communicator, rounds: Int = 64, sharesClock: Bool? = nil,
        clock: () -> Int64 = { MonotonicClock.now }
    ) throws -> ClockOffset {
        var stays: [Int64] = []
        for _ in 0..<rounds {
            let arrival = clock()
            try communicator.barrier(name: "clock")
            stays += [arrival, clock()]
        }
        let all = try communicator.allGather(stays, name: "clock")
        if sharesClock ?? (communicator.nodeIndex == 0) { return ClockOffset(nanoseconds: 0, uncertainty: 0) }
        var (low, high) = (Int64.min, Int64.max)
        for round in 0..<rounds {
            low = max(low, stays[2 * round] - all[2 * round + 1])
            high = min(high, stays[2 * round + 1] - all[2 * round])
        }
        return ClockOffset(nanoseconds: low + (high - low) / 2, uncertainty: (high - low) / 2)
    }
}
