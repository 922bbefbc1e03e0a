// SPDX-License-Identifier: Apache-2.0
// Paths of image files to images, as the first transform of a pipeline.

public import LockstepTensor

/// Reads the PNG or JPEG file at a path: a ``TensorImage`` of bytes, `[channels, height, width]`.
///
/// What it throws names the file. fastai: `PILImage.create`, `PILImageBW.create`.
public struct OpenImage: Transform, Codable, Hashable, Sendable {
    /// What the pixels are brought to.
    public let channels: ImageChannels

    /// - Parameter channels: what the pixels are brought to; all items of a batch need the same number.
    public init(_ channels: ImageChannels = .rgb) { self.channels = channels }

    /// What it does on the way to the model.
    public var encodes: [TypedFunction] {
        [TypedFunction { (path: String) in TensorImage(try ImageFile.read(path, channels: channels)) }]
    }
}

extension OpenImage: Configurable {
    public static let configuration = Configuration(codable: OpenImage.self)
}
