// SPDX-License-Identifier: Apache-2.0
// Losses of prediction and target element by element, fused with their gradients.

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
    let slope = records ? Tensor.uninitialized(shape, dtype: type) : nil
    let losses = reduction == .none ? Tensor.uninitialized(shape, dtype: type) : nil
    let divisor = reduction == .mean ? Double(x.count) : 1
    var task = lsk_pair_loss(
        kind: kind, dtype: type.kernelType, beta: beta, positive: p.map { UnsafeRawPointer($0.unsafePointer) },
        weight: w.map { UnsafeRawPointer($0.unsafePointer) })
    let sum = withExtendedLifetime((p, w)) {
        lsk_pair_loss_run(
            &task, x.count, x.unsafePointer, y.unsafePointer, losses?.unsafePointer, slope?.unsafePointer, 1 / divisor)
    }
    let value = losses ?? Tensor(sum / divisor, dtype: type)
    guard let slope else { return value }
    let input = x.detached
    return value.recording(name, from: x, y) { dy, needs in
        var byTarget: Tensor?
        if needs.1 && (kind == LSK_BCE || kind == LSK_BCE_LOGITS) {
            // Linear in the target: the slope is the difference of the losses at 1 and at 0.
            let ends = [Tensor.ones(like: input), .zeros(like: input)].map { end in
                pairLoss(name, kind, input, end, positive: p, weight: w, reduction: .none, file: file, line: line)
            }
            byTarget = (ends[0] - ends[1]) * (dy / divisor)
        } else if needs.1 {
            byTarget = -(slope * dy)
        }
        return (needs.0 ? (dy.rank == 0 && dy.item() == 1 ? slope : slope * dy) : nil, byTarget)
    }
}
