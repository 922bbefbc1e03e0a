// SPDX-License-Identifier: Apache-2.0
// A loss that is no finite number is said once, with its place.

import Foundation
import LockstepLearner
import LockstepOptim
import LockstepTensor
import LockstepTesting
import Testing

@Suite("Losses that are no numbers")
struct NonFiniteLossTests {
    /// A learner whose training loss of step `step` is `value`, and its validation loss from batch `batch` on.
    private func learner(
        step: Int? = nil, value: Double = .nan, batch: Int? = nil, _ callbacks: [Callback] = []
    ) throws -> Learner {
        let learner = goldenLearner(callbacks: callbacks)
        try learner.on(.afterPred) { learner in
            if learner.training, learner.trainIter == step { learner.pred = learner.pred.map { $0 * value } }
            if !learner.training, let batch, learner.iter >= batch { learner.pred = learner.pred.map { $0 * value } }
        }
        return learner
    }

    @Test("the first one is kept with epoch and batch, and a new fit forgets it")
    func place() throws {
        let learner = try learner(step: 3)
        try learner.fit(3)
        let found = try #require(learner.nonFiniteLoss)
        #expect((found.epoch, found.batch, found.isTraining) == (1, 1, true) && found.value.isNaN && found.rank == nil)
        #expect("\(found)" == "the loss is not a number in epoch 1, training batch 1")
        let good = goldenLearner()
        try good.fit(2)
        #expect(good.nonFiniteLoss == nil)
    }

    @Test("an infinite loss is one, too")
    func infinite() throws {
        let learner = try learner(step: 0, value: .infinity)
        try learner.fit(1)
        #expect(learner.nonFiniteLoss?.value == .infinity)
        #expect(learner.nonFiniteLoss.map { "\($0)" } == "the loss is infinite in epoch 0, training batch 0")
    }

    @Test("so is one of the validation")
    func validation() throws {
        let learner = try learner(batch: 1)
        try learner.fit(1)
        let found = try #require(learner.nonFiniteLoss)
        #expect((found.epoch, found.batch, found.isTraining) == (0, 1, false))
        // Inference outside of a fit tells its caller.
        let other = try self.learner(batch: 0)
        #expect(try other.validate().first??.isNaN == true && other.nonFiniteLoss == nil)
    }

    @Test(
        "it is said once; TerminateOnNaNCallback says that it ends the fit", arguments: [false, true], [false, true])
    func said(terminates: Bool, inValidation: Bool) async throws {
        // What is said is kept among what was warned of.
        let learner = try learner(
            step: inValidation ? nil : 1, batch: inValidation ? 1 : nil,
            terminates ? [TerminateOnNaNCallback()] : [])
        try learner.fit(3)
        let place = inValidation ? "epoch 0, validation batch 1" : "epoch 0, training batch 1"
        let end =
            terminates
            ? ": TerminateOnNaNCallback ends the fit"
            : "; training goes on (TerminateOnNaNCallback would end it)"
        #expect(learner.warned == ["the loss is not a number in \(place)\(end)"])
        #expect(learner.recorder?.rows.count == (terminates ? 0 : 3))
    }

    @Test("the learning rate finder, whose loss explodes, says nothing")
    func finder() throws {
        let learner = goldenLearner()
        _ = try learner.lrFind(startLR: 1, endLR: 1e30, iterations: 100, stopOnDivergence: false)
        #expect(learner.warned.allSatisfy { !$0.contains("the loss is") } && learner.nonFiniteLoss == nil)
    }
}
