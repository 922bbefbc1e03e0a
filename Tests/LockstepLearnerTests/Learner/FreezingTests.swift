// SPDX-License-Identifier: Apache-2.0
// Frozen parameter groups.

import LockstepLearner
import LockstepNN
import LockstepOptim
import LockstepTensor
import LockstepTesting
import Testing

@Suite("Freezing")
struct FreezingTests {
    /// Linear and batch norm | Linear.
    private func learner(trainBn: Bool = true, optimizer: OptimizerFactory = .adam()) -> Learner {
        let learner = Learner(
            dls: synthLoaders(batchSize: 8, nTrain: 3),
            model: Sequential {
                Linear(1, 4); BatchNorm1d(4); Linear(4, 1)
            }, loss: .mse, optimizer: optimizer,
            splitter: ParameterSplitter { model in
                let parts = model.children()
                return [parts[0].parameters() + parts[1].parameters(), parts[2].parameters()]
            }, trainBn: trainBn, defaultCallbacks: .core)
        learner.logger = SilentLogger()
        return learner
    }
    private func flags(_ learner: Learner) -> [Bool] { learner.model.parameters().map(\.isTrainable) }

    @Test("[TL-01] what trains after freezing, and after unfreezing")
    func trainableFlags() throws {
        let (plain, strict) = (learner(), learner(trainBn: false))
        try plain.freeze()
        #expect(flags(plain) == [false, false, true, true, true, true])
        try strict.freeze()
        #expect(flags(strict) == [false, false, false, false, true, true])
        try plain.fit(1)
        #expect(plain.optimizer?.stateDictionary.entries.contains { !$0.tensors.isEmpty } == true)
        try plain.unfreeze()
        #expect(flags(plain).allSatisfy { $0 })
        let state = try #require(plain.optimizer?.stateDictionary)
        #expect(state.entries.allSatisfy { $0.tensors.isEmpty && $0.steps == 0 })
        #expect(state.entries.map(\.flags.forceTrain) == [false, false, true, true, false, false])
    }

    @Test("[TL-02] indices from the back, and beyond the end")
    func indices() throws {
        let learner = groupedLearner(3)
        try learner.freeze(to: -2)
        #expect(learner.optimizer?.frozenIndex == 1)
        try learner.freeze(to: 3)
        let error = #expect(throws: NothingToTrainError.self) { try learner.fit(1) }
        #expect(error?.description.contains("all 3 parameter group(s) are frozen") == true)
        try learner.unfreeze()
        try learner.fit(1)
    }

    @Test("[TL-03] frozen weights are the same to the bit after a fit with decay")
    func decay() throws {
        let learner = learner(optimizer: .sgd(mom: 0.9, wd: 0.5))
        try learner.fit(1)
        let before = learner.model.parameters().map { $0.value.floats }
        try learner.freeze()
        try learner.fit(2)
        let after = learner.model.parameters().map { $0.value.floats }
        #expect(after[0] == before[0] && after[1] == before[1])
        #expect(after[4] != before[4])
    }

    @Test("[TL-04] with one group nothing is frozen")
    func oneGroup() throws {
        let learner = synthLearner()
        try learner.freeze()
        #expect(flags(learner) == [true, true])
    }

    @Test("[TL-05] a new optimizer keeps what is frozen, and unfreezing reaches it")
    func reset() throws {
        let learner = learner()
        try learner.freeze()
        let before = learner.model.parameters()[0].value.floats
        try learner.fit(1, resetOptimizer: true)
        #expect(learner.optimizer?.frozenIndex == 1)
        #expect(learner.model.parameters()[0].value.floats == before)
        try learner.unfreeze()
        try learner.fit(1)
        #expect(learner.model.parameters()[0].value.floats != before)
    }
}
