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

    @Argument(help: ArgumentHelp("The folder.", valueName: "folder")) var folder: String
    @Option(help: "Network.") var model: ImageModel = .cnn
    @Option(help: ArgumentHelp("Height and width that images are brought to.", valueName: "pixels")) var size = 64
    @Flag(inversion: .prefixedNo, help: "Flip, turn, zoom and light training images at random.") var augment = true

    func validate() throws {
        if !(4...1024).contains(size) { throw ValidationError("--size \(size): must be between 4 and 1024") }
    }

    var modelName: String { model.rawValue }
    var hasImages: Bool { true }
    func complete(_ settings: inout TrainingSettings) { (settings.data, settings.augment) = (folder, augment) }
    func check() throws { try Failure.requireReadable(folder, option: "images") }

    func task(_ settings: TrainingSettings) throws -> TrainingTask {
        let dls = try DataLoaders.images(
            path: folder, size: size, batchSize: settings.batchSize, seed: settings.seed,
            augment: settings.augment == true ? augTransforms() : [], numWorkers: 1)
        let classes = dls.vocabulary ?? []
        return TrainingTask(
            dls: dls, model: model.forImages(size: size, classes: classes.count), loss: .crossEntropy,
            metric: .accuracy,
            notes: "classes      " + classes.prefix(20).joined(separator: ", ") + (classes.count > 20 ? ", …" : ""))
    }
}
