// SPDX-License-Identifier: Apache-2.0
// fastai's head: what is trained first on top of features that a network has learned elsewhere.

public import LockstepNN
import LockstepTensor

/// Layers from the features of a body to outputs: pooling, then batch norm, dropout and a linear layer for each size.
///
/// ```text
/// AdaptiveConcatPool2d  Flatten                          [N, features, H, W] → [N, 2 · features]
/// BatchNorm1d  Dropout(dropout / 2)  Linear  ReLU        … → [N, layers[0]]
/// BatchNorm1d  Dropout(dropout)      Linear              … → [N, outputs]
/// ```
///
/// Linear weights are drawn as He et al. (2015) have them; those before a batch norm have no offsets.
///
/// - Parameters:
///   - layers: Sizes of hidden layers.
///   - dropout: Probability of dropping an input of the last layer; those before have half of it.
///   - pools: Whether the features are an image, which is pooled first.
///   - concatPool: Whether the pooling is the largest value beside the mean, or the mean alone.
///   - firstBatchNorm: Whether the pooled features are normalised.
///   - finalBatchNorm: Whether the outputs are.
/// - Precondition: sizes are positive, `dropout` is in 0…1.
/// - Note: fastai: `create_head`, with its indices; without dropout there is no layer for it.
public func createHead(
    features: Int, outputs: Int, layers: [Int] = [512], dropout: Double = 0.5, pools: Bool = true,
    concatPool: Bool = true, firstBatchNorm: Bool = true, finalBatchNorm: Bool = false, file: StaticString = #fileID,
    line: UInt = #line
) -> Sequential {
    let inputs = pools && concatPool ? 2 * features : features
    let sizes = [inputs] + layers + [outputs]
    require(
        sizes.allSatisfy { $0 > 0 }, "createHead: from \(features) features over \(layers) to \(outputs) outputs",
        file: file, line: line)
    var parts: [any UnaryLayer] = []
    if pools { parts += [concatPool ? AdaptiveConcatPool2d() : AdaptiveAvgPool2d(1), Flatten()] }
    for index in 1..<sizes.count {
        let isLast = index == sizes.count - 1
        let normalizes = index > 1 || firstBatchNorm
        if normalizes { parts.append(BatchNorm1d(sizes[index - 1]).startingAsInFastai()) }
        let drop = isLast ? dropout : dropout / 2
        if drop > 0 { parts.append(Dropout(drop, file: file, line: line)) }
        let linear = Linear(sizes[index - 1], sizes[index], bias: !normalizes, file: file, line: line)
        linear.weight = Initializer.kaimingNormal()(linear.weight.shape)
        if linear.bias != nil { linear.bias = .zeros([sizes[index]]) }
        parts.append(linear)
        if !isLast { parts.append(ReLU()) }
    }
    if finalBatchNorm { parts.append(BatchNorm1d(outputs, momentum: 0.01)) }
    return Sequential(parts)
}
