// SPDX-License-Identifier: Apache-2.0
// A warm training loop asks the system for no memory.

import Lockstep
@testable import LockstepBench
import Testing

@Suite("Steady memory") struct SteadyMemoryTests {
    // In a process of its own: the allocator counts for all threads, and other tests allocate.
    @Test("after 20 steps of mlp, 100 more take no tensor storage from the system")
    func mlp() async {
        await #expect(processExitsWith: .success) {
            let model = BenchmarkCase.mlp.makeModel()
            let batch = BenchmarkCase.mlp.makeBatch(64, seed: 1)
            let data = BatchList(Array(repeating: batch, count: 120))
            let learner = Learner(
                dls: DataLoaders(data), model: model, loss: .crossEntropy, callbacks: [Recorder()],
                defaultCallbacks: .core)
            var before = 0
            var after = 0
            try learner.on(.afterBatch) { learner in
                if learner.iter == 19 { before = Memory.report.systemRequests }
                if learner.iter == 119 { after = Memory.report.systemRequests }
            }
            try learner.withoutLogging { try learner.fit(1, lr: 1e-3) }
            #expect(before > 0 && after == before, "\(after - before) requests in 100 warm steps")
        }
    }
}
