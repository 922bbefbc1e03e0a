// SPDX-License-Identifier: Apache-2.0
// Training images made brighter or darker, stronger or flatter.

public import LockstepTensor

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Changes brightness and contrast of images at random, in the space of logits, so that values stay between 0 and 1.
///
/// With ℓ the largest change: brightness adds `logit(u)`, u between `(1 − ℓ)/2` and `(1 + ℓ)/2`; contrast multiplies by a factor
/// between `1 − ℓ` and `1/(1 − ℓ)`, as likely to be f as 1/f. Images are `[C, H, W]`, or `[N, C, H, W]` with another change
/// for each, float32 and not yet normalised; values outside 0 … 1 are cut off in images that are changed. What is drawn is a
/// function of (seed, epoch, item), the same on every rank.
///
/// fastai: `Brightness`, `Contrast`.
public struct LightingAugmentation: RandomTransform, Codable, Hashable, Sendable {
    /// The largest change of brightness, 0 ..< 1.
    public var maxBrightness: Double
    /// The largest change of contrast, 0 ..< 1.
    public var maxContrast: Double
    /// How often the brightness is changed, and how often the contrast.
    public var brightnessAndContrast: Double

    /// - Parameter probability: how often the brightness is changed, and how often the contrast.
    public init(
        maxBrightness: Double = 0, maxContrast: Double = 0, probability: Double = 0.75, file: StaticString = #fileID,
        line: UInt = #line
    ) {
        for change in [maxBrightness, maxContrast] {
            require(
                change >= 0 && change < 1, "LightingAugmentation: a change of \(change) is not in 0 ..< 1", file: file,
                line: line)
        }
        require(
            probability >= 0 && probability <= 1,
            "LightingAugmentation: a probability of \(probability) is not in 0...1", file: file, line: line)
        (self.maxBrightness, self.maxContrast, brightnessAndContrast) = (maxBrightness, maxContrast, probability)
    }

    /// Brighter or darker. fastai: `Brightness`.
    public static func brightness(_ maxLighting: Double = 0.2, probability: Double = 0.75) -> LightingAugmentation {
        LightingAugmentation(maxBrightness: maxLighting, probability: probability)
    }

    /// Stronger or flatter. fastai: `Contrast`.
    public static func contrast(_ maxLighting: Double = 0.2, probability: Double = 0.75) -> LightingAugmentation {
        LightingAugmentation(maxContrast: maxLighting, probability: probability)
    }

    /// The place in a pipeline: lower first.
    public var order: Int { 40 }
    /// Whether it takes whole batches.
    public var takesBatches: Bool { true }
    /// What it does on the way to the model.
    public var encodes: [TypedFunction] {
        [
            TypedFunction { (image: TensorImage, context: TransformContext) in
                let generators = context.isBatch ? context.generators() : [context.generator()]
                let changes = generators.map { generator in
                    var generator = generator
                    return change(using: &generator)
                }
                let images = context.isBatch ? image.tensor : image.tensor.unsqueezed(axis: 0)
                let result = Lighting.applied(changes, to: images)
                return TensorImage(context.isBatch ? result : result[0])
            }
        ]
    }

    func change(using generator: inout PhiloxGenerator) -> Lighting {
        func draw() -> Double { Double.random(in: 0..<1, using: &generator) }
        let (brightens, level) = (draw() < brightnessAndContrast, (1 + (2 * draw() - 1) * maxBrightness) / 2)
        let (contrasts, power) = (draw() < brightnessAndContrast, 2 * draw() - 1)
        return Lighting(
            brightness: brightens && maxBrightness > 0 ? log(level / (1 - level)) : 0,
            contrast: contrasts && maxContrast > 0 ? exp(-power * log(1 - maxContrast)) : 1)
    }
}

extension LightingAugmentation: Configurable {
    public static let configuration = Configuration(codable: LightingAugmentation.self) { change, fields in
        let changes = [change.maxBrightness, change.maxContrast]
        try fields.check(changes.allSatisfy { $0 >= 0 && $0 < 1 }, "changes of \(changes) are not in 0 ..< 1")
        try fields.check(
            (0...1).contains(change.brightnessAndContrast), "\(change.brightnessAndContrast) is no probability")
    }
}
