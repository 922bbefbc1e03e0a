// SPDX-License-Identifier: Apache-2.0
// A learner of images from a known network: its body, a new head, groups and normalisation.

public import LockstepData
public import LockstepLearner
public import LockstepModels
public import LockstepNN
public import LockstepOptim
import LockstepTensor

extension Learner {
    /// A learner of images that goes on from what a network has learned elsewhere.
    ///
    /// ```swift
    /// let dls = try DataLoaders.images(path: "pets", size: 224, augment: augTransforms())
    /// let learner = try Learner.vision(dls: dls, .resnet34, weights: "resnet34.pth", metrics: [.accuracy])
    /// try learner.fineTune(3)
    /// ```
    ///
    /// The model is a `Sequential` of ``createBody(_:channels:weights:report:)`` and
    /// ``createHead(features:outputs:layers:dropout:pools:concatPool:firstBatchNorm:finalBatchNorm:file:line:)``; its parameter groups
    /// are ``LockstepLearner/ParameterSplitter/vision(_:)``. With weights the loaders normalise as those were trained, and all but the
    /// head is frozen; without, the network is trained from the start. The parameters not mentioned are those of `Learner`.
    ///
    /// - Parameters:
    ///   - architecture: The network.
    ///   - weights: Its weights, a `.safetensors` or `.pth` file; nil for new ones.
    ///   - outputs: Size of the output; nil for what the data say (`dls.targetKind`).
    ///   - channels: Channels of the images.
    ///   - normalize: Whether loaders that transform batches normalise by the statistics of the weights, in place of their own
    ///     `Normalize`.
    ///   - loss: What is minimised; nil for what follows from the targets.
    ///   - head: A head of your own; nil for fastai's of `layers`, `dropout` and `concatPool`.
    ///   - splitter: Cuts the model into groups; nil for the network's usual one.
    /// - Precondition: the data say what their targets mean, or `outputs` and `loss` are given.
    /// - Throws: `DataError` for a file of weights that cannot be read or does not fit.
    /// - Note: fastai: `vision_learner`.
    public static func vision(
        dls: DataLoaders, _ architecture: VisionArchitecture, weights: String? = nil, outputs: Int? = nil,
        channels: Int = 3, normalize: Bool = true, loss: (any LossFunction)? = nil, head: Sequential? = nil,
        layers: [Int] = [512], dropout: Double = 0.5, concatPool: Bool = true, optimizer: OptimizerFactory = .adam(),
        lr: LearningRate = 1e-3, splitter: ParameterSplitter? = nil, callbacks: [Callback] = [],
        metrics: [Metric] = [], path: String? = nil, modelDirectory: String = "models", wd: HyperValue? = nil,
        wdBnBias: Bool = false, trainBn: Bool = true, moms: (Double, Double, Double) = (0.95, 0.85, 0.95),
        defaultCallbacks: DefaultCallbacks = .all, seed: UInt64 = 42, file: StaticString = #fileID, line: UInt = #line
    ) throws -> Learner {
        guard let outputs = outputs ?? dls.targetKind?.outputCount, let loss = loss ?? dls.targetKind?.loss else {
            stop(
                "Learner.vision: the data do not say what their targets mean; pass outputs: and loss:", file: file,
                line: line)
        }
        let body = try createBody(architecture, channels: channels, weights: weights)
        let head =
            head
            ?? createHead(
                features: architecture.features, outputs: outputs, layers: layers, dropout: dropout,
                pools: architecture.givesImage, concatPool: concatPool, file: file, line: line)
        let isPretrained = weights != nil
        if isPretrained && normalize && architecture.statistics.mean?.count == channels {
            dls.normalize(by: architecture.statistics)
        }
        let learner = Learner(
            dls: dls, model: Sequential([body, head]), loss: loss, optimizer: optimizer, lr: lr,
            splitter: splitter ?? .vision(architecture), callbacks: callbacks, metrics: metrics, path: path,
            modelDirectory: modelDirectory, wd: wd, wdBnBias: wdBnBias, trainBn: trainBn, moms: moms,
            defaultCallbacks: defaultCallbacks, seed: seed, file: file, line: line)
        if isPretrained { try learner.freeze() }
        return learner
    }
}
