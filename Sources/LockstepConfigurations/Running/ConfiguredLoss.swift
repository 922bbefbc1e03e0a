// SPDX-License-Identifier: Apache-2.0
// The loss of a configuration.

import LockstepLearner
import LockstepNN
import LockstepTensor

extension Configuration {
    /// What is minimised.
    func loss() -> any LossFunction {
        var loss = newLoss()
        if self["reduction"] == "sum" { loss.reduction = .sum } else { loss.reduction = .mean }
        guard hasHeads else { return loss }
        return HeadsLoss(base: loss, usesFirst: self["model"] == "heads" || self["model"] == "normInSecondHead")
    }

    private var classWeights: Tensor {
        let count = isLanguage ? ConfiguredData.vocabulary : ConfiguredData.classes
        return Tensor((0..<count).map { [1.0, 3, 9][$0 % 3] }).to(self["dtype"] == "float64" ? .float64 : .float32)
    }

    private func newLoss() -> any LossFunction {
        switch self["loss"] {
        case "weighted": CrossEntropyFlat(weight: classWeights)
        case "smoothing": LabelSmoothingCrossEntropyFlat(eps: 0.2)
        case "weightedSmoothing": LabelSmoothingCrossEntropyFlat(eps: 0.2, weight: classWeights)
        case "focal": FocalFlat()
        case "weightedFocal": FocalFlat(weight: classWeights)
        case "mse": MSEFlat()
        case "l1": L1Flat()
        case "bce": BCEFlat()
        case "bceWithLogits": BCEWithLogitsFlat()
        case "weightedBCE": BCEWithLogitsFlat(weight: classWeights, positiveWeight: classWeights)
        case "dice": DiceLoss(smooth: 1)
        case "customItems": ConfiguredLoss.items
        case "customScalar": ConfiguredLoss.scalar
        case "customReduction": ConfiguredLoss.reducing
        case "customMasked": ConfiguredLoss.masked
        case "customHole": ConfiguredLoss.hole
        case "customUnweighted": ConfiguredLoss.unweighted
        default: CrossEntropyFlat()
        }
    }
}

/// Losses that are functions.
enum ConfiguredLoss {
    static var items: CustomLoss { CustomLoss("items") { prediction, target in (prediction - target).square() } }
    static var scalar: CustomLoss {
        CustomLoss("scalar") { prediction, target in (prediction - target).square().mean() }
    }
    static var reducing: CustomLoss {
        CustomLoss("reducing") { prediction, target, reduction in reduction.apply(to: (prediction - target).square()) }
    }

    /// The mean over the items whose first target is not negative, which says over how many.
    static var masked: CustomLoss {
        CustomLoss("masked", weight: { _, target in counted(target).sum().item() }) { maskedMean($0, $1, least: 1) }
    }
    /// The same, which is not a number where nothing is counted.
    static var hole: CustomLoss {
        CustomLoss("hole", weight: { _, target in counted(target).sum().item() }) { maskedMean($0, $1, least: 0) }
    }
    /// The same as the first, and does not say.
    static var unweighted: CustomLoss { CustomLoss("unweighted") { maskedMean($0, $1, least: 1) } }

    private static func counted(_ target: Tensor) -> Tensor { (target[.all, 0...0] .>= 0).to(target.dtype) }
    private static func maskedMean(_ prediction: Tensor, _ target: Tensor, least: Double) -> Tensor {
        let mask = counted(target)
        return ((prediction - target).square() * mask).sum() / mask.sum().clamped(min: least)
    }

    static func register() {
        ExportRegistry.register(CustomLoss.self, called: "masked") { ConfiguredLoss.masked }
        ExportRegistry.register(CustomLoss.self, called: "hole") { ConfiguredLoss.hole }
        ExportRegistry.register(CustomLoss.self, called: "unweighted") { ConfiguredLoss.unweighted }
        ExportRegistry.register(CustomLoss.self, called: "items") { ConfiguredLoss.items }
        ExportRegistry.register(CustomLoss.self, called: "scalar") { ConfiguredLoss.scalar }
        ExportRegistry.register(CustomLoss.self, called: "reducing") { ConfiguredLoss.reducing }
        ExportRegistry.register(HeadsLoss.self) {
            ["base": ExportPart($0.base), "usesFirst": $0.usesFirst]
        } make: {
            HeadsLoss(base: try $0.part("base", as: (any LossFunction).self), usesFirst: try $0("usesFirst"))
        }
    }
}

/// The loss of one or both of two outputs.
struct HeadsLoss: MultipleLossFunction {
    var base: any LossFunction
    let usesFirst: Bool
    var reduction: Reduction {
        get { base.reduction }
        set { base.reduction = newValue }
    }
    var usesIntegerTargets: Bool { base.usesIntegerTargets }
    func callAsFunction(_ prediction: Tensor, _ target: Tensor) -> Tensor { base(prediction, target) }
    func callAsFunction(_ predictions: [Tensor], _ targets: [Tensor]) -> Tensor {
        let second = base(predictions[1], targets[0])
        return usesFirst ? base(predictions[0], targets[0]) + second * 0.5 : second
    }
    var termCount: Int { base.termCount * (usesFirst ? 2 : 1) }
    func terms(_ predictions: [Tensor], _ targets: [Tensor]) -> [LossTerm] {
        let second = base.terms(predictions[1], targets[0])
        guard usesFirst else { return second }
        return base.terms(predictions[0], targets[0]) + second.map { LossTerm($0.mean * 0.5, weight: $0.weight) }
    }
    func activation(_ prediction: Tensor) -> Tensor { base.activation(prediction) }
    func decodes(_ prediction: Tensor) -> Tensor { base.decodes(prediction) }
    func weight(_ prediction: Tensor, _ target: Tensor) -> Double { base.weight(prediction, target) }
}
