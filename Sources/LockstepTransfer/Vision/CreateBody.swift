// SPDX-License-Identifier: Apache-2.0
// A known network for images without its classifier, with weights from a file.

public import LockstepModels
public import LockstepNN
import LockstepTensor

/// The layers of a network before its last pooling, with new weights or those of a file.
///
/// ```swift
/// let body = try createBody(.resnet18)
/// let model = Sequential([body, createHead(features: 512, outputs: 10)])
/// ```
///
/// - Parameters:
///   - channels: Channels of the images. Where the file's first convolution takes another number, its weights are summed or
///     repeated as timm does it.
///   - weights: A file of the whole network under the names of its `model(classes:channels:)`, of any kind that
///     `loadPretrained` takes: `.safetensors`, `.pth`, …. The classifier's tensors are left alone. Nil leaves new weights.
///   - report: Called with what became of each tensor.
/// - Throws: `DataError` for a file that cannot be read, or one that does not fit, with all that is missing and unexpected.
/// - Note: fastai: `create_body`, whose indices the layers have.
public func createBody(
    _ architecture: VisionArchitecture, channels: Int = 3, weights: String? = nil,
    report: ((WeightReport) -> Void)? = nil
) throws -> Sequential {
    let model = architecture.model(classes: 1, channels: channels)
    if let weights {
        let found = try model.loadPretrained(weights, leaving: architecture.headParts)
        report?(found)
    }
    return Sequential(architecture.bodyLayers(of: model))
}
