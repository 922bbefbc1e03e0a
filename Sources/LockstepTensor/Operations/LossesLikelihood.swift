// SPDX-License-Identifier: Apache-2.0
// The likelihood of class indices under given log-probabilities.

/// The negative of the given log-probability of each target's class.
///
/// - Parameters:
///   - logProbabilities: `[C]`, `[N, C]` or `[N, C, d…]`, as `logSoftmax` gives them.
///   - targets: Class indices of shape `[]`, `[N]` or `[N, d…]`.
/// - Note: PyTorch: `torch.nn.functional.nll_loss`. For logits use ``crossEntropy(_:_:weight:ignoreIndex:reduction:labelSmoothing:file:line:)``.
public func nllLoss(
    _ logProbabilities: Tensor, _ targets: Tensor, weight: Tensor? = nil, ignoreIndex: Int = -100,
    reduction: Reduction = .mean, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
    let axis = logProbabilities.rank == 1 ? 0 : 1
    require(
        logProbabilities.rank > 0 && logProbabilities.dtype.isFloatingPoint && targets.dtype.isInteger,
        "nllLoss: log-probabilities of \(logProbabilities.dtype) \(logProbabilities.shape) and targets of \(targets.dtype)",
        file: file, line: line)
    var expected = logProbabilities.shape
    expected.remove(at: axis)
    require(
        targets.shape == expected,
        "nllLoss: log-probabilities of shape \(logProbabilities.shape) want targets of shape \(expected), not \(targets.shape)",
        file: file, line: line)
    let classes = logProbabilities.shape[axis]
    let type = Tensor.arithmeticType(logProbabilities.dtype, logProbabilities.dtype)
    require(
        weight.map { $0.shape == [classes] } ?? true,
        "nllLoss: a weight of shape \(weight?.shape ?? []) for \(classes) classes", file: file, line: line)
    let labels = targets.ints
    let classFactors = weight?.doubles
    // An ignored target reads class 0 with factor 0.
    let factors = labels.enumerated().map { position, label in
        if label == ignoreIndex { return 0.0 }
        require(
            label >= 0 && label < classes,
            "nllLoss: target \(label) at position \(position) is not a class in 0..<\(classes)", file: file, line: line)
        return classFactors?[label] ?? 1
    }
    let places = Tensor(labels.map { $0 == ignoreIndex ? 0 : $0 }, shape: expected).unsqueezed(axis: axis)
    let chosen = logProbabilities.to(type).gather(axis: axis, index: places).squeezed(axis: axis)
    let losses = chosen * Tensor(factors.map { -$0 }, shape: expected).to(type)
    switch reduction {
    case .none: return losses
    case .sum: return losses.sum()
    case .mean: return losses.sum() / factors.reduce(0, +)
    }
}
