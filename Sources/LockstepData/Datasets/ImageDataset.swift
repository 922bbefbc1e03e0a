// SPDX-License-Identifier: Apache-2.0
// Images kept as bytes, one byte a value, turned into floats as they are batched.

import CLockstepKernels
public import LockstepTensor

/// Labelled images held as bytes: a quarter of the memory of floats, converted in the same pass that gathers them.
public struct ImageDataset: Dataset, Fingerprinted, Sendable {
    /// The number of items.
    public let count: Int
    /// The shape of one image as the model sees it, for example [1, 28, 28], or [784] when flattened.
    public let imageShape: Shape
    /// The class of every image.
    public let labels: [Int]
    private let pixels: [UInt8]
    private let scale, offset: Float
    /// Of all images, also where this is a part of them that lacks a class.
    let classCount: Int

    /// - Parameters:
    ///   - pixels: all images one after another, `labels.count` × the elements of `imageShape`.
    ///   - scale: each byte becomes `byte · scale + offset`.
    public init(
        pixels: [UInt8], labels: [Int], imageShape: Shape, scale: Float = 1 / 255, offset: Float = 0,
        file: StaticString = #fileID, line: UInt = #line
    ) {
        require(
            pixels.count == labels.count * imageShape.elementCount,
            "ImageDataset: \(pixels.count) bytes are not \(labels.count) images of \(imageShape)", file: file,
            line: line)
        self.init(
            pixels: pixels, labels: labels, imageShape: imageShape,
            scale: scale, offset: offset, classCount: (labels.max() ?? -1) + 1)
    }

    private init(
        pixels: [UInt8], labels: [Int], imageShape: Shape, scale: Float, offset: Float, classCount: Int
    ) {
        self.classCount = classCount
        self.pixels = pixels
        self.labels = labels
        self.imageShape = imageShape
        (self.scale, self.offset) = (scale, offset)
        count = labels.count
    }

    /// How many of an item's members are inputs.
    public var inputCount: Int { 1 }
    /// Images where they have channels, height and width.
    public var memberTypes: [any SemanticTensor.Type] { imageShape.rank == 3 ? [TensorImage.self] : [] }
    /// What the targets mean, from which a learner infers its loss.
    public var targetKind: TargetKind? { .category(count: classCount) }

    /// Input: float32 `imageShape`. Target: int64 scalar.
    public func item(at index: Int) -> Sample {
        let batch = images(at: [index])
        return Sample(inputs: [RowGather.row(batch.inputs[0], 0)], targets: [RowGather.row(batch.targets[0], 0)])
    }

    /// Input: float32 [indices.count, imageShape…]. Target: int64 [indices.count].
    public func batch(at indices: [Int], epoch: Int) -> Batch? { images(at: indices) }

    /// The images at `indices` as a dataset of their own.
    public func subset(_ indices: [Int]) -> ImageDataset {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(indices.count * imageShape.elementCount)
        let width = imageShape.elementCount
        for index in indices { bytes += pixels[index * width..<(index + 1) * width] }
        return ImageDataset(
            pixels: bytes, labels: indices.map { labels[$0] }, imageShape: imageShape, scale: scale,
            offset: offset, classCount: classCount)
    }

    /// Mean and standard deviation over every value of every image, before `scale` and `offset`.
    var byteStatistics: (mean: Double, deviation: Double) {
        var histogram = [Int](repeating: 0, count: 256)
        for pixel in pixels { histogram[Int(pixel)] += 1 }
        let total = Double(max(1, pixels.count))
        var mean = 0.0
        for (value, count) in histogram.enumerated() { mean += Double(value) * Double(count) / total }
        var variance = 0.0
        for (value, count) in histogram.enumerated() {
            variance += (Double(value) - mean) * (Double(value) - mean) * Double(count) / total
        }
        return (mean, variance.squareRoot())
    }

    /// The same images among so many classes.
    func with(classCount: Int) -> ImageDataset {
        ImageDataset(
            pixels: pixels, labels: labels, imageShape: imageShape, scale: scale, offset: offset, classCount: classCount
        )
    }

    /// The same images with other values: `byte · scale + offset`.
    func rescaled(scale: Float, offset: Float) -> ImageDataset {
        ImageDataset(
            pixels: pixels, labels: labels, imageShape: imageShape, scale: scale, offset: offset,
            classCount: classCount)
    }

    package func add(to fingerprint: inout Fingerprint) {
        fingerprint.add(labels)
        fingerprint.add(Double(scale))
        fingerprint.add(Double(offset))
        pixels.withUnsafeBytes {
            fingerprint.add(rowsOf: $0, count: count, width: imageShape.elementCount)
        }
    }

    private func images(at indices: [Int]) -> Batch {
        let bad = RowGather.firstBad(indices, below: count)
        require(bad == nil, "ImageDataset: there is no image \(bad ?? 0) among \(count)")
        let width = imageShape.elementCount
        var shape = imageShape
        shape.insert(indices.count, at: 0)
        let x = Tensor.uninitialized(shape)
        if x.count > 0 {
            lsk_gather_bytes(
                indices.count, width, indices, pixels, scale, offset,
                x.unsafePointer.assumingMemoryBound(to: Float.self))
        }
        let y = Tensor.uninitialized(Shape(rank: 1, repeating: indices.count), dtype: .int64)
        lsk_copy_rows(indices.count, y.dtype.byteCount, indices, labels, y.unsafePointer)
        return Batch(inputs: [x], targets: [y], size: indices.count)
    }
}
