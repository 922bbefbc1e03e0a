// SPDX-License-Identifier: Apache-2.0
// Losses of prediction and target, fused with their gradients, and how they become one number.

import CLockstepKernels

/// `(prediction − target)²`; shapes broadcast.
///
/// - Note: PyTorch: `torch.nn.functional.mse_loss`.
public func mseLoss(
    _ prediction: Tensor, _ target: Tensor, reduction: Reduction = .mean, file: StaticString = #fileID,
    line: UInt = #line
) -> Tensor {
    pairLoss("mseLoss", LSK_SQUARED, prediction, target, reduction: reduction, file: file, line: line)
}

/// `|prediction − target|`; shapes broadcast.
///
/// - Note: PyTorch: `torch.nn.functional.l1_loss`.
public func l1Loss(
    _ prediction: Tensor, _ target: Tensor, reduction: Reduction = .mean, file: StaticString = #fileID,
    line: UInt = #line
) -> Tensor {
    pairLoss("l1Loss", LSK_ABSOLUTE, prediction, target, reduction: reduction, file: file, line: line)
}

/// `d² / 2β` where `|d| < β`, else `|d| − β/2`, with `d = prediction − target`; shapes broadcast.
///
/// - Note: PyTorch: `torch.nn.functional.smooth_l1_loss`.
public func smoothL1Loss(
    _ prediction: Tensor, _ target: Tensor, beta: Double = 1, reduction: Reduction = .mean,
    file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
    require(beta >= 0, "smoothL1Loss: beta is \(beta); it must not be negative", file: file, line: line)
    return pairLoss(
        "smoothL1Loss", beta == 0 ? LSK_ABSOLUTE : LSK_SMOOTH_L1, prediction, target, beta: beta, reduction: reduction,
        file: file, line: line)
}

/// `d² / 2` where `|d| < δ`, else `δ·(|d| − δ/2)`, with `d = prediction − target`; shapes broadcast.
///
/// - Note: PyTorch: `torch.nn.functional.huber_loss`.
public func huberLoss(
    _ prediction: Tensor, _ target: Tensor, delta: Double = 1, reduction: Reduction = .mean,
    file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
    require(delta > 0, "huberLoss: delta is \(delta); it must be positive", file: file, line: line)
    return pairLoss(
        "huberLoss", LSK_HUBER, prediction, target, beta: delta, reduction: reduction, file: file, line: line)
}

/// Binary cross-entropy of probabilities: `−weight·(t·log x + (1 − t)·log(1 − x))`, logarithms not below −100.
///
/// - Note: PyTorch: `torch.nn.functional.binary_cross_entropy`. For logits ``bceWithLogits(_:_:weight:posWeight:reduction:file:line:)``
///   is exact where this one saturates.
public func bceLoss(
    _ probabilities: Tensor, _ target: Tensor, weight: Tensor? = nil, reduction: Reduction = .mean,
    file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
    require(
        probabilities.shape == target.shape,
        "bceLoss: probabilities of shape \(probabilities.shape) and a target of shape \(target.shape)", file: file,
        line: line)
    return pairLoss(
        "bceLoss", LSK_BCE, probabilities, target, weight: weight, reduction: reduction, file: file, line: line)
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
        "bceWithLogits", LSK_BCE_LOGITS, logits, target, positive: posWeight, weight: weight, reduction: reduction,
        file: file, line: line)
}

/// A loss of two numbers over broadcast operands. Takes gradients for both.
private func pairLoss(
    _ name: StaticString, _ kind: lsk_pair_kind, _ prediction: Tensor, _ target: Tensor, beta: Double = 0,
    positive: Tensor? = nil, weight: Tensor? = nil, reduction: Reduction, file: StaticString, line: UInt
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
    let derivative = records ? Tensor.uninitialized(shape, dtype: type) : nil
    let losses = reduction == .none ? Tensor.uninitialized(shape, dtype: type) : nil
    let divisor = reduction == .mean ? Double(x.count) : 1
    var task = lsk_pair_loss(
        kind: kind, dtype: type.kernelType, beta: beta, positive: p.map { UnsafeRawPointer($0.unsafePointer) },
        weight: w.map { UnsafeRawPointer($0.unsafePointer) })
    let sum = withExtendedLifetime((p, w)) {
        lsk_pair_loss_run(
            &task, x.count, x.unsafePointer, y.unsafePointer, losses?.unsafePointer, derivative?.unsafePointer,
            1 / divisor)
    }
    let value = losses ?? Tensor(sum / divisor, dtype: type)
    guard let derivative else { return value }
    let input = x.detached
    return value.recording(name, from: x, y) { dy, needs in
        var byTarget: Tensor?
        if needs.1 && (kind == LSK_BCE || kind == LSK_BCE_LOGITS) {
            // Linear in the target: the derivative is the difference of the losses at 1 and at 0.
            let ends = [Tensor.ones(like: input), .zeros(like: input)].map { end in
                pairLoss(name, kind, input, end, positive: p, weight: w, reduction: .none, file: file, line: line)
            }
            byTarget = (ends[0] - ends[1]) * (dy / divisor)
        } else if needs.1 {
            byTarget = -(derivative * dy)
        }
        return (needs.0 ? (dy.rank == 0 && dy.item() == 1 ? derivative : derivative * dy) : nil, byTarget)
    }
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

/// What a loss does with the losses of the single elements.
public enum Reduction: String, Sendable, Codable, CaseIterable {
    /// Their mean (weighted, where the loss has class weights).
    case mean
    /// Their sum.
    case sum
    /// Nothing: they are returned one by one.
    case none
}
