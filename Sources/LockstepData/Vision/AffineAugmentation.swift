// SPDX-License-Identifier: Apache-2.0
// Flips, turns and zooms of training images, put together into one sampling.

public import LockstepTensor

/// Flips, turns and zooms images at random.
///
/// ```swift
/// AffineAugmentation.flip()
/// AffineAugmentation(flip: 0.5, maxRotate: 10, zoom: 1...1.1, probability: 0.75)
/// ```
///
/// The changes of an image are multiplied into one map, and each new pixel is interpolated once. An image and its mask are
/// changed alike; a mask's pixels take the nearest class. Images are `[C, H, W]`, or `[N, C, H, W]` with another change for
/// each; masks the same without C. What is drawn is a function of (seed, epoch, item), the same on every rank.
///
/// fastai: `Flip`, `Dihedral`, `Rotate`, `Zoom` with `AffineCoordTfm`; turns do not distort images that are not square.
public struct AffineAugmentation: RandomTransform, Codable, Hashable, Sendable {
    /// How often left and right are exchanged.
    public var flip: Double
    /// How often top and bottom are exchanged.
    public var flipVertical: Double
    /// How often the image is mirrored at its diagonal.
    public var transpose: Double
    /// Turns are between this many degrees to the left and to the right, each as likely.
    public var maxRotate: Double
    /// How large the image becomes; what is kept of a larger one is anywhere in it.
    public var zoom: ClosedRange<Double>
    /// How often an image is turned, and how often it is zoomed.
    public var rotateAndZoom: Double
    /// What is taken for pixels outside the image.
    public var padding: ImagePadding

    /// - Parameters:
    ///   - flip: how often left and right are exchanged.
    ///   - flipVertical: how often top and bottom are exchanged.
    ///   - transpose: how often the image is mirrored at its diagonal; needs square images to look natural.
    ///   - maxRotate: degrees.
    ///   - probability: how often an image is turned, and how often it is zoomed.
    public init(
        flip: Double = 0, flipVertical: Double = 0, transpose: Double = 0, maxRotate: Double = 0,
        zoom: ClosedRange<Double> = 1...1, probability: Double = 1, padding: ImagePadding = .reflection,
        file: StaticString = #fileID, line: UInt = #line
    ) {
        for share in [flip, flipVertical, transpose, probability] {
            require(
                share >= 0 && share <= 1, "AffineAugmentation: a probability of \(share) is not in 0...1", file: file,
                line: line)
        }
        require(
            zoom.lowerBound > 0 && zoom.upperBound.isFinite, "AffineAugmentation: a zoom of \(zoom)", file: file,
            line: line)
        require(maxRotate.isFinite, "AffineAugmentation: turns of \(maxRotate) degrees", file: file, line: line)
        (self.flip, self.flipVertical, self.transpose) = (flip, flipVertical, transpose)
        (self.maxRotate, self.zoom, rotateAndZoom, self.padding) = (maxRotate, zoom, probability, padding)
    }

    /// Left and right exchanged.
    public static func flip(_ probability: Double = 0.5) -> AffineAugmentation { AffineAugmentation(flip: probability) }

    /// One of the eight ways to lay a square on itself, each as likely. fastai: `Dihedral`.
    public static var dihedral: AffineAugmentation { AffineAugmentation(flip: 0.5, flipVertical: 0.5, transpose: 0.5) }

    /// Turned by up to `degrees` to either side.
    public static func rotate(_ degrees: Double = 10, probability: Double = 0.5) -> AffineAugmentation {
        AffineAugmentation(maxRotate: degrees, probability: probability)
    }

    /// Made larger or smaller.
    public static func zoom(_ range: ClosedRange<Double> = 1...1.1, probability: Double = 0.5) -> AffineAugmentation {
        AffineAugmentation(zoom: range, probability: probability)
    }

    /// The place in a pipeline: lower first.
    public var order: Int { 30 }
    /// Whether it takes whole batches.
    public var takesBatches: Bool { true }
    /// What it does on the way to the model.
    public var encodes: [TypedFunction] {
        [
            TypedFunction { (image: TensorImage, context: TransformContext) in
                TensorImage(changed(image.tensor, context, nearest: false))
            },
            TypedFunction { (mask: TensorMask, context: TransformContext) in
                TensorMask(changed(mask.tensor, context, nearest: true))
            },
        ]
    }

    private func changed(_ tensor: Tensor, _ context: TransformContext, nearest: Bool) -> Tensor {
        // To [N, C, H, W] and back.
        var images = context.isBatch ? tensor : tensor.unsqueezed(axis: 0)
        if nearest { images = images.unsqueezed(axis: 1) }
        let maps = (context.isBatch ? context.generators() : [context.generator()]).map { generator in
            var generator = generator
            return map(using: &generator)
        }
        let dtype = images.dtype
        var result = ImageSampling.warped(images.to(.float32), by: maps, padding: padding, nearest: nearest)
        if dtype != .float32 { result = (result + (nearest ? 0 : 0.5)).to(dtype) }
        if nearest { result = result.squeezed(axis: 1) }
        return context.isBatch ? result : result[0]
    }

    /// Draws the map of one image. Every number is drawn whether it is needed or not, so that changing one setting
    /// leaves the others' draws as they were.
    func map(using generator: inout PhiloxGenerator) -> AffineMatrix {
        func draw(_ low: Double = 0, _ high: Double = 1) -> Double {
            low + (high - low) * Double.random(in: 0..<1, using: &generator)
        }
        var result = AffineMatrix.identity
        if draw() < flip { result = result.after(.flip()) }
        if draw() < flipVertical { result = result.after(.flip(horizontal: false)) }
        if draw() < transpose { result = result.after(.transposition) }
        let (turns, degrees) = (draw() < rotateAndZoom, draw(-maxRotate, maxRotate))
        if turns && maxRotate != 0 { result = result.after(.rotation(degrees: degrees)) }
        let (zooms, scale, x, y) = (draw() < rotateAndZoom, draw(zoom.lowerBound, zoom.upperBound), draw(), draw())
        if zooms && scale != 1 { result = result.after(.zoom(scale, x: x, y: y)) }
        return result
    }
}

extension AffineAugmentation: Configurable {
    public static let configuration = Configuration(codable: AffineAugmentation.self) { change, fields in
        let shares = [change.flip, change.flipVertical, change.transpose, change.rotateAndZoom]
        try fields.check(shares.allSatisfy { (0...1).contains($0) }, "\(shares) are not probabilities")
        try fields.check(
            change.zoom.lowerBound > 0 && change.zoom.upperBound.isFinite && abs(change.maxRotate) <= 1e6,
            "a zoom of \(change.zoom), turns of \(change.maxRotate) degrees")
    }
}
