// SPDX-License-Identifier: Apache-2.0
// A learner whose loss follows from its data.

public import LockstepData
public import LockstepNN
public import LockstepOptim
import LockstepTensor

extension Learner {
    /// A learner whose loss function follows from what the training targets mean: cross entropy for classes (of pixels, too), binary cross
    /// entropy with logits for several classes at once, mean squared error for numbers.
    ///
    /// The other parameters are those of
    /// the initialiser with a loss.
    /// - Precondition: the data say what their targets mean (`dls.targetKind`): those with `Categorize` and its like do,
    ///   plain tensors do not.
    public convenience init(
        dls: DataLoaders, model: Module, optimizer: OptimizerFactory = .adam(), lr: LearningRate = 1e-3,
        splitter: ParameterSplitter = .trainableParameters, callbacks: [Callback] = [], metrics: [Metric] = [],
        path: String? = nil, modelDirectory: String = "models", wd: HyperValue? = nil, wdBnBias: Bool = false,
        trainBn: Bool = true, moms: (Double, Double, Double) = (0.95, 0.85, 0.95),
        defaultCallbacks: DefaultCallbacks = .all, seed: UInt64 = 42, file: StaticString = #fileID, line: UInt = #line
    ) {
        guard let kind = dls.targetKind else {
            stop(
                "Learner: the loss could not be inferred from the data, which do not say what their targets mean; pass loss:",
                file: file, line: line)
        }
        self.init(
            dls: dls, model: model, loss: kind.loss, optimizer: optimizer, lr: lr, splitter: splitter,
            callbacks: callbacks, metrics: metrics, path: path, modelDirectory: modelDirectory, wd: wd,
            wdBnBias: wdBnBias, trainBn: trainBn, moms: moms, defaultCallbacks: defaultCallbacks, seed: seed,
            file: file, line: line)
    }
}

extension TargetKind {
    /// The loss of targets that mean this.
    public var loss: any LossFunction {
        switch self {
        case .category: CrossEntropyFlat()
        case .mask: CrossEntropyFlat(axis: 1)
        case .multiCategory: BCEWithLogitsFlat()
        case .regression: MSEFlat()
        }
    }
}
