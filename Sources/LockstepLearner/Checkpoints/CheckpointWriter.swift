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
        /// The step of the last checkpoint that is there, while nobody has asked.
        var saved: Int?
        /// Seconds that the longest write took.
        var longest = 0.0
    }
    private let state = Mutex(State())
    private let idle = DispatchSemaphore(value: 1)

    /// Whether a checkpoint is being written.
    var isBusy: Bool { state.withLock(\.isBusy) }

    /// Seconds that the longest write took; 0 before there was one.
    var longestWrite: Double { state.withLock(\.longest) }

    /// Whether a write has failed that nobody has been told of.
    var hasFailed: Bool { state.withLock { $0.failure != nil } }

    /// Why a write has failed, once.
    func takeFailure() -> DataError? { state.withLock { $0.failure.take() } }

    /// What has come of writes since this was last asked.
    func takeNews() -> (saved: Int?, failure: DataError?) {
        state.withLock { ($0.saved.take(), $0.failure.take()) }
    }

    /// What is written once, and then gone: a thread keeps what it was begun with until after its end.
    private final class Job: Sendable {
        private let work: Mutex<(@Sendable () throws(DataError) -> Void)?>
        init(_ work: @escaping @Sendable () throws(DataError) -> Void) { self.work = Mutex(work) }

        func run() -> DataError? {
            let work = work.withLock { $0.take() }
            do throws(DataError) { try work?() } catch { return error }
            return nil
        }
    }

    /// Begins `work`, which writes the checkpoint of a step, beside training. Waits for what is being written before.
    func begin(step: Int, _ work: @escaping @Sendable () throws(DataError) -> Void) {
        idle.wait()
        state.withLock { $0.isBusy = true }
        let job = Job(work)
        BackgroundThread.begin { [self] in
            let start = ContinuousClock.now
            let failure = job.run()
            let seconds = (ContinuousClock.now - start) / .seconds(1)
            state.withLock {
                ($0.isBusy, $0.failure, $0.longest) = (false, $0.failure ?? failure, max($0.longest, seconds))
                if failure == nil { $0.saved = step }
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
