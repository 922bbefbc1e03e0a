// SPDX-License-Identifier: Apache-2.0
// Layers that run as one operation when they follow each other and nobody looks at what is between them.

import LockstepTensor

extension Sequential {
    /// The output of the layers from `index` on that can run as one, and how many they are; nil where the next layer runs
    /// by itself.
    func fused(at index: Int, _ x: Tensor) -> (output: Tensor, count: Int)? {
        guard index + 1 < layers.count, type(of: layers[index + 1]) == ReLU.self, layers[index].observers.isEmpty else {
            return nil
        }
        switch layers[index] {
        case let convolution as Conv2d: return fused(convolution, at: index, x)
        case let normalization as BatchNorm: return (layers[index + 1].observed(normalization(x, then: .relu)), 2)
        default: return nil
        }
    }

    /// `Conv2d`, `ReLU` and a `MaxPool2d` whose windows touch: each image passes through all of them while it is in cache.
    private func fused(_ convolution: Conv2d, at index: Int, _ x: Tensor) -> (output: Tensor, count: Int)? {
        let activation = layers[index + 1]
        var pooling: MaxPool2d?
        if index + 2 < layers.count, activation.observers.isEmpty, let next = layers[index + 2] as? MaxPool2d,
            next.stride == next.kernelSize, next.padding == 0, !next.ceilMode
        {
            pooling = next
        }
        guard
            let y = x.convolutionBlock(
                convolution.weight, bias: convolution.bias, stride: convolution.stride, padding: convolution.padding,
                dilation: convolution.dilation, groups: convolution.groups, window: pooling?.kernelSize ?? 1)
        else { return nil }
        if let pooling { return (pooling.observed(y), 3) }
        return (activation.observed(y), 2)
    }
}
