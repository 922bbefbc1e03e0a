// SPDX-License-Identifier: Apache-2.0
// Random changes of images of digits, for the recipes that train on them.

import ArgumentParser
import Lockstep

/// `--augment`.
struct DigitAugmentation: ParsableArguments {
    @Flag(help: "Train on randomly changed images: turned, zoomed, lit otherwise.") var augment = false

    /// Notes whether images are changed, where there are images.
    func complete(_ settings: inout TrainingSettings, _ hasImages: Bool) {
        if hasImages { settings.augment = augment }
    }

    /// - Throws: ``Failure`` when there is nothing to change.
    func check(_ hasImages: Bool) throws {
        if augment, !hasImages { throw Failure.usage("--augment: needs images; add --model cnn") }
    }

    /// What leaves a digit the same digit: small turns and zooms, no mirror images.
    func transforms(_ settings: TrainingSettings) -> [any Transform] {
        settings.augment == true ? augTransforms(doFlip: false, maxRotate: 8, maxLighting: 0.1) : []
    }
}
