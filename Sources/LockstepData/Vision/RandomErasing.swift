// SPDX-License-Identifier: Apache-2.0
// Rectangles of noise in training images.

public import LockstepTensor

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Replaces one or more rectangles of an image by normally distributed noise: for images that are normalised already.
///
/// Together the rectangles are between `area.lowerBound` and `area.upperBound` of the image. What is drawn is a function of
/// (seed, epoch, item), the same on every rank. Zhong et al., *Random Erasing Data Augmentation* (2017). fastai:
/// `RandomErasing`.
public struct RandomErasing: RandomTransform, Codable, Hashable, Sendable {
    /// How often an image has rectangles erased.
    public var probability: Double
    /// The least and the largest part of the image.
    public var area: ClosedRange<Double>
    /// Rectangles are between this and its inverse times as high as wide.
    public var minAspect: Double
    /// The most rectangles.
    public var maxCount: Int

    /// Erases between the two bounds of `area` of an image, in at most `maxCount` rectangles.
    public init(
        probability: Double = 0.5, area: ClosedRange<Double> = 0...0.3, minAspect: Double = 0.3, maxCount: Int = 1,
        file: StaticString = #fileID, line: UInt = #line
    ) {
        require(
            probability >= 0 && probability <= 1, "RandomErasing: a probability of \(probability) is not in 0...1",
            file: file, line: line)
        require(
            area.lowerBound >= 0 && area.upperBound <= 1, "RandomErasing: an area of \(area) is not in 0...1",
            file: file,
            line: line)
        require(
            minAspect > 0 && minAspect <= 1 && maxCount > 0,
            "RandomErasing: minAspect \(minAspect) must be in 0 ..< 1 and maxCount \(maxCount) positive", file: file,
            line: line)
        (self.probability, self.area, self.minAspect, self.maxCount) = (probability, area, minAspect, maxCount)
    }

    /// The place in a pipeline: lower first.
    public var order: Int { 100 }
    /// What it does on the way to the model.
    public var encodes: [TypedFunction] {
        [
            TypedFunction { (image: TensorImage, context: TransformContext) in
                var generator = context.generator()
                return TensorImage(erased(image.tensor, using: &generator))
            }
        ]
    }

    /// - Parameter image: float32 `[C, H, W]`.
    func erased(_ image: Tensor, using generator: inout PhiloxGenerator) -> Tensor {
        require(
            image.rank == 3 && image.dtype == .float32,
            "RandomErasing: an image must be float32 [C, H, W], not \(image.dtype) \(image.shape)")
        let (channels, height, width) = (image.shape[0], image.shape[1], image.shape[2])
        guard image.count > 0 else { return image }
        let result = Tensor.uninitializedChannelsLast([1, channels, height, width], dtype: .float32)[0]
        Tensor.copy(image.detached, into: result)
        let output = result.unsafePointer.assumingMemoryBound(to: Float.self)
        let count = Int.random(in: 1...maxCount, using: &generator)
        for _ in 0..<count {
            let size = Double.random(in: area, using: &generator) * Double(height * width) / Double(count)
            let range = log(minAspect)...(-log(minAspect))
            let aspect = exp(Double.random(in: range, using: &generator))
            let rows = stretch((size * aspect).squareRoot(), height, &generator)
            let columns = stretch((size / aspect).squareRoot(), width, &generator)
            let noise = Tensor.normal([rows.count, columns.count, channels], using: &generator).floats
            for (line, row) in rows.enumerated() {
                for place in 0..<columns.count * channels {
                    output[(row * width + columns.lowerBound) * channels + place] =
                        noise[line * columns.count * channels + place]
                }
            }
        }
        return result
    }

    /// About `length` pixels of `size`, anywhere.
    private func stretch(_ length: Double, _ size: Int, _ generator: inout PhiloxGenerator) -> Range<Int> {
        let length = min(Int(length.rounded()), size)
        let start = Int.random(in: 0...size - length, using: &generator)
        return start..<start + length
    }
}

extension RandomErasing: Configurable {
    public static let configuration = Configuration(codable: RandomErasing.self) { erasing, fields in
        try fields.check(
            (0...1).contains(erasing.probability) && erasing.area.lowerBound >= 0 && erasing.area.upperBound <= 1
                && erasing.minAspect > 1e-6 && erasing.minAspect <= 1 && (1...1000).contains(erasing.maxCount),
            "\(erasing) is impossible")
    }
}
