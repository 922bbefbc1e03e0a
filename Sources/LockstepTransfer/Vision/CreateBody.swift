// SPDX-License-Identifier: Apache-2.0
// A known network for images without its classifier, with weights from a file.

import LockstepData
import LockstepLearner
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
///   - channels: Channels of the images. Where the file's first convolution takes three, its weights for one channel are the
///     sum over them, for two half as much again of the first two, and for more zeros behind the three: fastai's rule.
///   - weights: A safetensors file of the whole network under the names of its `model(classes:channels:)`; the classifier's
///     tensors are left alone. Nil leaves new weights.
/// - Throws: `DataError` for a file that cannot be read, `StateDictionaryError` that lists what does not fit.
/// - Note: fastai: `create_body`, whose indices the layers have.
public func createBody(
    _ architecture: VisionArchitecture, channels: Int = 3, weights: String? = nil
) throws -> Sequential {
    let model = architecture.model(classes: 1, channels: channels)
    if let weights { try load(weights, into: model, architecture, channels: channels) }
    return Sequential(architecture.bodyLayers(of: model))
}

/// Puts the tensors of a file into `model`, but for the classifier's.
private func load(
    _ file: String, into model: Module, _ architecture: VisionArchitecture, channels: Int
) throws {
    let archive = try Safetensors.read(file)
    var state = archive.entries.map { (name: $0.name, tensor: archive.tensor($0)) }
    state.removeAll { architecture.isHead($0.name) }
    state += model.stateDictionary().filter { architecture.isHead($0.name) }
    if let first = model.namedParameters().first(where: { $0.parameter.value.rank == 4 })?.name,
        let place = state.firstIndex(where: { $0.name == first }), state[place].tensor.shape[1] == 3
    {
        state[place].tensor = firstConvolution(state[place].tensor, channels: channels)
    }
    try model.loadStateDictionary(state, source: file)
}

/// The kernels of three colours for another number of channels.
private func firstConvolution(_ weight: Tensor, channels: Int) -> Tensor {
    switch channels {
    case 3: return weight
    case 1: return weight.sum(axes: [1], keepDims: true)
    case 2: return weight[.all, 0..<2] * 1.5
    default:
        var shape = weight.shape.dimensions
        shape[1] = channels - 3
        return Tensor.concatenated([weight, Tensor.zeros(Shape(shape), dtype: weight.dtype)], axis: 1)
    }
}
