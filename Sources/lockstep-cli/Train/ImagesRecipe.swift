// SPDX-License-Identifier: Apache-2.0
// The recipe for a folder of images, with a folder inside for each class.

import ArgumentParser
import Lockstep

/// PNG and JPEG files in one folder per class.
struct ImagesRecipe: Recipe {
    static let name = "images"
    static let abstract = "A folder of PNG and JPEG images with a folder inside for each class."
    static let discussion =
        "With folders train and valid the classes lie in those; otherwise a fifth of the images is for validation."
    static let defaults = (epochs: 10, lr: 3e-3, batchSize: 64)

    static let data = Setting(
        "data", "", help: "The folder.", valueName: "folder", showsDefault: false, onResume: .given)
    @Argument(ImagesRecipe.data) var data: String
    static let model = Setting("model", ImageModel.cnn, help: "Network.")
    @Option(ImagesRecipe.model) var model: ImageModel?
    static let size = Setting(
        "size", 64, in: 4...1024, help: "Height and width that images are brought to.", valueName: "pixels")
    @Option(ImagesRecipe.size) var size: Int?
    static let augment = Setting("augment", true, help: "Flip, turn, zoom and light training images at random.")
    @Flag(ImagesRecipe.augment, inversion: .prefixedNo) var augment: Bool?

    static var settings: [BoundSetting<Self>] {
        [
            BoundSetting(data, \.data), BoundSetting(model, \.model), BoundSetting(size, \.size),
            BoundSetting(augment, \.augment),
        ]
    }
    func validate() throws { try checkGiven() }

    private var network: ImageModel { model ?? Self.model.initial }
    var modelName: String { network.rawValue }
    var source: String? { data }
    var hasImages: Bool { true }
    mutating func changeImages() { augment = true }
    func check() throws { try Failure.requireReadable(data, option: "images") }

    func task(_ settings: TrainingSettings) throws -> TrainingTask {
        let size = size ?? Self.size.initial
        let dls = try DataLoaders.images(
            path: data, size: size, batchSize: settings.batchSize, seed: settings.seed,
            augment: augment ?? Self.augment.initial ? augTransforms() : [], numWorkers: 1)
        let classes = dls.vocabulary ?? []
        return TrainingTask(
            dls: dls, model: network.forImages(size: size, classes: classes.count), loss: .crossEntropy,
            metric: .accuracy,
            remarks: "classes      " + classes.prefix(20).joined(separator: ", ") + (classes.count > 20 ? ", …" : ""))
    }
}
