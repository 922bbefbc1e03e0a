// SPDX-License-Identifier: Apache-2.0
// Learners made with rates that are variables: `Learner(dls: dls, model: model, loss: .mse, lr: rate)`.

public import LockstepData
public import LockstepNN
public import LockstepOptim
import LockstepTensor

extension Learner {
    /// A learner whose rate or decay is a `Double` or `Float` that is no literal, or one or nil, which is the default.
    ///
    /// The parameters are those of
    /// the initialiser with a loss.
    public convenience init<Rate: HyperValueConvertible, Decay: HyperValueConvertible>(
        dls: DataLoaders, model: Module, loss: some LossFunction, optimizer: OptimizerFactory = .adam(),
        lr: Rate = HyperValue?.none, splitter: ParameterSplitter = .trainableParameters, callbacks: [Callback] = [],
        metrics: [Metric] = [], path: String? = nil, modelDirectory: String = "models", wd: Decay = HyperValue?.none,
        wdBnBias: Bool = false, trainBn: Bool = true, moms: (Double, Double, Double) = (0.95, 0.85, 0.95),
        defaultCallbacks: DefaultCallbacks = .all, seed: UInt64 = 42, file: StaticString = #fileID, line: UInt = #line
    ) {
        self.init(
            dls: dls, model: model, loss: loss, optimizer: optimizer, lr: lr.hyperValue ?? 1e-3, splitter: splitter,
            callbacks: callbacks, metrics: metrics, path: path, modelDirectory: modelDirectory, wd: wd.hyperValue,
            wdBnBias: wdBnBias, trainBn: trainBn, moms: moms, defaultCallbacks: defaultCallbacks, seed: seed,
            file: file, line: line)
    }

    /// The same where the loss follows from what the targets mean.
    public convenience init<Rate: HyperValueConvertible, Decay: HyperValueConvertible>(
        dls: DataLoaders, model: Module, optimizer: OptimizerFactory = .adam(), lr: Rate = HyperValue?.none,
        splitter: ParameterSplitter = .trainableParameters, callbacks: [Callback] = [], metrics: [Metric] = [],
        path: String? = nil, modelDirectory: String = "models", wd: Decay = HyperValue?.none, wdBnBias: Bool = false,
        trainBn: Bool = true, moms: (Double, Double, Double) = (0.95, 0.85, 0.95),
        defaultCallbacks: DefaultCallbacks = .all, seed: UInt64 = 42, file: StaticString = #fileID, line: UInt = #line
    ) {
        self.init(
            dls: dls, model: model, optimizer: optimizer, lr: lr.hyperValue ?? 1e-3, splitter: splitter,
            callbacks: callbacks, metrics: metrics, path: path, modelDirectory: modelDirectory, wd: wd.hyperValue,
            wdBnBias: wdBnBias, trainBn: trainBn, moms: moms, defaultCallbacks: defaultCallbacks, seed: seed,
            file: file, line: line)
    }
}
