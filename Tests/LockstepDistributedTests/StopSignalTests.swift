// SPDX-License-Identifier: Apache-2.0
// Real signals, each test in a process of its own: a signal that arrives late would meet another test.

import Foundation
import LockstepComm
import LockstepDistributed
import LockstepLearner
import LockstepNN
import LockstepOptim
import LockstepTensor
import LockstepTesting
import Testing

/// Sends this process a signal and waits until it has been noticed: test threads block signals, the main thread takes them.
private func send(_ signal: Int32) {
    kill(getpid(), signal)
    for _ in 0..<1000 where StopSignals.received == nil { usleep(1000) }
}

@Suite("Stop signals", .serialized) struct StopSignalTests {
    @Test("a watched signal leaves a note and nothing else; names are C's")
    func note() async {
        await #expect(processExitsWith: .success) {
            StopSignals.watch()
            StopSignals.watch()
            StopSignals.unwatch()  // nested: still watched
            #expect(StopSignals.received == nil)
            send(SIGUSR2)
            kill(getpid(), SIGUSR2)  // the same request told twice
            usleep(100_000)
            #expect(StopSignals.received == SIGUSR2)
            #expect(StopSignals.name(of: SIGUSR2) == "SIGUSR2")
            StopSignals.clear()
            #expect(StopSignals.received == nil)
        }
    }

    @Test("a second signal, a second later, ends the process as if nobody watched")
    func second() async {
        await #expect(processExitsWith: .signal(SIGTERM)) {
            StopSignals.watch()
            kill(getpid(), SIGTERM)
            usleep(1_100_000)
            kill(getpid(), SIGTERM)
            usleep(1_000_000)
        }
    }

    @Test("after the last unwatch a signal does what it did before")
    func unwatched() async {
        await #expect(processExitsWith: .signal(SIGUSR1)) {
            StopSignals.watch()
            StopSignals.unwatch()
            kill(getpid(), SIGUSR1)
            usleep(1_000_000)
        }
    }

    @Test("a signal in the middle of a fit stops it, and the run resumes to the bits of an uninterrupted one")
    func resumes() async {
        await #expect(processExitsWith: .success) { try StopSignalTests.interruptedRun() }
    }

    static func interruptedRun() throws {
        try withTemporaryFolder { folder in
            func make(_ callbacks: [Callback] = []) -> Learner {
                let learner = synthLearner(nTrain: 5, callbacks: [Recorder()] + callbacks, path: folder.path)
                learner.logger = SilentLogger()
                return learner
            }
            let whole = make()
            try whole.fitOneCycle(3, lrMax: 0.05)
            let preemption = PreemptionCallback(everyEpochs: 1, console: Console { _ in })
            let first = make([preemption])
            try first.on(.afterPred) { learner in
                if learner.training, learner.epoch == 1, learner.iter == 3 { send(SIGUSR1) }
            }
            try first.fitOneCycle(3, lrMax: 0.05)
            StopSignals.clear()
            #expect(preemption.signal == SIGUSR1)
            #expect(first.trainIter == 9)
            let second = make()
            let point = try second.loadResumePoint()
            #expect(point.epoch == 1 && point.batches == 4)
            try second.fitOneCycle(3, lrMax: 0.05, callbacks: [ResumeCallback(point)], startEpoch: point.epoch)
            let weights = [whole, second].map { $0.model.parameters().map { $0.value.floats } }
            #expect(weights[0] == weights[1])
            #expect(whole.recorder?.rows.last == second.recorder?.rows.last)
            // What was written after an epoch resumes at the next.
            #expect(throws: CheckpointError.self) {
                try second.save("plain")
                _ = try second.loadResumePoint("plain")
            }
        }
    }

    @Test("a checkpoint after every epoch names the next one")
    func everyEpoch() throws {
        try withTemporaryFolder { folder in
            let learner = synthLearner(
                nTrain: 2, callbacks: [PreemptionCallback(saving: "each", everyEpochs: 2)], path: folder.path)
            learner.logger = SilentLogger()
            try learner.fit(3)
            #expect(try learner.loadResumePoint("each") == ResumePoint(epoch: 2))
        }
    }
}
