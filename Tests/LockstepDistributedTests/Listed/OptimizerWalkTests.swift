// SPDX-License-Identifier: Apache-2.0
// Every listed optimizer, and rules of one's own, on ranks: owners' updates, bits that do not depend on ranks, interruptions.

import Foundation
import LockstepChecks
import LockstepComm
import LockstepData
import LockstepDistributed
import LockstepLearner
import LockstepNN
import LockstepOptim
import LockstepTensor
import LockstepTesting
import Testing

/// An optimizer, of the list or of one's own.
struct WalkedOptimizer: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let factory: OptimizerFactory

    static let all =
        Listed.optimizers.map { WalkedOptimizer(testDescription: $0.name, factory: $0.factory) } + [
            WalkedOptimizer(testDescription: "Lion", factory: OptimizerFactory(Lion())),
            WalkedOptimizer(testDescription: "NAdam", factory: OptimizerFactory(NAdam())),
        ]
}

@Suite("Every optimizer on ranks") struct OptimizerWalkTests {
    /// How a rule may spread rounding: where a gradient is nearly nothing, a sign or a quotient of it is not.
    private static func learner(_ factory: OptimizerFactory, folder: String = ".") -> Learner {
        setSeed(11)
        let model = Sequential {
            Linear(5, 19); Tanh(); Linear(19, 3)
        }
        let data = DataLoader(
            TensorDataset(inputs: [sample([40, 5], seed: 1)], targets: [sampleIntegers([40], seed: 2, in: 0..<3)]),
            batchSize: 8, shuffle: true, seed: 3)
        let learner = Learner(
            dls: DataLoaders(data, data, path: folder), model: model, loss: .crossEntropy, optimizer: factory, lr: 0.01,
            callbacks: [Recorder()], modelDirectory: "", defaultCallbacks: .core)
        learner.logger = SilentLogger()
        return learner
    }

    /// Everything that a step has changed.
    private static func state(_ learner: Learner) -> [Double] {
        let optimizer = learner.optimizer?.stateDictionary.entries ?? []
        return learner.model.namedParameters().flatMap { $0.parameter.value.doubles }
            + optimizer.flatMap { entry in [Double(entry.steps)] + entry.tensors.flatMap { $0.tensor.doubles } }
    }

    @Test(
        "owners update as all would, and only what needs norms is not divided", arguments: WalkedOptimizer.all,
        [1, 2, 3])
    func owners(_ optimizer: WalkedOptimizer, ranks: Int) throws {
        let results = try InProcessWorld(ranks).run { c in
            try [UpdatePolicy.replicated, .owner].map { policy in
                let learner = Self.learner(optimizer.factory)
                var divided = false
                try learner.on(.afterBatch) {
                    divided = divided || $0.callback(ofType: DistributedCallback.self)?.dividesUpdates ?? false
                }
                try learner.distributed(over: c, update: policy) { try learner.fit(2) }
                if policy == .owner, let made = learner.optimizer {
                    #expect(divided == (ranks > 1 && made.indivisible == nil))
                    #expect(made.indivisible == nil || made.rule.isPerParameter || made.description.isEmpty == false)
                }
                return Self.state(learner)
            }
        }
        for states in results { #expect(states[0] == states[1] && states == results[0]) }
        #expect(results[0][0].allSatisfy { $0.isFinite })
    }

    @Test("one process, two and four ranks give the same bits", arguments: WalkedOptimizer.all)
    func bitwise(_ optimizer: WalkedOptimizer) throws {
        let all = try [1, 2, 4].map { ranks in
            try InProcessWorld(ranks).run { c in
                let learner = Self.learner(optimizer.factory)
                try learner.distributed(over: c, reduction: .bitwise) { try learner.fit(2) }
                return Self.state(learner)
            }
        }
        for states in all { for state in states { #expect(state == all[0][0]) } }
    }

    @Test("a run that is interrupted goes on to the same bits", arguments: WalkedOptimizer.all, [1, 2, 3])
    func resumed(_ optimizer: WalkedOptimizer, ranks: Int) throws {
        _ = try withTemporaryFolder { folder in
            try InProcessWorld(ranks).run { c in
                func run(_ learner: Learner, _ callbacks: [Callback] = []) throws {
                    try learner.distributed(over: c) { try learner.fit(3, callbacks: callbacks) }
                }
                let whole = Self.learner(optimizer.factory)
                try run(whole)
                let first = Self.learner(optimizer.factory, folder: folder.path)
                try first.on(.afterBatch, order: 100) { learner in
                    guard learner.training, learner.epoch == 1, learner.iter == 1 else { return }
                    throw CancelSignal.fit
                }
                try first.distributed(over: c) {
                    try first.on(.afterCancelFit, order: 100) { learner in
                        _ = try learner.saveResumePoint(learner.place)
                    }
                    try first.fit(3)
                }
                let second = Self.learner(optimizer.factory, folder: folder.path)
                try second.distributed(over: c) {
                    let point = try second.loadResumePoint()
                    #expect(point.epoch == 1 && point.batches > 0)
                    try second.fit(3, callbacks: [ResumeCallback(point)], startEpoch: point.epoch)
                }
                #expect(Self.state(second) == Self.state(whole), "\(optimizer.testDescription) on rank \(c.rank)")
            }
        }
    }
}
