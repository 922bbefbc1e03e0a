// SPDX-License-Identifier: Apache-2.0
// Images to the files of their masks, and those to the class of every pixel.

public import LockstepTensor

/// Reads the PNG or JPEG file at a path as the classes of an image's pixels: a ``TensorMask``, int64 `[height, width]`.
///
/// A pixel's grey value is the number of its class; of a palette it is the grey of the colour, as in Pillow's mode `L`. What it
/// throws names the file, and a pixel that is of no class; 16 bits a pixel are refused, whose numbers would not stay. Loss:
/// cross-entropy over axis 1. fastai: `MaskBlock(codes)`, `PILMask.create`.
public struct OpenMask: Transform, Codable, Hashable, Sendable {
    /// The names of the classes, by their numbers.
    public let codes: [String]

    /// - Precondition: there are classes, at most 256.
    public init(codes: [String], file: StaticString = #fileID, line: UInt = #line) {
        require(
            (1...256).contains(codes.count), "OpenMask: \(codes.count) classes; a pixel tells 1 to 256 apart",
            file: file, line: line)
        self.codes = codes
    }

    /// What the targets mean, from which a learner infers its loss.
    public var targetKind: TargetKind? { .mask(count: codes.count) }
    /// The classes that numbers stand for.
    public var vocabulary: [String]? { codes }

    /// What it does on the way to the model.
    public var encodes: [TypedFunction] { [TypedFunction { (path: String) in TensorMask(try mask(path)) }] }

    private func mask(_ path: String) throws(DataError) -> Tensor {
        let bytes = try Files.read(path)
        // The depth in the header of a PNG.
        if bytes.count > 24, bytes.starts(with: [0x89, 0x50, 0x4E, 0x47]), bytes[24] == 16 {
            throw DataError(
                .unsupported, file: path, "has 16 bits a pixel, and a mask's classes are read from 8",
                remedy: "Save the mask with 8 bits a pixel")
        }
        let image = try ImageFile.decode(bytes, file: path, channels: .grey)
        let (height, width) = (image.shape[1], image.shape[2])
        let mask = image.reshaped([height, width]).to(.int64)
        let largest = mask.count > 0 ? mask.max().item() : 0
        guard Int(largest) < codes.count else {
            let place = Int(mask.flattened().argmax().item())
            throw DataError(
                .mismatch, file: path,
                "the pixel in row \(place / width), column \(place % width) is of class \(Int(largest)), and there are \(codes.count) classes",
                remedy: "Name as many classes as there are, or make the mask's grey values their numbers")
        }
        return mask
    }

    private enum CodingKeys: CodingKey { case codes }

    /// Reads what it wrote.
    public init(from decoder: any Decoder) throws {
        codes = try decoder.container(keyedBy: CodingKeys.self).decode([String].self, forKey: .codes)
        guard (1...256).contains(codes.count) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "\(codes.count) classes, not 1 to 256"))
        }
    }
}

extension OpenMask: Configurable {
    public static let configuration = Configuration(codable: OpenMask.self)
}

/// The path of an image to that of its mask: the same name, with an ending of its own, in another folder.
///
/// ```swift
/// MaskOfImage(from: "camvid/images", to: "camvid/labels", ending: "_P.png")   // camvid/images/a/1.jpg → camvid/labels/a/1_P.png
/// ```
public struct MaskOfImage: Transform, Codable, Hashable, Sendable {
    /// The folder of images.
    public let from: String
    /// The folder of masks.
    public let to: String
    /// What the name of a mask has in place of the image's ending.
    public let ending: String

    /// - Parameters:
    ///   - from: The folder of images.
    ///   - to: The folder of masks, with the same folders in it.
    ///   - ending: What the name of a mask has in place of the image's ending.
    public init(from: String, to: String, ending: String = ".png") {
        (self.from, self.to, self.ending) = (from, to, ending)
    }

    /// The path of the mask of the image at `path`.
    ///
    /// - Throws: `DataError` for an image that does not lie below ``from``.
    public func mask(of path: String) throws(DataError) -> String {
        let folder = from.hasSuffix("/") ? from : from + "/"
        guard path.hasPrefix(folder) else {
            throw DataError(.mismatch, file: path, "does not lie below \(from), so that no mask is known of it")
        }
        var name = path.dropFirst(folder.count)
        let last = name.lastIndex(of: "/").map { name.index(after: $0) } ?? name.startIndex
        if let point = name[last...].lastIndex(of: ".") { name = name[..<point] }
        return (to.hasSuffix("/") ? to : to + "/") + name + ending
    }

    /// What it does on the way to the model.
    public var encodes: [TypedFunction] { [TypedFunction { (path: String) in try mask(of: path) }] }
}

extension MaskOfImage: Configurable {
    public static let configuration = Configuration(codable: MaskOfImage.self)
}

extension TransformBlock {
    /// The class of every pixel, in an image whose grey values are the numbers of classes: see ``OpenMask``.
    public static func mask(codes: [String]) -> TransformBlock {
        TransformBlock(typeTransforms: [OpenMask(codes: codes)], batchTransforms: [IntToFloat()])
    }
}
