// SPDX-License-Identifier: Apache-2.0
// The list of transforms: files find them by it, and what must hold for all of them is tried with its examples.

package import LockstepTensor

/// A transform of the package, or a dataset made of transforms: one with options other than the usual ones, some of which
/// have learned something.
///
/// Swift finds no type by itself, so each has a line in ``all``; one that is missing fails `ListedTypesTests` by name.
package struct TransformExample: Sendable {
    /// The type's name.
    package let name: String
    /// What files know it by.
    package let configuration: Configuration
    /// Nil where a value needs data: those are tried in `ExportedDataTests`.
    package let make: (@Sendable () throws -> any Transform)?

    private init<Example: Transform & Configurable>(_ make: @escaping @Sendable () throws -> Example) {
        (name, configuration, self.make) = ("\(Example.self)", Example.configuration, make)
    }

    private init<Example: Configurable>(ofData type: Example.Type) {
        (name, configuration, make) = ("\(type)", type.configuration, nil)
    }

    /// Every transform that is no function, and the datasets made of transforms.
    package static let all: [TransformExample] = [
        Self { Categorize(vocab: ["b", "a"], sort: false, addNA: true) },
        Self { MultiCategorize(vocab: ["a", "b", "c"]) },
        Self { EncodedMultiCategorize(vocab: ["x", "y"]) },
        Self { OneHotEncode(count: 3) },
        Self { RegressionSetup(count: 2) },
        Self { ToTensor() },
        Self { IntToFloat(divisor: 2, maskDivisor: 3) },
        Self { Normalize(mean: [0.5, 0.4], std: [0.2, 0.3]) },
        Self { ParentLabel() },
        Self { try RegexLabeller("/([a-z]+)_", atStart: true) },
        Self { ColumnReader("a", prefix: "p", delimiter: ";") },
        Self(ofData: Getter.self),
        Self { OpenImage(.grey) },
        Self { OpenMask(codes: ["sky", "road"]) },
        Self { MaskOfImage(from: "images", to: "masks", ending: "_P.png") },
        Self { Resize(6) },
        Self { RandomResizedCrop(7) },
        Self { AffineAugmentation(flip: 0.5, maxRotate: 10, zoom: 1...1.5) },
        Self { LightingAugmentation(maxBrightness: 0.2, maxContrast: 0.1, probability: 0.5) },
        Self { RandomErasing(probability: 0.3, area: 0.1...0.2, minAspect: 0.5, maxCount: 2) },
        Self { Tokenizer(.words, usesRules: false) },
        Self { Numericalize(fitting: ["to", "be", "or", "not", "to", "be"], minFrequency: 2) },
        Self { PadInput(token: 3, first: true) },
        Self(ofData: TabularDataset.self),
        Self(ofData: TokenizedTexts.self),
        Self(ofData: TransformedTuples.self),
    ]
}
