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

    /// How much the mean over some items of a batch counts when the means of all its parts are merged, as ranks do.
    ///
    /// The default is the number of items. A loss that leaves elements out or weights them answers with the divisor its
    /// mean has, 0 where nothing counts; only the ratio between parts matters.
    func weight(_ prediction: Tensor, _ target: Tensor) -> Double

    /// Of how many means with divisors of their own the loss is the sum. The same for every batch. The default is 1.
    var termCount: Int { get }

    /// The loss as a sum of means, ``termCount`` of them, each with the weight by which it is merged over parts of a batch.
    ///
    /// The default is the loss itself with its ``weight(_:_:)``. A loss that adds a mean over items to one over weights has
    /// no single weight: it answers with both.
    func terms(_ prediction: Tensor, _ target: Tensor) -> [LossTerm]

    /// This loss for some rows of the batch at hand. The default is the loss itself; one that holds something for each item
    /// of a batch answers with a copy that holds it for these.
    func restricted(to rows: Range<Int>) -> any LossFunction

    /// What messages and logs call the loss. The default is the type's name.
    var name: String { get }
}

/// One of the means that a loss is the sum of.
public struct LossTerm {
    /// A scalar that is differentiated.
    public let mean: Tensor
    /// What it is divided by: how much it counts beside the means over other items.
    public let weight: Double

    /// A mean and its divisor.
    public init(_ mean: Tensor, weight: Double) { (self.mean, self.weight) = (mean, weight) }
}

extension LossFunction {
    /// What makes probabilities, or numbers, of the model's output.
    public func activation(_ prediction: Tensor) -> Tensor { prediction }
    /// The decisions for the model's output.
    public func decodes(_ prediction: Tensor) -> Tensor { prediction }
    /// Whether targets are classes.
    public var usesIntegerTargets: Bool { false }
    /// How much a mean over these items counts beside others.
    public func weight(_ prediction: Tensor, _ target: Tensor) -> Double { Double(itemCount(prediction)) }
    /// Of how many means the loss is made.
    public var termCount: Int { 1 }
    /// The means that the loss is made of, each with its weight.
    public func terms(_ prediction: Tensor, _ target: Tensor) -> [LossTerm] {
        [LossTerm(self(prediction, target), weight: weight(prediction, target))]
    }
    /// The loss for some rows of a batch.
    public func restricted(to rows: Range<Int>) -> any LossFunction { self }
    /// The type's name.
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
