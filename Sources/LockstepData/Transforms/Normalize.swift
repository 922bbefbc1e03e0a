// SPDX-License-Identifier: Apache-2.0
// Images to mean 0 and deviation 1, channel by channel.

public import LockstepTensor

/// (x − mean) / std of every channel of images, [C, H, W] or [N, C, H, W].
///
/// Statistics that are not given come from the loader's first batch: the mean and the sample deviation (divisor count − 1)
/// over axes 0, 2 and 3, plus 1e-7. Order 99. fastai's `Normalize`.
public struct Normalize: Transform, Codable, Hashable, Sendable {
    /// Per channel; nil until learned.
    public private(set) var mean: [Float]?
    /// Per channel; nil until learned.
    public private(set) var std: [Float]?
    /// What float32 cannot hold of the means; nil where that is too little to be seen beside the deviations.
    package private(set) var rest: [Float]?

    /// - Parameters:
    ///   - mean: one per channel, or one for all.
    ///   - std: likewise.
    /// - Precondition: both or neither; no deviation is 0.
    public init(mean: [Float]? = nil, std: [Float]? = nil, file: StaticString = #fileID, line: UInt = #line) {
        require(
            (mean == nil) == (std == nil) && mean?.count == std?.count,
            "Normalize: \(mean?.count ?? 0) means and \(std?.count ?? 0) deviations", file: file, line: line)
        require(
            std?.allSatisfy { $0 != 0 && $0.isFinite } ?? true, "Normalize: deviations \(std ?? [])", file: file,
            line: line)
        (self.mean, self.std) = (mean, std)
    }

    /// The statistics of ImageNet, for models trained on it; three channels, values 0 … 1.
    public static var imageNet: Normalize { Normalize(mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225]) }

    /// - Throws: `DecodingError` also for statistics that cannot be.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        mean = try values.decodeIfPresent([Float].self, forKey: .mean)
        std = try values.decodeIfPresent([Float].self, forKey: .std)
        rest = try values.decodeIfPresent([Float].self, forKey: .rest)
        guard mean?.count == std?.count, rest == nil || rest?.count == mean?.count,
            (mean ?? []).allSatisfy(\.isFinite), (rest ?? []).allSatisfy(\.isFinite),
            (std ?? []).allSatisfy({ $0.isFinite && $0 != 0 })
        else {
            throw DecodingError.dataCorruptedError(
                forKey: .std, in: values, debugDescription: "means and deviations do not fit together")
        }
    }

    /// The place in a pipeline: lower first.
    public var order: Int { 99 }

    /// - Throws: `DataError` when a batch holds no images [N, C, H, W], or not two values per channel.
    public mutating func setup(loader: TransformedDataLoader) throws {
        if mean != nil { return }
        let members = loader.semantic(try loader.firstBatch().members).members
        guard let x = members.lazy.compactMap({ $0 as? TensorImage }).first?.tensor, x.rank == 4 else {
            throw DataError(
                .mismatch, file: "Normalize", "the first batch holds no images to learn mean and deviation from",
                remedy: "Give them: Normalize(mean: [0.5], std: [0.25])")
        }
        let count = Double(x.count / Swift.max(1, x.shape[1]))
        guard count > 1 else {
            throw DataError(.mismatch, file: "Normalize", "\(x.shape) has less than two values per channel")
        }
        let values = x.detached.to(.float64)
        let mean = values.mean(axes: [0, 2, 3], keepDims: true)
        let distance = values - mean
        let variance = (distance * distance).sum(axes: [0, 2, 3]) / (count - 1)
        let deviations = variance.sqrt().doubles.map { Float($0 + 1e-7) }
        let rests = zip(mean.doubles, mean.floats).map { Float($0 - Double($1)) }
        (self.mean, std) = (mean.floats, deviations)
        rest = zip(rests, deviations).contains { abs($0) > 1e-6 * $1 } ? rests : nil
    }

    /// What it does on the way to the model.
    public var encodes: [TypedFunction] {
        let (mean, std, rest) = (channels(mean), channels(std), channels(rest))
        return [
            TypedFunction { (image: TensorImage) throws in
                guard let mean, let std else { return image }
                try check(image.tensor)
                let distance = image.tensor - mean
                return TensorImage((rest.map { distance - $0 } ?? distance) / std)
            }
        ]
    }

    /// What it does on the way back to a person.
    public var decodes: [TypedFunction] {
        let (mean, std, rest) = (channels(mean), channels(std), channels(rest))
        return [
            TypedFunction { (image: TensorImage) throws in
                guard let mean, let std else { return image }
                try check(image.tensor)
                let distance = image.tensor * std
                return TensorImage((rest.map { distance + $0 } ?? distance) + mean)
            }
        ]
    }

    private enum CodingKeys: CodingKey { case mean, std, rest }

    /// - Throws: `DataError` for images of other channels than the statistics.
    private func check(_ image: Tensor) throws(DataError) {
        guard let count = mean?.count, count != 1, image.rank < 3 || image.dim(-3) != count else { return }
        throw DataError(
            .mismatch, file: "Normalize", "an image of shape \(image.shape) for the statistics of \(count) channels")
    }

    /// [C, 1, 1]: fits an image and a batch of them.
    private func channels(_ values: [Float]?) -> Tensor? { values.map { Tensor($0, shape: [$0.count, 1, 1]) } }
}

extension Normalize: Configurable {
    public static let configuration = Configuration(codable: Normalize.self)
}
