// SPDX-License-Identifier: Apache-2.0
// The transforms and datasets that files call by name. Swift finds no type by itself, so each has a line here.

package import LockstepTensor

extension Configuration {
    /// Every transform of the package that is no function, and the datasets made of transforms.
    package static let transforms: [Configuration] = transformTypes.map { $0.configuration }

    private static let transformTypes: [any Configurable.Type] = [
        Categorize.self, MultiCategorize.self, EncodedMultiCategorize.self, OneHotEncode.self, RegressionSetup.self,
        ToTensor.self, IntToFloat.self, Normalize.self,
        ParentLabel.self, RegexLabeller.self, ColumnReader.self, Getter.self,
        OpenImage.self, Resize.self, RandomResizedCrop.self, AffineAugmentation.self, LightingAugmentation.self,
        RandomErasing.self, PadInput.self,
        TabularDataset.self, TransformedTuples.self,
    ]
}
