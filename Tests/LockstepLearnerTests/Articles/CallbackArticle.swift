// SPDX-License-Identifier: Apache-2.0
// The code of the article "Write a callback", and what it does.

import LockstepData
import LockstepLearner
import LockstepNN
import LockstepOptim
import LockstepTensor
import LockstepTesting
import Testing

/// Ends the fit when the validation loss is below a limit.
final class StopWhenGood: Callback {
    let limit: Double
    init(below limit: Double) { self.limit = limit }

    // After the recorder, whose order is 50: the row of the epoch is there.
    override var order: Int { 55 }
    override var takesPartInInference: Bool { false }

    override func afterEpoch(_ learner: Learner) throws {
        if let loss = learner.recorder?.rows.last?["valid_loss"], loss < limit { throw CancelSignal.fit }
    }
}

/// Adds the magnitudes of all weights to what is differentiated. Logs show the loss alone.
final class WeightPenalty: Callback {
    let strength: Double
    init(_ strength: Double) { self.strength = strength }

    override func afterLoss(_ learner: Learner) {
        guard learner.training, let loss = learner.lossGrad else { return }
        let magnitudes = learner.model.parameters().map { $0.wrappedValue.abs().sum() }
        learner.lossGrad = magnitudes.reduce(loss) { $0 + $1 * strength }
    }
}

/// Validates with the average of the weights over all steps.
final class MeanWeights: Callback, Resumable {
    private var mean: [Tensor] = []
    private var steps = 0

    override func beforeFit(_ learner: Learner) {
        if learner.isInferring { return }
        (mean, steps) = (learner.model.parameters().map { Tensor.zeros(like: $0.value) }, 0)
    }
    override func afterStep(_ learner: Learner) {
        steps += 1
        for (index, parameter) in learner.model.parameters().enumerated() {
            mean[index] = mean[index] + (parameter.value - mean[index]) / Double(steps)
        }
    }
    override func around(_ phase: Phase, _ learner: Learner, _ level: () throws -> Void) throws {
        guard phase == .validate, learner.isFitting, steps > 0 else { return try level() }
        try learner.withWeights(mean, level)
    }
    func exchangeState(with archive: StateArchive) throws {
        try archive.integer("steps", &steps)
        for index in mean.indices { try archive.tensor("mean.\(index)", &mean[index]) }
    }
}

/// Trains with one loss function and validates with the learner's.
final class TrainingLoss: Callback {
    private let loss: any LossFunction
    private var replaced: (any LossFunction)?
    init(_ loss: any LossFunction) { self.loss = loss }

    override func beforeTrain(_ learner: Learner) {
        replaced = learner.lossFunction
        learner.lossFunction = loss
    }
    override func afterTrain(_ learner: Learner) { putBack(learner) }
    override func teardown(_ learner: Learner) { putBack(learner) }

    private func putBack(_ learner: Learner) {
        if let replaced { learner.lossFunction = replaced }
        replaced = nil
    }
}

private final class Late: Callback {
    override var runsAfter: [Callback.Type] { [TrainEvalCallback.self] }
}

@Suite("Article: write a callback")
struct CallbackArticle {
    @Test("a fit ends when it is good enough")
    func stopping() throws {
        let learner = goldenLearner(optimizer: .sgd(mom: 0.9))
        try learner.fit(50, callbacks: [StopWhenGood(below: 0.1)])
        try learner.addCallback(StopWhenGood(below: 0.01))
        let rows = try #require(learner.recorder?.rows)
        #expect(rows.count < 50 && (rows.last?["valid_loss"] ?? 1) < 0.1)
        #expect(rows.dropLast().allSatisfy { ($0["valid_loss"] ?? 0) >= 0.1 })
        #expect(synthLearner(callbacks: [Late()]).orderedCallbacks(for: .beforeFit).count == 1)
    }

    @Test("a mean of weights is validated, and training does not notice")
    func mean() throws {
        let (plain, averaged) = (goldenLearner(trainRows: 4), goldenLearner(trainRows: 4, callbacks: [MeanWeights()]))
        for learner in [plain, averaged] { try learner.fit(3) }
        #expect(plain.recorder?.losses == averaged.recorder?.losses)
        let rows = [plain, averaged].map { $0.recorder?.rows.map { $0["valid_loss"] ?? .nan } ?? [] }
        #expect(rows[0].count == 3 && rows[0][2] != rows[1][2])
    }

    @Test("a penalty changes the training and not the logs")
    func penalty() throws {
        let (plain, pulled) = (goldenLearner(trainRows: 4), goldenLearner(trainRows: 4, callbacks: [WeightPenalty(2)]))
        for learner in [plain, pulled] { try learner.fit(1) }
        #expect(plain.recorder?.losses == pulled.recorder?.losses)
        let weights = [plain, pulled].map { $0.model.parameters().map { $0.value.item() } }
        // The penalty's gradient is 2 · sign(w); one step at 0.05 from (0.5, −0.5).
        expectClose(weights[1], [weights[0][0] - 0.1, weights[0][1] + 0.1], relative: 1e-5)
    }

    @Test("a loss for training only is put back, also when the fit is ended in the middle")
    func replacing() throws {
        let learner = goldenLearner(callbacks: [TrainingLoss(L1Flat())])
        var names: [Bool: String] = [:]
        try learner.on(.afterLoss) { names[$0.training] = $0.lossFunction.name }
        try learner.fit(1)
        #expect(names == [true: "L1Flat", false: "MSEFlat"])
        try learner.fit(1, callbacks: [Throwing(CancelSignal.fit, at: .afterLoss)])
        #expect(learner.lossFunction.name == "MSEFlat")
    }

    @Test("a closure is a callback")
    func closure() throws {
        let learner = goldenLearner()
        learner.coordinator = ReadingCoordinator()  // prints nothing
        try learner.on(.afterEpoch, order: 55) { learner in
            if learner.coordinator.isWriter { print("epoch", learner.epoch, learner.finalRecord) }
        }
        try learner.fit(1)
        #expect(learner.orderedCallbacks(for: .afterEpoch).count == 2)
    }
}
