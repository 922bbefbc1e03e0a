// SPDX-License-Identifier: Apache-2.0
// What a learner needs to know of a loss: its value, what turns outputs into predictions, how it reduces.

public import LockstepTensor

/// A measure of how far predictions are from their targets, to be minimised.
///
/// Beside the value a loss knows what the model's raw outputs mean: ``activation(_:)`` turns them into probabilities (for
/// a cross entropy: softmax), ``decodes(_:)`` into decisions (the class with the largest one).
///
/// ```swift
/// struct Hinge: LossFunction {
///     var reduction = Reduction.mean
///     func callAsFunction(_ prediction: Tensor, _ target: Tensor) -> Tensor {
///         reduction.apply(to: (1 - prediction * target).relu())
///     }
/// }
/// ```
///
/// Where a loss is asked for, the ready-made ones are written `.crossEntropy`, `.mse`, `.focal(gamma: 3)`, and a function
/// `.custom("name") { prediction, target in … }`.
public protocol LossFunction: CustomStringConvertible {
    /// How the losses of the items become one number.
    var reduction: Reduction { get set }

    /// The loss of a batch: a scalar, or with `Reduction.none` every element's loss.
    func callAsFunction(_ prediction: Tensor, _ target: Tensor) -> Tensor

    /// What the model's output means: probabilities, for instance. The default is the output itself.
    func activation(_ prediction: Tensor) -> Tensor

    /// The decisions that follow from *activated* predictions. The default is the prediction itself.
    func decodes(_ prediction: Tensor) -> Tensor

    /// Whether targets are class indices. Mixing two items then mixes their losses, not their targets.
    var usesIntegerTargets: Bool { get }

    /// How much this batch's mean counts in a mean over several batches or ranks.
    ///
    /// The default is the number of items. A loss that leaves elements out or weights them answers with the divisor its
    /// mean has; only the ratio between batches matters.
    func weight(_ prediction: Tensor, _ target: Tensor) -> Double

    /// What messages and logs call the loss. The default is the type's name.
    var name: String { get }
}

extension LossFunction {
    public func activation(_ prediction: Tensor) -> Tensor { prediction }
    public func decodes(_ prediction: Tensor) -> Tensor { prediction }
    public var usesIntegerTargets: Bool { false }
    public func weight(_ prediction: Tensor, _ target: Tensor) -> Double { Double(itemCount(prediction)) }
    public var name: String { String(describing: type(of: self)) }
    public var description: String { reduction == .mean ? name : "\(name)(reduction: \(reduction))" }

    /// One loss for each item of the batch: the mean over what the item's loss consists of.
    ///
    /// - Returns: `[items]`.
    public func perItem(_ prediction: Tensor, _ target: Tensor) -> Tensor {
        var unreduced: any LossFunction = self
        unreduced.reduction = .none
        let losses = unreduced(prediction, target)
        let items = itemCount(prediction)
        require(
            items == 0 || losses.count % items == 0,
            "\(name): \(losses.count) losses cannot be shared out over \(items) items")
        if losses.count == items { return losses.reshaped([items]) }
        return losses.reshaped([items, losses.count / Swift.max(items, 1)]).mean(axis: 1)
    }
}

/// Items in a batch: the size of the first axis.
func itemCount(_ tensor: Tensor) -> Int { tensor.rank == 0 ? 1 : tensor.dim(0) }

extension Reduction {
    /// Reduces unreduced losses as this case says.
    public func apply(to losses: Tensor) -> Tensor {
        switch self {
        case .none: losses
        case .sum: losses.sum()
        case .mean: losses.mean()
        }
    }
}
