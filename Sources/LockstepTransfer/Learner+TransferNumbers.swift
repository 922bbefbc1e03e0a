// SPDX-License-Identifier: Apache-2.0
// Learners of known networks made with rates that are variables.

public import LockstepData
public import LockstepLearner
public import LockstepModels
public import LockstepNN
public import LockstepOptim
import LockstepTensor

extension Learner {
    /// A learner of images whose rate or decay is a `Double` or `Float` that is no literal, or one or nil; otherwise as with
    /// literals.
    public static func vision<Rate: HyperValueConvertible, Decay: HyperValueConvertible>(
        dls: DataLoaders, _ architecture: VisionArchitecture, weights: String? = nil, outputs: Int? = nil,
        channels: Int = 3, normalize: Bool = true, loss: (any LossFunction)? = nil, head: Sequential? = nil,
        layers: [Int] = [512], dropout: Double = 0.5, concatPool: Bool = true, optimizer: OptimizerFactory = .adam(),
        lr: Rate = HyperValue?.none, splitter: ParameterSplitter? = nil, callbacks: [Callback] = [],
        metrics: [Metric] = [], path: String? = nil, modelDirectory: String = "models", wd: Decay = HyperValue?.none,
        wdBnBias: Bool = false, trainBn: Bool = true, moms: (Double, Double, Double) = (0.95, 0.85, 0.95),
        defaultCallbacks: DefaultCallbacks = .all, seed: UInt64 = 42, file: StaticString = #fileID, line: UInt = #line
    ) throws -> Learner {
        try vision(
            dls: dls, architecture, weights: weights, outputs: outputs, channels: channels, normalize: normalize,
            loss: loss, head: head, layers: layers, dropout: dropout, concatPool: concatPool, optimizer: optimizer,
            lr: lr.hyperValue ?? 1e-3, splitter: splitter, callbacks: callbacks, metrics: metrics, path: path,
            modelDirectory: modelDirectory, wd: wd.hyperValue, wdBnBias: wdBnBias, trainBn: trainBn, moms: moms,
            defaultCallbacks: defaultCallbacks, seed: seed, file: file, line: line)
    }

    /// A learner of a text classifier whose rate is a `Double` or `Float` that is no literal, or one or nil; otherwise as with
    /// a literal.
    public static func text(
        _ dls: DataLoaders, _ body: TextBody, pooling: TextPooling? = nil, dropout: Double = 0.1,
        optimizer: OptimizerFactory = .adam(), lr: some HyperValueConvertible, callbacks: [Callback] = [],
        metrics: [Metric] = [.accuracy], seed: UInt64 = 42, file: StaticString = #fileID, line: UInt = #line
    ) throws -> Learner {
        try text(
            dls, body, pooling: pooling, dropout: dropout, optimizer: optimizer, lr: lr.hyperValue ?? 1e-3,
            callbacks: callbacks, metrics: metrics, seed: seed, file: file, line: line)
    }
}
