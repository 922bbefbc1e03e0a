// SPDX-License-Identifier: Apache-2.0
// Losses of prediction and target element by element, fused with their gradients.

import CLockstepKernels

/// `(prediction − target)²`; shapes broadcast.
///
/// - Note: PyTorch: `torch.nn.functional.mse_loss`.
public func mseLoss(
    _ prediction: Tensor, _ target: Tensor, reduction: Reduction = .mean, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
    pairLoss(LSK_SQUARED, "mseLoss", prediction, target, reduction: reduction, file: file, line: line)
}

/// `|prediction − target|`; shapes broadcast.
///
/// - Note: PyTorch: `torch.nn.functional.l1_loss`.
public func l1Loss(
    _ prediction: Tensor, _ target: Tensor, reduction: Reduction = .mean, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
    pairLoss(LSK_ABSOLUTE, "l1Loss", prediction, target, reduction: reduction, file: file, line: line)
}

/// Binary cross-entropy of logits: `−weight·(posWeight·t·log σ(x) + (1 − t)·log(1 − σ(x)))`.
///
/// Computed from `log1p(exp(−|x|))`, so no logit is too large. `weight` and `posWeight` broadcast to the logits.
/// - Note: PyTorch: `torch.nn.functional.binary_cross_entropy_with_logits`.
public func bceWithLogits(
    _ logits: Tensor, _ target: Tensor, weight: Tensor? = nil, posWeight: Tensor? = nil, reduction: Reduction = .mean,
    file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
    require(
        logits.shape == target.shape,
        "bceWithLogits: logits of shape \(logits.shape) and a target of shape \(target.shape)", file: file, line: line)
    return pairLoss(
        LSK_BCE_LOGITS, "bceWithLogits", logits, target, positive: posWeight, weight: weight, reduction: reduction,
        file: file, line: line)
}

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

/// A loss of two numbers over broadcast operands. Takes gradients for both.
private func pairLoss(
    _ kind: lsk_pair_loss, _ name: StaticString, _ prediction: Tensor, _ target: Tensor, positive: Tensor? = nil,
    weight: Tensor? = nil, reduction: Reduction, file: StaticString, line: UInt
) -> Tensor {
    guard let shape = Shape.broadcast(prediction.shape, target.shape) else {
        stop("\(name): shapes do not broadcast: \(prediction.shape) and \(target.shape)", file: file, line: line)
    }
    let promoted = Tensor.arithmeticType(prediction.dtype, target.dtype)
    let type = promoted.isFloatingPoint ? promoted : .float32
    for factor in [positive, weight] {
        require(
            factor.map { Shape.broadcast($0.shape, shape) == shape } ?? true,
            "\(name): a weight of shape \(factor?.shape ?? []) does not broadcast to \(shape)", file: file, line: line)
    }
    func spread(_ tensor: Tensor) -> Tensor { tensor.to(type).expanded(to: shape).contiguous() }
    let (x, y) = (spread(prediction), spread(target))
    let (p, w) = (positive.map { spread($0.detached) }, weight.map { spread($0.detached) })
    let records = isRecordingGradients && (x.node != nil || y.node != nil)
    let slope = records ? Tensor.uninitialized(shape, dtype: type) : nil
    let losses = reduction == .none ? Tensor.uninitialized(shape, dtype: type) : nil
    let divisor = reduction == .mean ? Double(x.count) : 1
    let sum = withExtendedLifetime((p, w)) {
        lsk_pair_loss_run(
            kind, type.kernelType, x.count, x.unsafePointer, y.unsafePointer, p?.unsafePointer, w?.unsafePointer,
            losses?.unsafePointer, slope?.unsafePointer, 1 / divisor)
    }
    let value = losses ?? Tensor(sum / divisor, dtype: type)
    guard let slope else { return value }
    let logits = x.detached
    return value.recording(name, from: x, y) { dy, needs in
        let byTarget: Tensor? =
            !needs.1 ? nil : kind == LSK_BCE_LOGITS ? bceTargetSlope(logits, p, w) * (1 / divisor) * dy : -(slope * dy)
        return (needs.0 ? (dy.rank == 0 && dy.item() == 1 ? slope : slope * dy) : nil, byTarget)
    }
}

/// d loss / d target of the binary cross-entropy: `weight·(log(1 − σ(x)) − posWeight·log σ(x))`.
private func bceTargetSlope(_ x: Tensor, _ positive: Tensor?, _ weight: Tensor?) -> Tensor {
    let ones = Tensor.ones(like: x), zeros = Tensor.zeros(like: x)
    func loss(_ target: Tensor) -> Tensor {
        bceWithLogits(x, target, weight: weight, posWeight: positive, reduction: .none)
    }
    return loss(ones) - loss(zeros)  // the loss is linear in the target
}
