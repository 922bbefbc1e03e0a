// SPDX-License-Identifier: Apache-2.0
// The recipes of handwritten digits: those that come with the package, and MNIST's format.

import ArgumentParser
import Lockstep

/// The digits that come with the package.
struct DigitsRecipe: Recipe {
    static let name = "digits"
    static let abstract = "1,797 real handwritten digits of 8×8 pixels; nothing to download."
    static let defaults = (epochs: 20, lr: 2e-2, batchSize: 64)

    static let model = Setting("model", ImageModel.mlp, help: "Network.")
    @Option(DigitsRecipe.model) var model: ImageModel?
    @OptionGroup var augmentation: DigitAugmentation
    @OptionGroup var weighting: ClassWeightsOption

    static var settings: [BoundSetting<Self>] {
        [BoundSetting(model, \.model)] + DigitAugmentation.settings.map { $0.lifted(\.augmentation) }
            + ClassWeightsOption.settings.map { $0.lifted(\.weighting) }
    }
    private var network: ImageModel { model ?? Self.model.initial }
    var modelName: String { network.rawValue }
    var hasImages: Bool { network == .cnn }
    mutating func changeImages() { augmentation.augment = true }
    var conflict: SettingConflict? { augmentation.conflict(hasImages) }

    func task(_ settings: TrainingSettings) throws -> TrainingTask {
        let dls = try DataLoaders.digits(
            batchSize: settings.batchSize, seed: settings.seed, asImages: hasImages, augment: augmentation.transforms)
        return TrainingTask(
            dls: dls, model: network.forDigits(), loss: try weighting.loss(of: dls), metric: .accuracy)
    }
}

/// A folder in MNIST's format.
struct MNISTRecipe: Recipe {
    static let name = "mnist"
    /// A million: more weights than that for one hidden value are a mistake.
    private static let mostPixels = 1 << 20
    static let abstract = "A folder of IDX files, plain or gzip: MNIST and its relatives."
    static let discussion =
        "Images may have any size, and labels any classes numbered from 0. With train- and t10k- files the latter are for validation; with one pair a fifth of it is."
    static let defaults = (epochs: 3, lr: 3e-3, batchSize: 64)

    static let data = Setting(
        "data", "", help: "Folder with the IDX files.", valueName: "folder", showsDefault: false, onResume: .given)
    @Option(MNISTRecipe.data) var data: String?
    static let model = Setting("model", ImageModel.cnn, help: "Network.")
    @Option(MNISTRecipe.model) var model: ImageModel?
    @OptionGroup var augmentation: DigitAugmentation
    @OptionGroup var weighting: ClassWeightsOption

    static var settings: [BoundSetting<Self>] {
        [BoundSetting(required: data, \.data), BoundSetting(model, \.model)]
            + DigitAugmentation.settings.map { $0.lifted(\.augmentation) }
            + ClassWeightsOption.settings.map { $0.lifted(\.weighting) }
    }
    private var network: ImageModel { model ?? Self.model.initial }
    var modelName: String { network.rawValue }
    var source: String? { data }
    var hasImages: Bool { network == .cnn }
    mutating func changeImages() { augmentation.augment = true }
    var conflict: SettingConflict? { augmentation.conflict(hasImages) }
    func check() throws { try Failure.requireReadable(data ?? "", option: "--data") }

    func task(_ settings: TrainingSettings) throws -> TrainingTask {
        let data = data ?? ""
        let dls = try DataLoaders.mnist(
            path: data, batchSize: settings.batchSize, seed: settings.seed, asImages: hasImages,
            augment: augmentation.transforms)
        guard let images = dls.trainDataset as? ImageDataset,
            case .category(let classes)? = images.targetKind
        else { throw Failure.noInput("\(data): holds no labelled images") }
        let shape = images.imageShape
        guard shape.elementCount <= MNISTRecipe.mostPixels else {
            throw Failure.noInput(
                "\(data): its images have \(shape.elementCount) pixels; this recipe takes up to \(MNISTRecipe.mostPixels)"
            )
        }
        guard network == .mlp || min(shape[1], shape[2]) >= 4 else {
            throw Failure.noInput(
                "\(data): images of \(shape[1]) × \(shape[2]) pixels are too small for a cnn; use --model mlp")
        }
        return TrainingTask(
            dls: dls, model: network.forMNIST(shape, classes: classes), loss: try weighting.loss(of: dls),
            metric: .accuracy)
    }
}
