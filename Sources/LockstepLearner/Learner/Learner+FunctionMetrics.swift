// SPDX-License-Identifier: Apache-2.0
// Functions in the list of metrics: `metrics: [{ pred, target in (pred - target).abs().mean() }]`.

public import LockstepData
public import LockstepNN
public import LockstepOptim
public import LockstepTensor

extension Learner {
    /// A learner whose metrics are functions, each an ``AvgMetric``: called `metric_0`, `metric_1`, since a function has no name.
    ///
    /// ```swift
    /// let learner = Learner(
    ///     dls: dls, model: model, loss: .crossEntropy, metrics: [{ pred, target in pred.softmax(axis: 1).max() }])
    /// ```
    /// `AvgMetric("name") { pred, target in … }` has one, and can stand beside `.accuracy`, which a function cannot: a list is of one
    /// kind. The other parameters are those of
    /// the initialiser with a loss.
    @_disfavoredOverload  // an empty list has no functions
    public convenience init(
        dls: DataLoaders, model: Module, loss: some LossFunction, optimizer: OptimizerFactory = .adam(),
        lr: LearningRate = 1e-3, splitter: ParameterSplitter = .trainableParameters,
        callbacks: [Callback] = [], metrics: [(_ pred: Tensor, _ target: Tensor) -> Tensor], path: String? = nil,
        modelDirectory: String = "models", wd: HyperValue? = nil, wdBnBias: Bool = false, trainBn: Bool = true,
        moms: (Double, Double, Double) = (0.95, 0.85, 0.95), defaultCallbacks: DefaultCallbacks = .all,
        seed: UInt64 = 42, file: StaticString = #fileID, line: UInt = #line
    ) {
        self.init(
            dls: dls, model: model, loss: loss, optimizer: optimizer, lr: lr, splitter: splitter, callbacks: callbacks,
            metrics: Metric.list(metrics), path: path,
            modelDirectory: modelDirectory, wd: wd, wdBnBias: wdBnBias, trainBn: trainBn, moms: moms,
            defaultCallbacks: defaultCallbacks, seed: seed, file: file, line: line)
    }

    /// The same with rates that are variables.
    @_disfavoredOverload
    public convenience init<Rate: HyperValueConvertible, Decay: HyperValueConvertible>(
        dls: DataLoaders, model: Module, loss: some LossFunction, optimizer: OptimizerFactory = .adam(),
        lr: Rate = HyperValue?.none, splitter: ParameterSplitter = .trainableParameters,
        callbacks: [Callback] = [], metrics: [(_ pred: Tensor, _ target: Tensor) -> Tensor], path: String? = nil,
        modelDirectory: String = "models", wd: Decay = HyperValue?.none, wdBnBias: Bool = false, trainBn: Bool = true,
        moms: (Double, Double, Double) = (0.95, 0.85, 0.95), defaultCallbacks: DefaultCallbacks = .all,
        seed: UInt64 = 42, file: StaticString = #fileID, line: UInt = #line
    ) {
        self.init(
            dls: dls, model: model, loss: loss, optimizer: optimizer, lr: lr.hyperValue ?? 1e-3, splitter: splitter,
            callbacks: callbacks,
            metrics: Metric.list(metrics), path: path, modelDirectory: modelDirectory, wd: wd.hyperValue,
            wdBnBias: wdBnBias,
            trainBn: trainBn, moms: moms, defaultCallbacks: defaultCallbacks, seed: seed, file: file, line: line)
    }

    /// The same where the loss follows from what the targets mean.
    @_disfavoredOverload
    public convenience init(
        dls: DataLoaders, model: Module, optimizer: OptimizerFactory = .adam(), lr: LearningRate = 1e-3,
        splitter: ParameterSplitter = .trainableParameters,
        callbacks: [Callback] = [], metrics: [(_ pred: Tensor, _ target: Tensor) -> Tensor], path: String? = nil,
        modelDirectory: String = "models", wd: HyperValue? = nil, wdBnBias: Bool = false, trainBn: Bool = true,
        moms: (Double, Double, Double) = (0.95, 0.85, 0.95), defaultCallbacks: DefaultCallbacks = .all,
        seed: UInt64 = 42, file: StaticString = #fileID, line: UInt = #line
    ) {
        self.init(
            dls: dls, model: model, optimizer: optimizer, lr: lr, splitter: splitter, callbacks: callbacks,
            metrics: Metric.list(metrics), path: path, modelDirectory: modelDirectory, wd: wd, wdBnBias: wdBnBias,
            trainBn: trainBn, moms: moms, defaultCallbacks: defaultCallbacks, seed: seed, file: file, line: line)
    }

    /// The same where the loss follows from what the targets mean, with rates that are variables.
    @_disfavoredOverload
    public convenience init<Rate: HyperValueConvertible, Decay: HyperValueConvertible>(
        dls: DataLoaders, model: Module, optimizer: OptimizerFactory = .adam(), lr: Rate = HyperValue?.none,
        splitter: ParameterSplitter = .trainableParameters,
        callbacks: [Callback] = [], metrics: [(_ pred: Tensor, _ target: Tensor) -> Tensor], path: String? = nil,
        modelDirectory: String = "models", wd: Decay = HyperValue?.none, wdBnBias: Bool = false, trainBn: Bool = true,
        moms: (Double, Double, Double) = (0.95, 0.85, 0.95), defaultCallbacks: DefaultCallbacks = .all,
        seed: UInt64 = 42, file: StaticString = #fileID, line: UInt = #line
    ) {
        self.init(
            dls: dls, model: model, optimizer: optimizer, lr: lr.hyperValue ?? 1e-3, splitter: splitter,
            callbacks: callbacks,
            metrics: Metric.list(metrics), path: path, modelDirectory: modelDirectory, wd: wd.hyperValue,
            wdBnBias: wdBnBias,
            trainBn: trainBn, moms: moms, defaultCallbacks: defaultCallbacks, seed: seed, file: file, line: line)
    }
}

extension Metric {
    /// Functions as metrics, with numbers for names.
    fileprivate static func list(_ functions: [(Tensor, Tensor) -> Tensor]) -> [Metric] {
        functions.enumerated().map { AvgMetric("metric_\($0)", $1) }
    }
}
