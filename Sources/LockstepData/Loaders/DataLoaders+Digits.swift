// SPDX-License-Identifier: Apache-2.0
// Loaders of the embedded digits and of MNIST-like IDX folders.

import LockstepTensor

extension DataLoaders {
    /// The 1,797 embedded handwritten digits, pixels scaled to 0 … 1, labels 0 … 9 (int64).
    ///
    /// - Parameters:
    ///   - seed: decides the split and the order of the items.
    ///   - validFraction: the part kept for validation.
    ///   - asImages: whether a batch of inputs is [N, 1, 8, 8] rather than [N, 64].
    ///   - augment: transforms of training batches, such as `augTransforms(doFlip: false)`; they need images.
    public static func digits(
        batchSize: Int = 64, seed: UInt64 = 42, validFraction: Double = 0.2, asImages: Bool = false,
        augment: [any Transform] = [], path: String = ".", file: StaticString = #fileID, line: UInt = #line
    ) throws -> DataLoaders {
        let digits = try Digits.load()
        let all = ImageDataset(
            pixels: digits.pixels, labels: digits.labels.map(Int.init),
            imageShape: asImages ? [1, Digits.side, Digits.side] : [Digits.side * Digits.side],
            scale: 1 / Float(Digits.maximum))
        let split = Splitter.random(validFraction, seed: seed)(all.count)
        return try imageLoaders(
            [all.subset(split.train), all.subset(split.valid)], batchSize: batchSize, seed: seed, augment: augment,
            path: path, file: file, line: line)
    }

    /// Images and labels of a folder with MNIST's IDX files (MNIST, Fashion-MNIST, KMNIST, EMNIST), plain or gzip.
    ///
    /// Images may have any size, and labels are any classes numbered from 0: how many there are is the data sets' `targetKind`.
    ///
    /// With `train-images-idx3-ubyte` and `train-labels-idx1-ubyte` these are for training, and the `t10k-` files for
    /// validation; where only one pair is there, a random part of it is for validation. Pixels are standardised
    /// with the mean and deviation of all training pixels, or scaled to 0 … 1.
    ///
    /// - Parameters:
    ///   - seed: decides the split, if one is made, and the order of the items.
    ///   - validFraction: the part kept for validation where a split is made.
    ///   - asImages: whether a batch of inputs is [N, 1, 28, 28] rather than [N, 784].
    ///   - standardised: whether pixels have mean 0 and deviation 1 rather than values 0 … 1.
    ///   - augment: transforms of training batches, such as `augTransforms(doFlip: false)`; they need images, of values 0 … 1,
    ///     which are standardised afterwards.
    /// - Throws: `DataError` naming the folder or file.
    public static func mnist(
        path folder: String, batchSize: Int = 64, seed: UInt64 = 42, validFraction: Double = 0.2,
        asImages: Bool = true, standardised: Bool = true, augment: [any Transform] = [], file: StaticString = #fileID,
        line: UInt = #line
    ) throws -> DataLoaders {
        let train = try imagePair(folder, "train", asImages)
        let test = try imagePair(folder, "t10k", asImages)
        guard let first = train ?? test else {
            throw DataError(
                .unreadable, file: folder,
                "holds neither train-images-idx3-ubyte nor t10k-images-idx3-ubyte, plain or .gz",
                remedy: "Give the folder with MNIST's four files")
        }
        var parts: [ImageDataset]
        if let train, let test {
            guard train.imageShape == test.imageShape else {
                throw DataError(
                    .mismatch, file: folder,
                    "training images have shape \(train.imageShape), test images \(test.imageShape)")
            }
            // A class that only one of them has is a class of both.
            let classes = max(train.classCount, test.classCount)
            parts = [train.with(classCount: classes), test.with(classCount: classes)]
        } else {
            let split = Splitter.random(validFraction, seed: seed)(first.count)
            parts = [first.subset(split.train), first.subset(split.valid)]
        }
        var transforms = augment
        if standardised {
            let (mean, deviation) = parts[0].byteStatistics
            let scale = 1 / max(deviation, 1)
            if augment.isEmpty {
                // One look-up per value, instead of a pass over every batch.
                parts = parts.map { $0.rescaled(scale: Float(scale), offset: Float(-mean * scale)) }
            } else {
                transforms.append(Normalize(mean: [Float(mean / 255)], std: [Float(1 / (scale * 255))]))
            }
        }
        return try imageLoaders(
            parts, batchSize: batchSize, seed: seed, augment: transforms, path: ".", file: file, line: line)
    }

