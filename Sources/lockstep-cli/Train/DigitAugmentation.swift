// SPDX-License-Identifier: Apache-2.0
// Random changes of images of digits, for the recipes that train on them.

import ArgumentParser
import Lockstep

/// `--augment`.
struct DigitAugmentation: SettingGroup {
    static let augment = Setting(
        "augment", false, help: "Train on randomly changed images: turned, zoomed, lit otherwise.", showsDefault: false,
        onResume: .sameIfKnown)
    @Flag(DigitAugmentation.augment) var augment = false

    static var settings: [BoundSetting<Self>] { [BoundSetting(flag: augment, \.augment)] }

    /// What is wrong when there is nothing to change.
    func conflict(_ hasImages: Bool) -> SettingConflict? {
        guard augment, !hasImages else { return nil }
        return SettingConflict(key: "augment", words: "--augment", problem: "needs images; add --model cnn")
    }

    /// What leaves a digit the same digit: small turns and zooms, no mirror images.
    var transforms: [any Transform] {
        augment ? augTransforms(doFlip: false, maxRotate: 8, maxLighting: 0.1) : []
    }
}
