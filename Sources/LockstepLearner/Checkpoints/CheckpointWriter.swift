// SPDX-License-Identifier: Apache-2.0
// Writes one checkpoint at a time beside training.

import Foundation
import LockstepData
import LockstepTensor
import Synchronization

/// The thread that writes, and what came of it.
final class CheckpointWriter: Sendable {
    private struct State {
        var isBusy = false
        var failure: DataError?
        /// Seconds that the longest write took.
        var longest = 0.0
    }
    private let state = Mutex(State())
    private let idle = DispatchSemaphore(value: 1)

    /// Whether a checkpoint is being written.
    var isBusy: Bool { state.withLock(\.isBusy) }

    /// Seconds that the longest write took; 0 before there was one.
    var longestWrite: Double { state.withLock(\.longest) }

    /// Why the last write failed, once.
    func takeFailure() -> DataError? { state.withLock { $0.failure.take() } }

    /// Begins `work` beside training. Waits for what is being written before.
    func begin(_ work: @escaping @Sendable () throws(DataError) -> Void) {
        idle.wait()
        state.withLock { $0.isBusy = true }
        BackgroundThread.begin { [self] in
            let start = ContinuousClock.now
            var failure: DataError?
            do throws(DataError) { try work() } catch { failure = error }
            let seconds = (ContinuousClock.now - start) / .seconds(1)
            state.withLock {
                ($0.isBusy, $0.failure, $0.longest) = (false, failure, max($0.longest, seconds))
            }
            idle.signal()
        }
    }

    /// Waits for what is being written.
    func wait() {
        idle.wait()
        idle.signal()
    }
}