    /// Loaders of a training and a validation part. With augmentations both have them, and those for training act on the
    /// first: when predictions are averaged over augmented passes, they act on the second, too.
    private static func imageLoaders(
        _ parts: [ImageDataset], batchSize: Int, seed: UInt64, augment: [any Transform], path: String,
        file: StaticString,
        line: UInt
    ) throws -> DataLoaders {
        guard !augment.isEmpty else {
            return DataLoaders(parts, batchSize: batchSize, seed: seed, path: path, file: file, line: line)
        }
        require(
            parts[0].imageShape.rank == 3,
            "DataLoaders: augmentations need images [C, H, W], these are \(parts[0].imageShape); pass asImages: true",
            file: file, line: line)
        let train = try TransformedDataLoader(
            parts[0], batchSize: batchSize, shuffle: true, dropLast: true, seed: seed, splitIndex: 0,
            afterBatch: augment,
            file: file, line: line)
        let valid = train.new(dataset: parts[1], shuffle: false, dropLast: false, file: file, line: line)
        valid.options.splitIndex = 1
        return DataLoaders(train, valid, path: path)
    }

    /// The images and labels called `prefix`, nil when the folder has neither file.
    private static func imagePair(
        _ folder: String, _ prefix: String, _ asImages: Bool
    ) throws(DataError) -> ImageDataset? {
        let imagePath = existing(folder, "\(prefix)-images-idx3-ubyte")
        let labelPath = existing(folder, "\(prefix)-labels-idx1-ubyte")
        if imagePath == nil, labelPath == nil { return nil }
        guard let imagePath, let labelPath else {
            let missing = imagePath == nil ? "images-idx3" : "labels-idx1"
            throw DataError(
                .unreadable, file: "\(folder)/\(prefix)-\(missing)-ubyte", "is missing, and so is its .gz form")
        }
        let images = try IDX.read(imagePath)
        guard images.shape.count == 3, case .uint8(let pixels) = images.elements else {
            throw DataError(
                .mismatch, file: imagePath,
                "holds \(images.elements.typeName)\(images.shape), expected images: bytes with 3 axes")
        }
        let labels = try IDX.read(labelPath)
        guard labels.shape == [images.shape[0]], let classes = labels.integers else {
            throw DataError(
                .mismatch, file: labelPath,
                "holds \(labels.elements.typeName)\(labels.shape), expected \(images.shape[0]) labels for the images of \(imagePath)"
            )
        }
        if let item = classes.firstIndex(where: { !(0..<largestClassCount).contains($0) }) {
            throw DataError(
                .mismatch, file: labelPath,
                "label \(item) is \(classes[item]); classes are 0 to \(largestClassCount - 1)",
                remedy: "Number the classes from 0")
        }
        let (height, width) = (images.shape[1], images.shape[2])
        guard height > 0, width > 0 else {
            throw DataError(.mismatch, file: imagePath, "its images have \(height) × \(width) pixels")
        }
        return ImageDataset(
            pixels: pixels, labels: classes, imageShape: asImages ? [1, height, width] : [height * width])
    }

    /// Bounds what a model is made as large as.
    private static let largestClassCount = 65_536

    private static func existing(_ folder: String, _ name: String) -> String? {
        // Some copies of MNIST are called train-images.idx3-ubyte.
        let dotted = name.replacing("-idx", with: ".idx")
        return [name, name + ".gz", dotted, dotted + ".gz"].map { "\(folder)/\($0)" }.first(where: Files.exists)
    }
}
