// SPDX-License-Identifier: Apache-2.0
// The losses that files call by name. Swift finds no type by itself, so each has a line here.

package import LockstepTensor

extension Configuration {
    /// Every loss of the package but functions.
    package static let losses: [Configuration] = lossTypes.map { $0.configuration }

    private static let lossTypes: [any Configurable.Type] = [
        CrossEntropyFlat.self, FocalFlat.self, DiceLoss.self, LabelSmoothingCrossEntropy.self,
        LabelSmoothingCrossEntropyFlat.self, MSEFlat.self, L1Flat.self, BCEFlat.self, BCEWithLogitsFlat.self,
    ]
}
