// SPDX-License-Identifier: Apache-2.0
// The recipe for a folder of images, with a folder inside for each class.

import ArgumentParser
import Lockstep

/// PNG and JPEG files in one folder per class.
struct ImagesRecipe: Recipe {
    static let name = "images"
    static let abstract = "A folder of PNG and JPEG images with a folder inside for each class."
    static let discussion =
        "With folders train and valid the classes lie in those; otherwise a fifth of the images is for validation. With "
        + "--weights a known network goes on from what it has learned elsewhere: a new head is trained first, with the rest "
        + "frozen, then everything, earlier layers more slowly; --lr is the head's rate."
    static let defaults = (epochs: 10, lr: 3e-3, batchSize: 64)

    static let data = Setting(
        "data", "", help: "The folder.", valueName: "folder", showsDefault: false, onResume: .given)
    @Argument(ImagesRecipe.data) var data: String?
    static let model = Setting("model", ImageNetwork.own(.cnn), help: "Network.")
    @Option(ImagesRecipe.model) var model: ImageNetwork?
    static let weights = Setting(
        "weights", "",
        help:
            "Weights of a known network, a .safetensors or .pth file under the names of torchvision or timm; fine-tuned.",
        valueName: "file", showsDefault: false, onResume: .sameIfKnown)
    @Option(ImagesRecipe.weights) var weights: String?
    static let freezeEpochs = Setting(
        "freezeEpochs", 1, in: 1...Setting<Int>.most,
        help: "With --weights, epochs in which the head alone is trained; --epochs come after them.",
        onResume: .sameIfKnown)
    @Option(ImagesRecipe.freezeEpochs) var freezeEpochs: Int?
    static let size = Setting(
        "size", 64, in: 4...1024,
        help: "Height and width that images are brought to (default: 64; of a known network what it was trained on).",
        valueName: "pixels", showsDefault: false)
    @Option(ImagesRecipe.size) var size: Int?
    static let augment = Setting("augment", true, help: "Flip, turn, zoom and light training images at random.")
    @Flag(ImagesRecipe.augment, inversion: .prefixedNo) var augment: Bool?
    @OptionGroup var weighting: ClassWeightsOption

    static var settings: [BoundSetting<Self>] {
        [
            BoundSetting(argument: data, \.data), BoundSetting(model, \.model),
            BoundSetting(optional: weights, \.weights),
            BoundSetting(optional: freezeEpochs, \.freezeEpochs),
            BoundSetting(size, \.size, initial: { $0.usualSize }),
            BoundSetting(augment, \.augment),
        ] + ClassWeightsOption.settings.map { $0.lifted(\.weighting) }
    }
    func validate() throws { try checkGiven() }

    private var network: ImageNetwork { model ?? Self.model.initial }
    var modelName: String { network.name }
    private var usualSize: Int { network.architecture?.imageSize ?? Self.size.initial }
    var source: String? { data }
    var hasImages: Bool { true }
    mutating func changeImages() { augment = true }
    func check() throws {
        try Failure.requireReadable(data ?? "", option: "images")
        if let weights { try Failure.requireReadable(weights, option: "--weights") }
    }

    var conflict: SettingConflict? {
        if let weights, network.architecture == nil {
            return SettingConflict(
                key: "weights", words: "--weights \(weights)",
                problem: "--model \(modelName) is none of the networks that files have weights of: "
                    + VisionArchitecture.all.map(\.name).joined(separator: ", "))
        }
        if let freezeEpochs, weights == nil {
            return SettingConflict(
                key: "freezeEpochs", words: "--freeze-epochs \(freezeEpochs)",
                problem: "without --weights everything is trained from the start")
        }
        if let size, let architecture = network.architecture {
            let (least, usual) = (architecture.leastImageSize, architecture.imageSize)
            guard least == usual ? size != usual : size < least else { return nil }
            return SettingConflict(
                key: "size", words: "--size \(size)",
                problem: "\(modelName) takes images of \(least == usual ? "\(usual)" : "at least \(least)") pixels")
        }
        return nil
    }

    func task(_ settings: TrainingSettings) throws -> TrainingTask {
        let (architecture, isPretrained) = (network.architecture, weights != nil)
        let size = size ?? usualSize
        let statistics = isPretrained ? architecture?.statistics : nil
        let dls = try DataLoaders.images(
            path: data ?? "", size: size, batchSize: settings.batchSize, seed: settings.seed,
            augment: augment ?? Self.augment.initial ? augTransforms() : [], normalize: statistics ?? Normalize(),
            numWorkers: 1)
        let classes = dls.vocabulary ?? []
        var remarks = "classes      " + classes.prefix(20).joined(separator: ", ") + (classes.count > 20 ? ", …" : "")
        let whole = try self.model(size: size, classes: classes.count) { remarks += "\n\($0)" }
        return TrainingTask(
            dls: dls, model: whole, loss: try weighting.loss(of: dls), metric: .accuracy, remarks: remarks,
            splitter: architecture.map { .vision($0) } ?? .trainableParameters,
            freezeEpochs: isPretrained ? freezeEpochs ?? Self.freezeEpochs.initial : nil)
    }

    /// - Parameter report: Called with what became of the weights.
    private func model(size: Int, classes: Int, report: @escaping (WeightReport) -> Void) throws -> Module {
        switch network {
        case .own(let model): return model.forImages(size: size, classes: classes)
        case .known(let architecture):
            return Sequential([
                try createBody(architecture, weights: weights, report: report),
                createHead(features: architecture.features, outputs: classes, pools: architecture.givesImage),
            ])
        }
    }
}
