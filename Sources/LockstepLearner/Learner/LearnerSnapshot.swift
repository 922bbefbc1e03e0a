// SPDX-License-Identifier: Apache-2.0
// All that a fit changes, kept in memory to be put back.

import LockstepData
import LockstepNN
import LockstepOptim
import LockstepTensor

/// Parameters, buffers, optimizer, counters and random numbers of a learner, as they were when it was made.
///
/// Each rank keeps its own.
struct LearnerSnapshot {
    private let parameters: [(parameter: Parameter, value: Tensor)]
    private let buffers: [(buffer: Buffer, value: Tensor)]
    private let optimizer: Optimizer?
    private let optimizerState: OptimizerState?
    private let modes: [(module: Module, isTraining: Bool)]
    private let dropout: DropoutContext
    private let loaderEpochs: [(loader: any BatchSource, epoch: Int)]
    private let (nEpoch, epoch, epochsSeen, trainIter): (Int, Int, Int, Int)
    private let (pctTrain, smoothLoss, finalRecord): (Double, Double?, [Double?])
    private let (iter, nIter, training): (Int, Int, Bool)
    private let (lr, loss): (LearningRate, any LossFunction)

    init(_ learner: Learner) {
        func copy(_ tensor: Tensor) -> Tensor {
            let copy = Tensor.zeros(tensor.shape, dtype: tensor.dtype)
            Tensor.copy(tensor, into: copy)
            return copy
        }
        parameters = learner.model.parameters().map { ($0, copy($0.value)) }
        buffers = learner.model.buffers().map { ($0, copy($0.value)) }
        (optimizer, optimizerState) = (learner.optimizer, learner.optimizer?.stateDictionary)
        modes = learner.model.modules().map { ($0, $0.isTraining) }
        dropout = .current
        loaderEpochs = learner.dls.loaders.map { ($0, $0.epoch) }
        (nEpoch, epoch, epochsSeen, trainIter) = (
            learner.nEpoch, learner.epoch, learner.epochsSeen, learner.trainIter
        )
        (pctTrain, smoothLoss, finalRecord) = (learner.pctTrain, learner.smoothLoss, learner.finalRecord)
        (iter, nIter, training) = (learner.iter, learner.nIter, learner.training)
        (lr, loss) = (learner.lr, learner.lossFunction)
    }

    func restore(to learner: Learner) {
        for (parameter, value) in parameters { parameter.wrappedValue = value }
        for (buffer, value) in buffers { buffer.wrappedValue = value }
        learner.optimizer = optimizer
        if let optimizer, let optimizerState {
            // It came from this very optimizer, so it fits.
            do { try optimizer.loadStateDictionary(optimizerState) } catch { learner.warn("lrFind: \(error)") }
            optimizer.zeroGradients()
        }
        for (module, isTraining) in modes where module.isTraining != isTraining { module.train(isTraining) }
        DropoutContext.current = dropout
        for (loader, epoch) in loaderEpochs { loader.epoch = epoch }
        (learner.nEpoch, learner.epoch, learner.epochsSeen, learner.trainIter) = (nEpoch, epoch, epochsSeen, trainIter)
        (learner.pctTrain, learner.smoothLoss, learner.finalRecord) = (pctTrain, smoothLoss, finalRecord)
        (learner.iter, learner.nIter, learner.training) = (iter, nIter, training)
        (learner.lr, learner.lossFunction) = (lr, loss)
        learner.model.reset()
    }
}
