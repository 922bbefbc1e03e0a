// SPDX-License-Identifier: Apache-2.0
// A learner of masks from a known network: a U-Net on its body, groups and normalisation.

public import LockstepData
public import LockstepLearner
public import LockstepModels
public import LockstepNN
public import LockstepOptim
public import LockstepTensor

extension Learner {
    /// A learner of a class for every pixel that goes on from what a network has learned elsewhere.
    ///
    /// ```swift
    /// let dls = try DataLoaders.segmentation(images: "street/images", masks: "street/masks", codes: ["road", "car"], size: 96)
    /// let learner = try Learner.segmentation(dls: dls, .resnet34, weights: "resnet34.pth", metrics: [Dice()])
    /// try learner.fineTune(3)
    /// ```
    ///
    /// The model is a ``LockstepModels/UNet`` of ``createBody(_:channels:weights:report:)``; its parameter groups are
    /// ``LockstepLearner/ParameterSplitter/segmentation(_:)``. With weights the loaders normalise as those were trained, and the
    /// body is frozen; without, the network is trained from the start. The parameters not mentioned are those of `Learner`.
    ///
    /// - Parameters:
    ///   - architecture: The network.
    ///   - weights: Its weights, a `.safetensors` or `.pth` file; nil for new ones.
    ///   - outputs: Channels of the output; nil for what the data say (`dls.targetKind`).
    ///   - channels: Channels of the images.
    ///   - imageSize: A size of images that shows where the body makes them smaller; others are taken, too.
    ///   - normalize: Whether loaders that transform batches normalise by the statistics of the weights, in place of their own
    ///     `Normalize`.
    ///   - loss: What is minimised; nil for what follows from the targets.
    ///   - blurs: Whether enlarged images are smoothed.
    ///   - lastCross: Whether the image itself goes to the last layers.
    ///   - norm: What normalises behind the decoder's convolutions.
    ///   - splitter: Cuts the model into groups; nil for the network's usual one.
    /// - Precondition: the body's features are an image; the data say what their targets mean, or `outputs` and `loss` are given.
    /// - Throws: `DataError` for a file of weights that cannot be read or does not fit.
    /// - Note: fastai: `unet_learner`.
    public static func segmentation(
        dls: DataLoaders, _ architecture: VisionArchitecture, weights: String? = nil, outputs: Int? = nil,
        channels: Int = 3, imageSize: Pair = 224, normalize: Bool = true, loss: (any LossFunction)? = nil,
        blurs: Bool = false, lastCross: Bool = true, norm: ConvLayer.Norm = .none,
        optimizer: OptimizerFactory = .adam(),
        lr: LearningRate = 1e-3, splitter: ParameterSplitter? = nil, callbacks: [Callback] = [],
        metrics: [Metric] = [], path: String? = nil, modelDirectory: String = "models", wd: HyperValue? = nil,
        wdBnBias: Bool = false, trainBn: Bool = true, moms: (Double, Double, Double) = (0.95, 0.85, 0.95),
        defaultCallbacks: DefaultCallbacks = .all, seed: UInt64 = 42, file: StaticString = #fileID, line: UInt = #line
    ) throws -> Learner {
        guard let outputs = outputs ?? dls.targetKind?.outputCount, let loss = loss ?? dls.targetKind?.loss else {
            stop(
                "Learner.segmentation: the data do not say what their targets mean; pass outputs: and loss:",
                file: file, line: line)
        }
        require(
            architecture.givesImage,
            "Learner.segmentation: the features of \(architecture) are no image, from which a U-Net goes up again",
            file: file, line: line)
        let body = try createBody(architecture, channels: channels, weights: weights)
        let isPretrained = weights != nil
        if isPretrained && normalize && architecture.statistics.mean?.count == channels {
            dls.normalize(by: architecture.statistics)
        }
        let model = UNet(
            body, outputs: outputs, channels: channels, imageSize: imageSize, blurs: blurs, lastCross: lastCross,
            norm: norm, file: file, line: line)
        let learner = Learner(
            dls: dls, model: model, loss: loss, optimizer: optimizer, lr: lr,
            splitter: splitter ?? .segmentation(architecture), callbacks: callbacks, metrics: metrics, path: path,
            modelDirectory: modelDirectory, wd: wd, wdBnBias: wdBnBias, trainBn: trainBn, moms: moms,
            defaultCallbacks: defaultCallbacks, seed: seed, file: file, line: line)
        if isPretrained { try learner.freeze() }
        return learner
    }
}

extension ParameterSplitter {
    /// Groups of a model that `Learner.segmentation` has made of `architecture`: the body, cut as for
    /// ``vision(_:)``, then the way up.
    ///
    /// - Precondition: the model is a `UNet`.
    public static func segmentation(
        _ architecture: VisionArchitecture, file: StaticString = #fileID, line: UInt = #line
    ) -> ParameterSplitter {
        ParameterSplitter { model in
            guard let model = model as? UNet else {
                stop(
                    "ParameterSplitter.segmentation: the model is a \(model.typeName), not a UNet", file: file,
                    line: line)
            }
            let ends = architecture.cuts + [model.encoder.count]
            let groups = zip([0] + architecture.cuts, ends).map { first, end in
                model.encoder.layers[first..<end].flatMap { $0.parameters() }
            }
            return groups + [model.decoder.flatMap { $0.parameters() }]
        }
    }
}
