// SPDX-License-Identifier: Apache-2.0
// Paths of image files, or their bytes, to images: the first transform of a pipeline.

public import LockstepTensor

/// Reads the PNG or JPEG file at a path, or in the bytes of one: a ``TensorImage`` of bytes, `[channels, height, width]`.
///
/// What it throws names the file; bytes are called “image”. fastai: `PILImage.create`, `PILImageBW.create`.
public struct OpenImage: Transform, Codable, Hashable, Sendable {
    /// What the pixels are brought to.
    public let channels: ImageChannels

    /// - Parameter channels: what the pixels are brought to; all items of a batch need the same number.
    public init(_ channels: ImageChannels = .rgb) { self.channels = channels }

    /// What it does on the way to the model.
    public var encodes: [TypedFunction] {
        [
            TypedFunction { (path: String) in TensorImage(try ImageFile.read(path, channels: channels)) },
            TypedFunction { (bytes: [UInt8]) in
                TensorImage(try ImageFile.decode(bytes, file: "image", channels: channels))
            },
        ]
    }
}

extension OpenImage: Configurable {
    public static let configuration = Configuration(codable: OpenImage.self)
}
