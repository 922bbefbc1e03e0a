// SPDX-License-Identifier: Apache-2.0
// The regression fixture most learner tests use, and callbacks that watch the loop.

public import LockstepData
public import LockstepLearner
public import LockstepNN
public import LockstepOptim
public import LockstepTensor

/// `a·x + b` with two scalar parameters.
public final class RegressionModel: Module, UnaryLayer {
    /// The slope of the line.
    @Parameter public var a: Tensor
    /// Its value at 0.
    @Parameter public var b: Tensor

    /// A line.
    public init(a: Double = 0.5, b: Double = -0.5) {
        _a = Parameter(wrappedValue: Tensor([Float(a)]))
        _b = Parameter(wrappedValue: Tensor([Float(b)]))
        super.init()
    }

    /// What the layer makes of its input.
    public func callAsFunction(_ x: Tensor) -> Tensor { x * a + b }
}

/// Loaders of `y = a·x + b` plus a little noise: `nTrain` and `nValid` batches of `batchSize` rows, training shuffled.
public func synthLoaders(
    a: Double = 2, b: Double = 3, batchSize: Int = 16, nTrain: Int = 10, nValid: Int = 2, seed: UInt64 = 42,
    path: String = "."
) -> DataLoaders {
    func rows(_ batches: Int, _ seed: UInt64) -> any Dataset {
        let count = batchSize * batches
        let x = sample([count, 1], seed: seed, in: -2..<2)
        return TensorDataset(inputs: [x], targets: [x * a + b + sample([count, 1], seed: seed + 1, in: -0.1..<0.1)])
    }
    return DataLoaders(
        [rows(nTrain, seed), rows(nValid, seed + 10)], batchSize: batchSize, shuffle: true, seed: seed, path: path)
}

/// A learner of the regression fixture: mean squared error, SGD with momentum 0.9.
///
/// Only `TrainEvalCallback` is there unless `defaultCallbacks` says otherwise.
public func synthLearner(
    nTrain: Int = 10, nValid: Int = 2, batchSize: Int = 16, lr: LearningRate = 1e-3, seed: UInt64 = 42,
    optimizer: OptimizerFactory = .sgd(mom: 0.9), callbacks: [Callback] = [], metrics: [Metric] = [],
    path: String = ".", defaultCallbacks: DefaultCallbacks = .core
) -> Learner {
    Learner(
        dls: synthLoaders(batchSize: batchSize, nTrain: nTrain, nValid: nValid, seed: seed, path: path),
        model: RegressionModel(), loss: .mse, optimizer: optimizer, lr: lr, callbacks: callbacks, metrics: metrics,
        defaultCallbacks: defaultCallbacks)
}

/// Records, and prints if asked to, the name of every event it sees.
public final class VerboseCallback: Callback {
    /// The events so far.
    public var events: [Event] = []
    private let prints: Bool
    private let position: Int

    /// A callback that records events.
    public init(prints: Bool = false, order: Int = 0) { (self.prints, position) = (prints, order) }
    public override var order: Int { position }

    private func record(_ event: Event) {
        events.append(event)
        if prints { print(event.rawValue) }
    }

    public override func afterCreate(_ learner: Learner) { record(.afterCreate) }
    public override func beforeFit(_ learner: Learner) { record(.beforeFit) }
    public override func beforeEpoch(_ learner: Learner) { record(.beforeEpoch) }
    public override func beforeTrain(_ learner: Learner) { record(.beforeTrain) }
    public override func beforeBatch(_ learner: Learner) { record(.beforeBatch) }
    public override func afterPred(_ learner: Learner) { record(.afterPred) }
    public override func afterLoss(_ learner: Learner) { record(.afterLoss) }
    public override func beforeBackward(_ learner: Learner) { record(.beforeBackward) }
    public override func afterCancelBackward(_ learner: Learner) { record(.afterCancelBackward) }
    public override func afterBackward(_ learner: Learner) { record(.afterBackward) }
    public override func beforeStep(_ learner: Learner) { record(.beforeStep) }
    public override func afterCancelStep(_ learner: Learner) { record(.afterCancelStep) }
    public override func afterStep(_ learner: Learner) { record(.afterStep) }
    public override func afterCancelBatch(_ learner: Learner) { record(.afterCancelBatch) }
    public override func afterBatch(_ learner: Learner) { record(.afterBatch) }
    public override func afterCancelTrain(_ learner: Learner) { record(.afterCancelTrain) }
    public override func afterTrain(_ learner: Learner) { record(.afterTrain) }
    public override func beforeValidate(_ learner: Learner) { record(.beforeValidate) }
    public override func afterCancelValidate(_ learner: Learner) { record(.afterCancelValidate) }
    public override func afterValidate(_ learner: Learner) { record(.afterValidate) }
    public override func afterCancelEpoch(_ learner: Learner) { record(.afterCancelEpoch) }
    public override func afterEpoch(_ learner: Learner) { record(.afterEpoch) }
    public override func afterCancelFit(_ learner: Learner) { record(.afterCancelFit) }
    public override func afterFit(_ learner: Learner) { record(.afterFit) }
}

/// Checks what `TrainEvalCallback` promises, at the events where others rely on it. What is wrong is thrown.
public final class TestTrainEvalCallback: Callback {
    /// A promise that was not kept.
    public struct Violation: Error, CustomStringConvertible {
        public let description: String
    }
    private var trainIter = 0

    public override var runsAfter: [Callback.Type] { [TrainEvalCallback.self] }

    public override init() {
        super.init()
        runValid = false
    }

    private func check(_ isKept: Bool, _ promise: @autoclosure () -> String) throws {
        if !isKept { throw Violation(description: promise()) }
    }

    public override func beforeFit(_ learner: Learner) throws {
        try check(learner.pctTrain == 0 && learner.trainIter == 0, "counters start at 0")
        trainIter = 0
    }

    public override func beforeTrain(_ learner: Learner) throws {
        try check(learner.training && learner.model.isTraining, "training phases train")
    }

    public override func beforeBatch(_ learner: Learner) throws {
        let expected = Double(learner.trainIter) / Double(learner.nIter * learner.nEpoch)
        try check(abs(learner.pctTrain - expected) < 1e-6, "pctTrain is \(learner.pctTrain), expected \(expected)")
    }

    public override func afterBatch(_ learner: Learner) throws {
        try check(learner.training, "only training batches are seen")
        try check(learner.trainIter == trainIter + 1, "trainIter is \(learner.trainIter) after \(trainIter)")
        trainIter = learner.trainIter
    }

    public override func beforeValidate(_ learner: Learner) throws {
        try check(!learner.training && !learner.model.isTraining, "validation phases do not train")
    }
}
