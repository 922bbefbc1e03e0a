// SPDX-License-Identifier: Apache-2.0
// What is told once on standard error instead of training on in silence.

import Foundation
import LockstepData
import LockstepLearner
import LockstepNN
import LockstepOptim
import LockstepTensor
import LockstepTesting
import Testing

/// Expects that a process said each of the sentences, once.
private func expectOnce(_ result: ExitTest.Result?, _ sentences: String...) throws {
    let text = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
    for sentence in sentences {
        #expect(text.components(separatedBy: sentence).count == 2, "“\(sentence)” in: \(text)")
    }
}

@Suite("Warnings")
struct WarningFactsTests {
    @Test("[LOOP-05] [§2.4] an empty training loader, and no validation loader, are reported once")
    func loaders() async throws {
        let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
            let learner = goldenLearner(trainRows: 0)
            learner.dls.valid = nil
            try learner.fit(2)
            try learner.fit(1)
        }
        try expectOnce(result, "the training loader is empty", "there is no validation loader")
    }

    @Test("[LOOP-05] a training set that gives no batch because short ones are dropped says so")
    func dropped() async throws {
        let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
            let learner = goldenLearner()
            learner.dls = DataLoaders([lineDataset(3), lineDataset(3)], batchSize: 4)
            try learner.fit(2)
        }
        try expectOnce(result, "the training set of 3 items gives no batch of 4")
    }

    @Test("[LRN-05] training batches without targets are reported once")
    func unlabelled() async throws {
        let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
            let learner = goldenLearner()
            let batch = Batch(inputs: [Tensor([[1], [2]])])
            learner.dls = DataLoaders(BatchList([batch, batch]))
            learner.dls.valid = BatchList([batch])
            try learner.fit(2)
        }
        try expectOnce(result, "training batches have no targets")
    }

    @Test("[TL-02] a model that is frozen altogether is a warning before it is an error")
    func frozen() async throws {
        let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
            let learner = groupedLearner(2)
            try learner.freeze(to: 2)
            do { try learner.fit(1) } catch is NothingToTrainError { return }
            throw CancelSignal.fit
        }
        try expectOnce(result, "freeze(to: 2): the whole model is frozen")
    }

    @Test("[SAVE-03] an optimizer state that was asked for and is not there, or does not fit, is reported")
    func optimizerState() async throws {
        let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
            let source = synthLearner(optimizer: .adam())
            try source.fit(1)
            let bare = try source.checkpoint(withOptimizer: false)
            for withOptimizer in [nil, true, false] as [Bool?] {
                try synthLearner(optimizer: .adam()).load(checkpoint: bare, from: "bare", withOptimizer: withOptimizer)
            }
        }
        try expectOnce(result, "bare holds no optimizer state")
        let other = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
            let (two, one) = (groupedLearner(2), groupedLearner(2))
            try two.createOptimizer()
            one.splitter = .trainableParameters
            try one.load(checkpoint: two.checkpoint(), withOptimizer: true)
            try one.load(checkpoint: two.checkpoint())
        }
        try expectOnce(other, "could not load the optimizer state: optimizer state has 2 parameter groups")
    }

    @Test("[TRK-04] a column that never improves, and a schedule that overrides a plateau, are reported")
    func trackers() async throws {
        let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
            let quiet = Console { _ in }
            let learner = goldenLearner(metrics: [ValueMetric("score") { .nan }])
            try learner.fit(1, callbacks: [SaveModelCallback(monitor: "score", console: quiet)])
            try learner.fitOneCycle(1, callbacks: [ReduceLROnPlateau(console: quiet)])
        }
        try expectOnce(result, "score never improved", "ReduceLROnPlateau has no effect")
    }
}
