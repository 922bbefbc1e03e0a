// SPDX-License-Identifier: Apache-2.0
// Loaders of images with a class for every pixel.

import LockstepTensor

extension DataLoaders {
    /// Loaders of the PNG and JPEG files below `images`, with the masks of the same names below `masks`.
    ///
    /// ```swift
    /// let dls = try DataLoaders.segmentation(
    ///     images: "scenes/images", masks: "scenes/masks", codes: ["ground", "square"], size: 8)
    /// ```
    ///
    /// Image and mask are cropped and augmented alike; a mask's grey values are the numbers of classes. Batches are float32
    /// `[N, channels, size, size]` and int64 `[N, size, size]`. Everything else is as with `DataLoaders.images`. fastai:
    /// `SegmentationDataLoaders.from_label_func`.
    ///
    /// - Parameters:
    ///   - ending: what the name of a mask has in place of the image's ending.
    ///   - codes: the names of the classes, by their numbers.
    ///   - size: height and width that images are brought to.
    ///   - validFraction: the random part kept for validation; the split follows from `seed`.
    ///   - itemTransforms: instead of `Resize(size)`.
    ///   - augment: transforms of training batches, such as `augTransforms()`.
    ///   - normalize: for statistics of your own; nil normalises nothing.
    ///   - numWorkers: threads that read ahead.
    /// - Throws: `DataError` naming folder or file: no images, an image without a mask, a file that is damaged.
    public static func segmentation(
        images: String, masks: String, ending: String = ".png", codes: [String], size: Int,
        channels: ImageChannels = .rgb, batchSize: Int = 64, validFraction: Double = 0.2, seed: UInt64 = 42,
        itemTransforms: [any Transform]? = nil, augment: [any Transform] = [], normalize: Normalize? = Normalize(),
        numWorkers: Int = 0, file: StaticString = #fileID, line: UInt = #line
    ) throws -> DataLoaders {
        let files = try FileList.files(in: images, extensions: ImageFile.extensions)
        guard !files.isEmpty else {
            throw DataError(
                .unreadable, file: images, "holds no image files (\(ImageFile.extensions.joined(separator: ", ")))",
                remedy: "Give the folder of the images")
        }
        let paths = MaskOfImage(from: images, to: masks, ending: ending)
        // Before the first epoch, and not in its middle.
        for image in files {
            let mask = try paths.mask(of: image)
            guard Files.exists(mask) else {
                throw DataError(
                    .unreadable, file: mask, "is not there: it should be the mask of \(image)",
                    remedy: "Say by ending: what the name of a mask has in place of the image's ending")
            }
        }
        let items = ItemList(files)
        let data = try Datasets(
            items,
            transforms: [[OpenImage(channels)], [paths, OpenMask(codes: codes, file: file, line: line)]],
            splits: Splitter.random(validFraction, seed: seed)(items), file: file, line: line)
        return try data.dataLoaders(
            batchSize: batchSize, numWorkers: numWorkers, seed: seed,
            afterItem: itemTransforms ?? [Resize(size, file: file, line: line)],
            afterBatch: [IntToFloat()] + augment + (normalize.map { [$0] } ?? []), file: file, line: line)
    }
}
