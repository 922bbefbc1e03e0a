// SPDX-License-Identifier: Apache-2.0
// Making the optimizer.

import LockstepLearner
import LockstepNN
import LockstepOptim
import LockstepTensor
import LockstepTesting
import Testing

@Suite("createOptimizer")
struct OptimizerTests {
    private func normalised(wdBnBias: Bool = false, trainBn: Bool = true, wd: HyperValue? = nil) -> Learner {
        Learner(
            dls: synthLoaders(),
            model: Sequential {
                Linear(1, 4); BatchNorm1d(4); Linear(4, 1)
            }, loss: .mse,
            optimizer: .sgd(), lr: 0.1, wd: wd, wdBnBias: wdBnBias, trainBn: trainBn, defaultCallbacks: .core)
    }

    @Test("[LRN-01] [S04] none at first, then one with the learner's rate")
    func creation() throws {
        let learner = synthLearner(nTrain: 5, callbacks: [VerboseCallback()])
        #expect(learner.optimizer == nil)
        try learner.createOptimizer()
        #expect(learner.optimizer?.hypers[0]["lr"] == 1e-3)
    }

    @Test("[LRN-02] a factory's own rate becomes the learner's")
    func factoryRate() throws {
        let learner = synthLearner(optimizer: .sgd(lr: 0.5))
        try learner.createOptimizer()
        #expect(learner.lr == 0.5)
        #expect(learner.optimizer?.hypers[0]["lr"] == 0.5)
    }

    @Test("[LRN-03] flags of normalisation layers and biases")
    func flags() throws {
        func flags(_ learner: Learner) throws -> [[Bool]] {
            try learner.createOptimizer().flags.map { [$0.doWD, $0.forceTrain] }
        }
        let plain = [true, false]
        let bias = [false, false]
        let norm = [false, true]
        #expect(try flags(normalised()) == [plain, bias, norm, norm, plain, bias])
        #expect(try flags(normalised(wdBnBias: true, trainBn: false)) == Array(repeating: plain, count: 6))
        #expect(try flags(synthLearner()) == [plain, plain])  // the regression's b is not called bias
    }

    @Test("[LRN-04] decay shrinks weights and spares biases and normalisation")
    func decay() throws {
        let learner = normalised()
        let optimizer = try learner.createOptimizer()
        try optimizer.setHyper("wd", 1)
        let before = learner.model.parameters().map { $0.value.floats }
        for parameter in learner.model.parameters() { parameter.gradient = .zeros(parameter.value.shape) }
        optimizer.step()
        for (index, parameter) in learner.model.parameters().enumerated() {
            let factor: Float = index == 0 || index == 4 ? 0.9 : 1
            expectClose(parameter.value.floats, before[index].map { $0 * factor }, "parameter \(index)", relative: 1e-6)
        }
    }

    @Test("frozen groups stay frozen when the optimizer is made anew")
    func frozenAcrossReset() throws {
        let learner = Learner(
            dls: synthLoaders(),
            model: Sequential {
                Linear(1, 4); Linear(4, 1)
            }, loss: .mse,
            splitter: .parts { (model: Sequential) in model.children() }, defaultCallbacks: .core)
        try learner.createOptimizer().freeze(to: 1)
        let frozen = learner.model.parameters().prefix(2).map { $0.value.floats }
        try learner.fit(1, resetOptimizer: true)
        #expect(learner.optimizer?.frozenIndex == 1)
        #expect(learner.model.parameters().prefix(2).map { $0.value.floats } == frozen)
        learner.optimizer?.unfreeze()
        try learner.fit(1)
        #expect(learner.model.parameters().prefix(2).map { $0.value.floats } != frozen)
    }

    @Test("a rate for each group that does not fit the groups is an error that names both counts")
    func wrongGroupCount() throws {
        let learner = synthLearner(lr: .perGroup([0.1, 0.2]))
        let error = #expect(throws: OptimizerError.self) { try learner.fit(1) }
        #expect(error?.message.contains("2 values for 1 parameter groups") == true)
    }
}
