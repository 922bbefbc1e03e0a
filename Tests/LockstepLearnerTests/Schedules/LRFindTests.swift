// SPDX-License-Identifier: Apache-2.0
// The learning rate finder: its curve, its suggestions, and that it leaves no trace.

import Foundation
import LockstepData
import LockstepLearner
import LockstepNN
import LockstepOptim
import LockstepTensor
import LockstepTesting
import Testing

@Suite("Learning rate finder")
struct LRFindTests {
    /// The curve of §9.7: 100 rates from 1e-7, a fall around 1e-3, an explosion near 1.
    private func curve() -> (lrs: [Double], losses: [Double]) {
        let lrs = (0..<100).map { 1e-7 * pow(1e8, Double($0) / 100) }
        let losses = lrs.map { lr in
            let x = log10(lr)
            return 2 - 1.5 / (1 + exp(-2 * (x + 3))) + exp(3 * (x + 0.2))
        }
        return (lrs, losses)
    }

    @Test("[SCH-06] the rules on the whole curve of §9.7")
    func rules() throws {
        let (lrs, losses) = curve()
        let found = [LRSuggestion.valley, .slide, .minimum, .steep].map { $0(lrs, losses)?.lr ?? .nan }
        expectClose(found, [6.30957e-5, 3.311311e-4, 4.786301e-3, 8.317638e-4], relative: 1e-5)
        let lowest = try #require(LRSuggestion.minimum(lrs, losses))
        expectClose(lowest.mark.lr, 4.786301e-2, relative: 1e-5)
    }

    @Test("a curve ends where a loss is not finite")
    func notFinite() {
        let (lrs, losses) = curve()
        for rule in [LRSuggestion.valley, .slide, .minimum, .steep] {
            for end in [60, 90] {
                var cut = losses
                cut[end] = end == 60 ? .nan : .infinity
                #expect(rule(lrs, cut) == rule(Array(lrs[..<end]), Array(losses[..<end])))
            }
        }
    }

    @Test("[SCH-06] the rules on the trimmed curve, as the finder asks them")
    func trimmed() {
        let (lrs, losses) = curve()
        let rules: [LRSuggestion] = [.valley, .slide, .minimum, .steep]
        let found = LRFindResult(lrs: lrs, losses: losses, iterations: 100, rules: rules)
        expectClose(
            [found.valley, found.slide, found.minimum, found.steep].map { $0 ?? .nan },
            [1.318257e-4, 3.311311e-4, 4.786301e-3, 8.317638e-4], relative: 1e-5)
        let cut = LRFindResult(
            lrs: lrs, losses: losses.prefix(60) + Array(repeating: .nan, count: 40), iterations: 100, rules: rules)
        #expect((cut.minimum ?? 1) <= lrs[59] / 10)
    }

