// SPDX-License-Identifier: Apache-2.0
// The loss of an ensemble whose members are trained each by itself.

public import LockstepTensor

/// The mean of the members' losses while an ensemble such as ``TabM`` trains; of its prediction otherwise the loss that this was made of.
///
/// Every member is compared with the targets by itself. The loss of the members' mean would have them make up for one another's mistakes,
/// which trains one large network and no ensemble.
///
/// ```swift
/// let loss: any LossFunction = .eachMember(.crossEntropy)
/// loss.decodes(Tensor([[0.1, 0.9]])).ints     // [1]
/// ```
///
/// - Shape: the second output of the model, `[N, members, *]`, with targets as ``base`` takes them for `[N, *]`.
/// - Note: Gorishniy et al., *TabM* (2024).
public struct MemberLoss: LossFunction {
    /// The loss of each member, and of the prediction.
    public var base: any LossFunction
    /// How the losses of items become one: that of ``base``.
    public var reduction: Reduction {
        get { base.reduction }
        set { base.reduction = newValue }
    }

    /// The mean over members of `base`.
    public init(_ base: any LossFunction) { self.base = base }

    /// The loss of the prediction, reduced as `reduction` says.
    public func callAsFunction(_ prediction: Tensor, _ target: Tensor) -> Tensor { base(prediction, target) }
    /// How much a mean over these items counts beside others.
    public func weight(_ prediction: Tensor, _ target: Tensor) -> Double { base.weight(prediction, target) }
    /// What makes probabilities, or numbers, of the model's output.
    public func activation(_ prediction: Tensor) -> Tensor { base.activation(prediction) }
    /// The decisions for the model's output.
    public func decodes(_ prediction: Tensor) -> Tensor { base.decodes(prediction) }
    /// Whether targets are classes.
    public var usesIntegerTargets: Bool { base.usesIntegerTargets }
    /// Of how many means the loss is made.
    public var termCount: Int { base.termCount }
    /// The means that the loss is made of, each with its weight.
    public func terms(_ prediction: Tensor, _ target: Tensor) -> [LossTerm] { base.terms(prediction, target) }
    public var description: String { "MemberLoss(\(base))" }

    // MARK: Members

    /// The loss of members' outputs `[N, members, *]`, reduced as `reduction` says.
    package func ofMembers(_ outputs: Tensor, _ target: Tensor) -> Tensor {
        let members = Double(outputs.dim(1))
        let (x, y) = (flattened(outputs), repeated(target, for: outputs))
        return switch reduction {
        case .mean: base(x, y)
        case .sum: base(x, y) / members
        case .none: base.perItem(x, y).reshaped([outputs.dim(0), outputs.dim(1)]).mean(axis: 1)
        }
    }

    /// The means of the same, each with the weight of one member's.
    package func termsOfMembers(_ outputs: Tensor, _ target: Tensor) -> [LossTerm] {
        let members = Double(outputs.dim(1))
        return base.terms(flattened(outputs), repeated(target, for: outputs)).map {
            LossTerm(reduction == .sum ? $0.mean / members : $0.mean, weight: $0.weight / members)
        }
    }

    /// Items and members as items.
    private func flattened(_ outputs: Tensor) -> Tensor {
        require(
            outputs.rank > 1, "\(name): the members' outputs have shape \(outputs.shape), not [N, members, …]")
        return outputs.flattened(to: 1)
    }

    /// The target of each item for each of its members.
    private func repeated(_ target: Tensor, for outputs: Tensor) -> Tensor {
        target.repeatInterleaved(outputs.dim(1), axis: 0)
    }
}

extension LossFunction where Self == MemberLoss {
    /// The mean of the members' losses, for an ensemble that puts these out while it trains.
    public static func eachMember(_ base: any LossFunction) -> MemberLoss { MemberLoss(base) }
}

extension MemberLoss: Configurable {
    public static let configuration = Configuration(MemberLoss.self) {
        Field(part: "base") { $0.base }
    } make: {
        MemberLoss(try $0.part("base", as: (any LossFunction).self))
    }
}

extension MemberLoss: OutlinedLoss {
    package var choosesClasses: Bool { (base as? any OutlinedLoss)?.choosesClasses ?? base.usesIntegerTargets }
    package func check(_ prediction: Outline, _ target: Outline?) throws(ModelMismatch) {
        try (base as? any OutlinedLoss)?.check(prediction, target)
    }
    package func check(_ outputs: [Outline], _ target: Outline) throws(ModelMismatch) {
        let members = outputs[1]
        try insist(
            outputs.count == 2 && members.rank ?? 3 > 1 && members[1] != 0,
            "\(name): the model puts out \(outputs); it takes a prediction and its members [N, members, …]")
        var one = members
        one.axes?.remove(at: 1)
        try check(one, target)
    }
}
