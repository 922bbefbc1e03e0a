// SPDX-License-Identifier: Apache-2.0
// Loaders of a folder of images with a folder for each class.

import LockstepTensor

extension TransformBlock {
    /// Images, from the paths of PNG and JPEG files; as float32 0 … 1 in batches. fastai: `ImageBlock`.
    public static func image(_ channels: ImageChannels = .rgb) -> TransformBlock {
        TransformBlock(typeTransforms: [OpenImage(channels)], batchTransforms: [IntToFloat()])
    }
}

extension DataLoaders {
    /// Loaders of the PNG and JPEG files below `folder`; the class of an image is the name of the folder it lies in.
    ///
    /// ```swift
    /// let dls = try DataLoaders.images(path: "pets", size: 64, augment: augTransforms())
    /// ```
    ///
    /// With folders `train` and `valid` the images below them are the two parts (their classes lie inside); otherwise a random part is for
    /// validation. Images are read when a batch needs them, cropped to a square, and normalised with the statistics of
    /// the first training batch. The order of files, and with it everything else, is the same on every rank that sees the
    /// same folder. fastai: `ImageDataLoaders.from_folder`.
    ///
    /// - Parameters:
    ///   - size: height and width that images are brought to.
    ///   - validFraction: the part kept for validation where the folders do not say; the split follows from `seed`.
    ///   - itemTransforms: instead of `Resize(size)`.
    ///   - augment: transforms of training batches, such as `augTransforms()`.
    ///   - normalize: for statistics of your own; nil normalises nothing.
    ///   - numWorkers: threads that read ahead.
    /// - Throws: `DataError` naming folder or file: no images, a single class, a file that is damaged.
    public static func images(
        path folder: String, size: Int, channels: ImageChannels = .rgb, batchSize: Int = 64,
        validFraction: Double = 0.2,
        seed: UInt64 = 42, itemTransforms: [any Transform]? = nil, augment: [any Transform] = [],
        normalize: Normalize? = Normalize(), numWorkers: Int = 0, file: StaticString = #fileID, line: UInt = #line
    ) throws -> DataLoaders {
        let files = try FileList.files(in: folder, extensions: ImageFile.extensions)
        guard !files.isEmpty else {
            throw DataError(
                .unreadable, file: folder, "holds no image files (\(ImageFile.extensions.joined(separator: ", ")))",
                remedy: "Give a folder with a folder of images for each class")
        }
        let below = { (part: String) in
            files.contains { $0.hasPrefix(folder.hasSuffix("/") ? folder + part + "/" : "\(folder)/\(part)/") }
        }
        let splitter = below("train") && below("valid") ? Splitter.grandparent() : .random(validFraction, seed: seed)
        let items = ItemList(files)
        let split = try splitter(items)
        let classes = Set(split.train.map { ParentLabel.label(of: files[$0]) })
        guard classes.count > 1 else {
            throw DataError(
                .mismatch, file: folder,
                "has training images of \(classes.count) class\(classes.count == 1 ? "" : "es")",
                remedy: "Give a folder with a folder of images for each class")
        }
        let data = try Datasets(
            items, transforms: [[OpenImage(channels)], [ParentLabel(), Categorize()]], splits: split, file: file,
            line: line)
        return try data.dataLoaders(
            batchSize: batchSize, numWorkers: numWorkers, seed: seed,
            afterItem: itemTransforms ?? [Resize(size, file: file, line: line)],
            afterBatch: [IntToFloat()] + augment + (normalize.map { [$0] } ?? []), file: file, line: line)
    }
}