    @Test("[SCH-06] the valley of short curves")
    func valley() {
        let lrs = (1...9).map(Double.init)
        #expect(LRSuggestion.valley(lrs, [9, 8, 7, 6, 5, 4, 3, 4, 5])?.lr == 3)
        #expect(LRSuggestion.valley(lrs, lrs)?.lr == 1)
        #expect(LRSuggestion.valley([1, 2, 3], [2, 1, 3])?.lr == 1, "clamped, where the reference wraps around")
        for rule in [LRSuggestion.valley, .slide, .minimum, .steep] { #expect(rule([], []) == nil) }
        #expect(LRSuggestion.slide(lrs, lrs) == nil)
    }

    /// Shuffled data, dropout, batch norm and Adam: everything that has a state.
    private func learner(path: String = ".") -> Learner {
        setSeed(5)
        let learner = Learner(
            dls: synthLoaders(batchSize: 8, nTrain: 7, path: path),
            model: Sequential {
                Linear(1, 8); BatchNorm1d(8); ReLU(); Dropout(0.3); Linear(8, 1)
            }, loss: .mse, optimizer: .adam(), callbacks: [Recorder()], defaultCallbacks: .core)
        learner.logger = SilentLogger()
        return learner
    }
    private func state(_ learner: Learner) -> [[Double]] {
        let optimizer = learner.optimizer?.stateDictionary
        return learner.model.stateDictionary().map { $0.tensor.doubles }
            + (optimizer?.entries ?? []).flatMap { [[Double($0.steps)]] + $0.tensors.map { $0.tensor.doubles } }
            + (optimizer?.hypers ?? []).map { $0.map(\.value) }
    }

    @Test("[SCH-07] rates rise geometrically and never reach the end")
    func rates() throws {
        let found = try learner().lrFind(iterations: 100, stopOnDivergence: false)
        #expect(found.lrs.count == 100)
        expectClose(
            found.lrs, (0..<100).map { 1e-7 * pow(1e8, Double($0) / 100) }, relative: 1e-9)
        expectClose(found.lrs[98], 6.918, relative: 1e-3)
        #expect(try learner().lrFind(iterations: 1, stopOnDivergence: false).lrs.count == 6)
    }

    @Test("[SCH-07] each group has its own rates; the last one's are reported")
    func groups() throws {
        let tape = HyperTape()
        let learner = groupedLearner(2, [tape])
        let found = try learner.lrFind(
            startLR: .perGroup([1e-8, 1e-6]), endLR: .perGroup([1e-4, 1e-2]), iterations: 8, stopOnDivergence: false)
        expectClose(tape.lrs[4], [1e-6, 1e-4], relative: 1e-9)
        expectClose(found.lrs[4], 1e-4, relative: 1e-9)
    }

    @Test("[SCH-07] an exploding loss ends it")
    func divergence() throws {
        let learner = goldenLearner(lr: 1e-3, batchSize: 2)
        let found = try learner.lrFind(startLR: 1, endLR: 1e5, iterations: 100)
        #expect(found.losses.count < 30)
        #expect(try learner.validate().first == goldenLearner(batchSize: 2).validate().first)
    }

    @Test("[SCH-20] weights, buffers, optimizer, counters and history are the same to the bit afterwards")
    func noTrace() throws {
        let learner = learner()
        try learner.fit(1, lr: 3e-3)
        let before = state(learner)
        let (losses, rows) = (learner.recorder?.losses, learner.recorder?.rows)
        let callbacks = learner.callbacks.map(ObjectIdentifier.init)
        _ = try learner.lrFind(iterations: 20)
        #expect(state(learner) == before)
        #expect(learner.recorder?.losses == losses && learner.recorder?.rows == rows)
        #expect(learner.callbacks.map(ObjectIdentifier.init) == callbacks)
        #expect(learner.epochsSeen == 1)
        #expect(!learner.training && !learner.model.modules().contains { $0.isTraining })
    }

    @Test("[SCH-20] training after it equals training without it")
    func sameTraining() throws {
        let (with, without) = (learner(), learner())
        _ = try with.lrFind(iterations: 20)
        try with.fitOneCycle(2, lrMax: 1e-2)
        try without.fitOneCycle(2, lrMax: 1e-2)
        #expect(state(with) == state(without))
        #expect(with.recorder?.losses == without.recorder?.losses)
    }

    @Test("[SCH-20] an error on the way is put right too", arguments: [Event.beforeBatch, .afterLoss, .afterStep])
    func afterError(_ event: Event) throws {
        struct Broken: Error {}
        let learner = learner()
        try learner.fit(1)
        let before = state(learner)
        #expect(throws: CallbackError.self) {
            _ = try learner.lrFind(callbacks: [Throwing(Broken(), at: event, when: { $0.trainIter == 9 })])
        }
        #expect(state(learner) == before)
        #expect(learner.recorder != nil && !learner.isFitting)
        try learner.fit(1)
    }

    @Test("[SCH-21] nothing is written: it works where writing is impossible")
    func readOnly() throws {
        let learner = learner(path: "/proc/nowhere")
        #expect(try learner.lrFind(iterations: 30).lrs.count > 6)
    }

    @Test("an empty training loader is an error")
    func empty() {
        let learner = goldenLearner(trainRows: 0)
        #expect(throws: LearnerError.self) { try learner.lrFind() }
    }
}
