// SPDX-License-Identifier: Apache-2.0
// A function as a loss.

public import LockstepTensor

/// A function of predictions and targets as a loss.
///
/// ```swift
/// learner.lossFunction = .custom("log cosh") { prediction, target in
///     let d = prediction - target
///     return d + (d * -2).softplus() - 0.6931
/// }
/// ```
///
/// The function returns every element's loss, which is then reduced, or a scalar. One that returns a scalar cannot be asked
/// for unreduced losses; to serve all reductions with a scalar, take the reduction as a third argument.
///
/// Ranks merge the losses of their parts of a batch by their numbers of items: right for plain means. A mean over something
/// else, such as the elements that a mask leaves, says over how many:
///
/// ```swift
/// CustomLoss("masked", weight: { _, target in (target .>= 0).sum().item() }) { prediction, target in
///     let isThere = target .>= 0
///     return ((prediction - target).abs() * isThere.to(.float32)).sum() / isThere.sum().to(.float32)
/// }
/// ```
public struct CustomLoss: LossFunction {
    /// What files and logs call it.
    public let name: String
    /// How the losses of items become one.
    public var reduction: Reduction
    /// Whether targets are classes.
    public let usesIntegerTargets: Bool
    private let body: (Tensor, Tensor, Reduction) -> Tensor
    private let activationBody: (Tensor) -> Tensor
    private let decodesBody: (Tensor) -> Tensor
    private let flattening: Flattening?
    private let weightBody: ((Tensor, Tensor) -> Double)?

    /// - Parameters:
    ///   - name: What messages and logs call the loss.
    ///   - reduction: How losses become one number.
    ///   - flattening: How predictions and targets are laid side by side first; nil to pass them as they are.
    ///   - usesIntegerTargets: Whether targets are class indices.
    ///   - activation: What the model's output means; the default is the output itself.
    ///   - decodes: The decisions that follow from activated predictions.
    ///   - weight: What the mean over some items is divided by, 0 where nothing counts; nil for their number.
    ///   - body: Predictions, targets and reduction to loss.
    public init(
        _ name: String, reduction: Reduction = .mean, flattening: Flattening? = nil, usesIntegerTargets: Bool = false,
        activation: @escaping (Tensor) -> Tensor = { $0 }, decodes: @escaping (Tensor) -> Tensor = { $0 },
        weight: ((_ prediction: Tensor, _ target: Tensor) -> Double)? = nil,
        _ body: @escaping (_ prediction: Tensor, _ target: Tensor, _ reduction: Reduction) -> Tensor
    ) {
        self.name = name
        self.reduction = reduction
        self.flattening = flattening
        self.usesIntegerTargets = usesIntegerTargets
        self.body = body
        activationBody = activation
        decodesBody = decodes
        weightBody = weight
    }

    /// - Parameter body: Predictions and targets to every element's loss, or to the mean.
    public init(
        _ name: String, reduction: Reduction = .mean, flattening: Flattening? = nil, usesIntegerTargets: Bool = false,
        activation: @escaping (Tensor) -> Tensor = { $0 }, decodes: @escaping (Tensor) -> Tensor = { $0 },
        weight: ((_ prediction: Tensor, _ target: Tensor) -> Double)? = nil,
        _ body: @escaping (_ prediction: Tensor, _ target: Tensor) -> Tensor
    ) {
        self.init(
            name, reduction: reduction, flattening: flattening, usesIntegerTargets: usesIntegerTargets,
            activation: activation, decodes: decodes, weight: weight
        ) { prediction, target, reduction in
            let loss = body(prediction, target)
            if loss.rank > 0 { return reduction.apply(to: loss) }
            require(
                reduction == .mean,
                "\(name): reduction \(reduction) is wanted of a loss function that returns a scalar. Return every element's loss, or take the reduction as a third argument."
            )
            return loss
        }
    }

    /// The loss of predictions and targets, reduced as `reduction` says.
    public func callAsFunction(_ prediction: Tensor, _ target: Tensor) -> Tensor {
        let (x, y) = flattening.map { $0(prediction, target, for: name) } ?? (prediction, target)
        return body(x, y, reduction)
    }

    /// What makes probabilities, or numbers, of the model's output.
    public func activation(_ prediction: Tensor) -> Tensor { activationBody(prediction) }
    /// The decisions for the model's output.
    public func decodes(_ prediction: Tensor) -> Tensor { decodesBody(prediction) }
    /// How much a mean over these items counts beside others.
    public func weight(_ prediction: Tensor, _ target: Tensor) -> Double {
        weightBody?(prediction, target) ?? Double(itemCount(prediction))
    }
}
