// SPDX-License-Identifier: Apache-2.0
// Balanced accuracy, Cohen's kappa, Hamming loss, Matthews' correlation and the Brier score.

public import LockstepTensor

/// The mean recall of the classes that have targets: accuracy as if all classes were equally frequent.
public final class BalancedAccuracy: AccumMetric, Configurable {
    let axis: Int
    let adjusted: Bool

    /// - Parameter adjusted: Whether the score is rescaled so that guessing gives 0 and perfection 1.
    public init(axis: Int = -1, adjusted: Bool = false, name: String? = nil) {
        (self.axis, self.adjusted) = (axis, adjusted)
        super.init(
            named: name ?? (adjusted ? "balanced_accuracy_score_adjusted" : "balanced_accuracy_score"), .classes,
            argmaxAxis: axis
        ) { answers, targets in
            ConfusionMatrix(occurring: answers.ints, targets.ints).balancedAccuracy(adjusted: adjusted)
        }
    }

    public static let configuration = Configuration(BalancedAccuracy.self) {
        Field("axis", \.axis)
        Field("adjusted", \.adjusted)
        Field("name", \.name)
    } make: {
        BalancedAccuracy(axis: try $0("axis"), adjusted: try $0("adjusted"), name: try $0("name"))
    }
}

/// Cohen's kappa: agreement of answers and targets beyond what chance would give, (pₒ − pₑ) / (1 − pₑ).
///
/// Nil when there is but one class.
public final class CohenKappa: AccumMetric, Configurable {
    let axis: Int
    let weights: Weights

    /// How much a confusion counts.
    public enum Weights: String, Sendable, Codable {
        /// Every confusion alike.
        case none
        /// By the distance of the classes, in the order of the classes that occur.
        case linear
        /// By the square of that distance.
        case quadratic
    }

    /// Kappa of the classes along `axis`; with weights, mistakes between distant classes count more.
    public init(axis: Int = -1, weights: Weights = .none, name: String? = nil) {
        (self.axis, self.weights) = (axis, weights)
        super.init(
            named: name ?? (weights == .none ? "cohen_kappa_score" : "cohen_kappa_score_\(weights.rawValue)"), .classes,
            argmaxAxis: axis
        ) { answers, targets in ConfusionMatrix(occurring: answers.ints, targets.ints).cohenKappa(weights) }
    }

    public static let configuration = Configuration(CohenKappa.self) {
        Field("axis", \.axis)
        Field("weights", \.weights)
        Field("name", \.name)
    } make: {
        CohenKappa(axis: try $0("axis"), weights: try $0("weights"), name: try $0("name"))
    }
}

/// The share of wrong answers.
public final class HammingLoss: AccumMetric, Configurable {
    let axis: Int

    /// The share of wrong classes along `axis`.
    public init(axis: Int = -1, name: String = "hamming_loss") {
        self.axis = axis
        super.init(named: name, .classes, argmaxAxis: axis) { answers, targets in
            shareOfDifferent(answers.ints, targets.ints)
        }
    }

    public static let configuration = Configuration(HammingLoss.self) {
        Field("axis", \.axis)
        Field("name", \.name)
    } make: {
        HammingLoss(axis: try $0("axis"), name: try $0("name"))
    }
}

/// Matthews' correlation of answers and targets, for any number of classes: 1 right, 0 chance.
public final class MatthewsCorrCoef: AccumMetric, Configurable {
    let axis: Int

    /// The correlation of the classes along `axis`.
    public init(axis: Int = -1, name: String = "matthews_corrcoef") {
        self.axis = axis
        super.init(named: name, .classes, argmaxAxis: axis) { answers, targets in
            ConfusionMatrix(occurring: answers.ints, targets.ints).matthewsCorrCoef
        }
    }

    public static let configuration = Configuration(MatthewsCorrCoef.self) {
        Field("axis", \.axis)
        Field("name", \.name)
    } make: {
        MatthewsCorrCoef(axis: try $0("axis"), name: try $0("name"))
    }
}

/// The mean squared difference of two-class answers and targets.
///
/// As in fastai it is that of the *answers* (0 or 1) unless probabilities are asked for, which is what the score was
/// made for.
public final class BrierScore: AccumMetric, Configurable {
    let axis: Int
    let ofProbabilities: Bool

    /// - Parameter ofProbabilities: Whether to take the probability of the last class in place of the answer.
    public init(axis: Int = -1, ofProbabilities: Bool = false, name: String? = nil) {
        (self.axis, self.ofProbabilities) = (axis, ofProbabilities)
        super.init(
            named: name ?? (ofProbabilities ? "brier_score_loss_probabilities" : "brier_score_loss"),
            .classes, activation: ofProbabilities ? .binarySoftmax : .none, argmaxAxis: axis
        ) { answers, targets in meanSquare(answers.doubles, targets.doubles) }
    }

    public static let configuration = Configuration(BrierScore.self) {
        Field("axis", \.axis)
        Field("ofProbabilities", \.ofProbabilities)
        Field("name", \.name)
    } make: {
        BrierScore(axis: try $0("axis"), ofProbabilities: try $0("ofProbabilities"), name: try $0("name"))
    }
}

/// How many of the pairs differ; nil without any.
func shareOfDifferent<Element: Equatable>(_ a: [Element], _ b: [Element]) -> Double? {
    a.isEmpty ? nil : Double(zip(a, b).count { $0 != $1 }) / Double(a.count)
}

/// The mean squared difference; nil without any.
func meanSquare(_ a: [Double], _ b: [Double]) -> Double? {
    a.isEmpty ? nil : zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } / Double(a.count)
}
