// SPDX-License-Identifier: Apache-2.0
// Softmax, logarithm and likelihood of class indices in one pass, with the gradient made on the way.

import CLockstepKernels

/// Cross-entropy of logits and class indices, or probabilities of the classes.
///
/// ```
/// loss = w[t] · (log Σ exp(x) − x[t])        mean: Σ loss / Σ w[t]
/// ```
///
/// Never forms a softmax that could overflow. When a gradient will be wanted it is made in the same pass, while the row
/// is in the cache.
///
/// - Parameters:
///   - logits: `[C]`, `[N, C]` or `[N, C, d…]`.
///   - targets: Integers in `0..<C`, of shape `[]`, `[N]` or `[N, d…]`. Or probabilities, of the logits' shape: then the loss
///     is `−Σ w[c]·t[c]·log softmax(x)[c]`, its mean is over the positions, whatever their weights, and the targets have a
///     gradient, too.
///   - weight: One factor per class.
///   - ignoreIndex: A class index that counts as nothing, in the mean's divisor too. All ignored: the mean is NaN.
///   - labelSmoothing: The share `ε` of each target spread evenly over the classes.
/// - Note: PyTorch: `torch.nn.functional.cross_entropy`.
public func crossEntropy(
    _ logits: Tensor, _ targets: Tensor, weight: Tensor? = nil, ignoreIndex: Int = -100, reduction: Reduction = .mean,
    labelSmoothing: Double = 0, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
    require(
        logits.rank >= 1 && logits.dtype.isFloatingPoint && targets.dtype != .bool,
        "crossEntropy: logits of \(logits.dtype) \(logits.shape) and targets of \(targets.dtype) \(targets.shape); logits are real, targets class indices or probabilities",
        file: file, line: line)
    if targets.dtype.isFloatingPoint {
        return softCrossEntropy(
            logits, targets, weight: weight, reduction: reduction, labelSmoothing: labelSmoothing, file: file,
            line: line)
    }
    let axis = logits.rank == 1 ? 0 : 1
    var expected = logits.shape
    expected.remove(at: axis)
    require(
        targets.shape == expected,
        "crossEntropy: logits of shape \(logits.shape) want targets of shape \(expected), not \(targets.shape)",
        file: file, line: line)
    let classes = logits.shape[axis]
    require(
        weight.map { $0.shape == [classes] } ?? true,
        "crossEntropy: a weight of shape \(weight?.shape ?? []) for \(classes) classes", file: file, line: line)
    require(
        labelSmoothing >= 0 && labelSmoothing <= 1,
        "crossEntropy: a label smoothing of \(labelSmoothing) is not in 0...1",
        file: file, line: line)
    let type = Tensor.arithmeticType(logits.dtype, logits.dtype)
    let last = logits.rank <= 2 ? logits : logits.classesLast()
    let rows = last.to(type).reshaped(Shape([targets.count, classes])).contiguous()
    let factors = weight?.detached.to(type).contiguous()
    var places = targets.detached.to(.int64).contiguous()

    var task = lsk_cross_entropy(
        dtype: type.kernelType, rows: targets.count, classes: classes, ignored: Int64(ignoreIndex),
        smoothing: labelSmoothing, weight: factors.map { UnsafeRawPointer($0.unsafePointer) })
    var total = 0.0
    let bad = lsk_cross_entropy_check(&task, places.indexPointer, &total)
    if bad >= 0 {
        let target = places.indexPointer[bad]
        let sentence = "crossEntropy: target \(target) at position \(bad) is not a class in 0..<\(classes)"
        DataMistakes.report(sentence, file: file, line: line)
        places = .full(places.shape, Double(ignoreIndex), dtype: .int64)
        total = 0
        _ = lsk_cross_entropy_check(&task, places.indexPointer, &total)
    }

    let scale = reduction == .mean ? (total == 0 ? 0 : 1 / total) : 1
    let records = rows.node != nil && isRecordingGradients
    let gradient = records ? Tensor.uninitialized(rows.shape, dtype: type) : nil
    let losses = reduction == .none ? Tensor.uninitialized([targets.count], dtype: type) : nil
    let sum = withExtendedLifetime(factors) {
        lsk_cross_entropy_run(
            &task, rows.unsafePointer, places.indexPointer, losses?.unsafePointer, gradient?.unsafePointer, scale)
    }
    let value = losses ?? Tensor(reduction == .mean ? sum / total : sum, dtype: type)
    guard let gradient else { return reduction == .none ? value.reshaped(expected) : value }
    let result = value.recording("crossEntropy", from: rows) { dy in
        dy.rank == 0 ? (dy.item() == 1 ? gradient : gradient * dy) : gradient * dy.unsqueezed(axis: 1)
    }
    return reduction == .none ? result.reshaped(expected) : result
}

/// Against probabilities: rows of their own gradient, so the parts are recorded one by one.
private func softCrossEntropy(
    _ logits: Tensor, _ targets: Tensor, weight: Tensor?, reduction: Reduction, labelSmoothing: Double,
    file: StaticString, line: UInt
) -> Tensor {
    require(
        targets.shape == logits.shape,
        "crossEntropy: logits of shape \(logits.shape) want as many probabilities, not \(targets.shape)", file: file,
        line: line)
    let axis = logits.rank == 1 ? 0 : 1
    let classes = logits.shape[axis]
    require(
        weight.map { $0.shape == [classes] } ?? true,
        "crossEntropy: a weight of shape \(weight?.shape ?? []) for \(classes) classes", file: file, line: line)
    require(
        labelSmoothing >= 0 && labelSmoothing <= 1,
        "crossEntropy: a label smoothing of \(labelSmoothing) is not in 0...1", file: file, line: line)
    let type = Tensor.arithmeticType(logits.dtype, targets.dtype)
    var shares = targets.to(type)
    if labelSmoothing > 0 { shares = shares * (1 - labelSmoothing) + labelSmoothing / Double(max(classes, 1)) }
    if let weight {
        let trailing = Array(repeating: 1, count: logits.rank - axis - 1)
        shares = shares * weight.detached.to(type).reshaped([classes] + trailing)
    }
    let losses = -(logits.to(type).logSoftmax(axis: axis) * shares).sum(axis: axis)
    switch reduction {
    case .none: return losses
    case .sum: return losses.sum()
    case .mean: return losses.sum() / Double(losses.count)
    }
}

extension Tensor {
    /// Axis 1 moved to the end.
    fileprivate func classesLast() -> Tensor { permuted([0] + Array(2..<rank) + [1]) }
}
