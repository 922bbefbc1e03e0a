// SPDX-License-Identifier: Apache-2.0
// Small learners and callbacks the tests of this module share.

import LockstepData
import LockstepLearner
import LockstepNN
import LockstepOptim
import LockstepTensor
import LockstepTesting

/// A line of `count` values over [−2, 2] and its image under 2x + 3: the data of the golden runs.
func lineDataset(_ count: Int) -> TensorDataset {
    let x = (0..<count).map { Float(-2 + 4 * Double($0) / Double(max(1, count - 1))) }
    return TensorDataset(
        inputs: [Tensor(x, shape: [count, 1])], targets: [Tensor(x.map { 2 * $0 + 3 }, shape: [count, 1])])
}

/// The learner of the golden runs: 8 training and 6 validation rows, not shuffled, none dropped.
func goldenLearner(
    optimizer: OptimizerFactory = .sgd(), lr: LearningRate = 0.05, batchSize: Int = 4, trainRows: Int = 8,
    metrics: [Metric] = [], callbacks: [Callback] = [], defaultCallbacks: [Callback]? = nil
) -> Learner {
    let learner = Learner(
        dls: DataLoaders(
            DataLoader(lineDataset(trainRows), batchSize: batchSize), DataLoader(lineDataset(6), batchSize: batchSize)),
        model: RegressionModel(), loss: .mse, optimizer: optimizer, lr: lr,
        callbacks: (defaultCallbacks ?? [TrainEvalCallback(), Recorder()]) + callbacks, metrics: metrics,
        defaultCallbacks: .none)
    learner.logger = SilentLogger()
    return learner
}

/// A learner of `train` and `valid` batches of two rows that does nothing but TrainEval and the given callbacks.
func tinyLearner(train: Int = 2, valid: Int = 1, _ callbacks: [Callback] = []) -> Learner {
    Learner(
        dls: DataLoaders(
            DataLoader(lineDataset(2 * train), batchSize: 2), DataLoader(lineDataset(2 * valid), batchSize: 2)),
        model: RegressionModel(), loss: .mse, optimizer: .sgd(), lr: 1e-3, callbacks: callbacks, defaultCallbacks: .core
    )
}

/// Throws once the `count`-th time an event comes that the condition lets through.
final class Throwing: Callback {
    private let event: Event
    private let error: any Error
    private let condition: (Learner) -> Bool

    init(_ error: any Error, at event: Event, when condition: @escaping (Learner) -> Bool = { _ in true }) {
        (self.error, self.event, self.condition) = (error, event, condition)
    }

    override var order: Int { 5 }
    private func raise(_ event: Event, _ learner: Learner) throws {
        if event == self.event, condition(learner) { throw error }
    }
    override func beforeFit(_ learner: Learner) throws { try raise(.beforeFit, learner) }
    override func beforeEpoch(_ learner: Learner) throws { try raise(.beforeEpoch, learner) }
    override func beforeTrain(_ learner: Learner) throws { try raise(.beforeTrain, learner) }
    override func beforeBatch(_ learner: Learner) throws { try raise(.beforeBatch, learner) }
    override func afterLoss(_ learner: Learner) throws { try raise(.afterLoss, learner) }
    override func beforeBackward(_ learner: Learner) throws { try raise(.beforeBackward, learner) }
    override func beforeStep(_ learner: Learner) throws { try raise(.beforeStep, learner) }
    override func afterStep(_ learner: Learner) throws { try raise(.afterStep, learner) }
    override func afterBatch(_ learner: Learner) throws { try raise(.afterBatch, learner) }
    override func afterTrain(_ learner: Learner) throws { try raise(.afterTrain, learner) }
    override func beforeValidate(_ learner: Learner) throws { try raise(.beforeValidate, learner) }
    override func afterValidate(_ learner: Learner) throws { try raise(.afterValidate, learner) }
    override func afterEpoch(_ learner: Learner) throws { try raise(.afterEpoch, learner) }
    override func afterFit(_ learner: Learner) throws { try raise(.afterFit, learner) }
}

/// Event names as one string, batches of a whole trace readable at a glance.
func names(_ events: [Event]) -> String { events.map(\.rawValue).joined(separator: " ") }

/// A logger that keeps what it is given.
final class RowCollector: RowLogger {
    var headers: [[String]] = []
    var rows: [EpochRow] = []
    func begin(_ header: [String]) { headers.append(header) }
    func log(_ row: EpochRow) { rows.append(row) }
}

/// Collects what would be printed.
final class TextCollector: @unchecked Sendable {  // one test, one thread
    var text = ""
    func console(isTerminal: Bool = false, usesColor: Bool = false) -> Console {
        Console(isTerminal: isTerminal, usesColor: usesColor) { self.text += $0 }
    }
}
