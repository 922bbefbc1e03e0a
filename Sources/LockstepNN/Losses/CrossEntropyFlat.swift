// SPDX-License-Identifier: Apache-2.0
// Cross entropy of class scores and class indices.

public import LockstepTensor

/// Softmax cross entropy between class scores and class indices: `−log softmax(x)[target]`, or probabilities of the classes:
/// `−Σ target·log softmax(x)`.
///
/// ```swift
/// CrossEntropyFlat()(Tensor([[1, 2, 3], [1, 0, -1]]), Tensor([2, 1] as [Int])).item()   // 0.9076
/// ```
///
/// The mean is over the weights of the targets that are not ignored; when all are ignored it is NaN. With probabilities it is
/// over the rows.
///
/// - Shape:
///   - Prediction: `[N, *, classes]`, or with the classes on ``axis``; raw scores.
///   - Target: `[N, *]`, integers; or real numbers of the prediction's shape.
///   - Unreduced: one loss for each row, `[N · *]`.
public struct CrossEntropyFlat: LossFunction {
    /// The axis of the classes.
    public let axis: Int
    /// One factor for each class; nil for 1.
    public let weight: Tensor?
    /// A target that contributes nothing.
    public let ignoreIndex: Int
    /// How the losses of items become one.
    public var reduction: Reduction

    /// A loss with these options; the defaults are fastai's.
    public init(axis: Int = -1, weight: Tensor? = nil, ignoreIndex: Int = -100, reduction: Reduction = .mean) {
        self.axis = axis
        self.weight = weight
        self.ignoreIndex = ignoreIndex
        self.reduction = reduction
    }

    /// The loss of predictions and targets, reduced as `reduction` says.
    public func callAsFunction(_ prediction: Tensor, _ target: Tensor) -> Tensor {
        let (x, y) =
            target.dtype.isFloatingPoint && target.shape == prediction.shape
            ? (shares(prediction), shares(target)) : classRows(prediction, target, axis: axis, for: name)
        return LockstepTensor.crossEntropy(
            x, y, weight: weight?.to(x.dtype), ignoreIndex: ignoreIndex, reduction: reduction)
    }

    /// As rows of classes.
    private func shares(_ tensor: Tensor) -> Tensor {
        if tensor.rank < 2 { return tensor.unsqueezed(axis: 0) }
        let moved = Flattening(axis: axis).movedLast(tensor, name)
        let classes = moved.dim(-1)
        return moved.reshaped([moved.count / max(classes, 1), classes])
    }

    /// What makes probabilities, or numbers, of the model's output.
    public func activation(_ prediction: Tensor) -> Tensor { prediction.softmax(axis: axis) }
    /// The decisions for the model's output.
    public func decodes(_ prediction: Tensor) -> Tensor { prediction.argmax(axis: axis) }
    /// Whether targets are classes.
    public var usesIntegerTargets: Bool { true }

    /// How much a mean over these items counts beside others.
    public func weight(_ prediction: Tensor, _ target: Tensor) -> Double {
        if target.dtype.isFloatingPoint { return Double(itemCount(prediction)) }
        return targetWeight(target, classWeight: weight, ignoreIndex: ignoreIndex) * Double(itemCount(prediction))
            / Double(max(target.count, 1))
    }
}

extension CrossEntropyFlat: Configurable {
    public static let configuration = Configuration(CrossEntropyFlat.self) {
        Field("axis", \.axis)
        Field(tensor: "weight") { $0.weight }
        Field("ignoreIndex", \.ignoreIndex)
        Field("reduction", \.reduction)
    } make: {
        CrossEntropyFlat(
            axis: try $0("axis"), weight: try $0.tensor("weight"), ignoreIndex: try $0("ignoreIndex"),
            reduction: try $0("reduction"))
    }
}

/// Flattens to `[rows, classes]` and `[rows]` and insists on integer targets.
func classRows(
    _ prediction: Tensor, _ target: Tensor, axis: Int, for loss: @autoclosure () -> String
) -> (Tensor, Tensor) {
    require(
        !target.dtype.isFloatingPoint,
        "\(loss()): targets are \(target.dtype) \(target.shape); class indices must be integers, such as target.to(.int64)"
    )
    return Flattening(axis: axis)(prediction, target, for: loss())
}

/// The sum of the weights of the targets that count. Asked for in every step, so it reads memory directly.
func targetWeight(_ target: Tensor, classWeight: Tensor?, ignoreIndex: Int) -> Double {
    let factors = classWeight?.doubles
    let classes = target.detached.to(.int64).contiguous()
    let elements = UnsafeBufferPointer(
        start: UnsafePointer(classes.unsafePointer.assumingMemoryBound(to: Int64.self)), count: classes.count)
    return withExtendedLifetime(classes) {
        var total = 0.0
        for element in elements where element != Int64(ignoreIndex) {
            guard let factors else {
                total += 1
                continue
            }
            if let place = Int(exactly: element), factors.indices.contains(place) { total += factors[place] }
        }
        return total
    }
}
