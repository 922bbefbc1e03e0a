// SPDX-License-Identifier: Apache-2.0
// Balanced accuracy, Cohen's kappa, Hamming loss, Matthews' correlation and the Brier score.

import LockstepTensor

/// The mean recall of the classes that have targets: accuracy as if all classes were equally frequent.
public final class BalancedAccuracy: AccumMetric {
    /// - Parameter adjusted: Whether the score is rescaled so that guessing gives 0 and perfection 1.
    public init(axis: Int = -1, adjusted: Bool = false, name: String? = nil) {
        super.init(
            named: name ?? (adjusted ? "balanced_accuracy_score_adjusted" : "balanced_accuracy_score"), .classes,
            argmaxAxis: axis
        ) { answers, targets in
            ConfusionMatrix(occurring: answers.ints, targets.ints).balancedAccuracy(adjusted: adjusted)
        }
        recipe = MetricRecipe(
            name: "BalancedAccuracy", arguments: ["axis": axis, "adjusted": adjusted, "name": self.name])
    }
}

/// Cohen's kappa: agreement of answers and targets beyond what chance would give, (pₒ − pₑ) / (1 − pₑ).
///
/// Nil when there is but one class.
public final class CohenKappa: AccumMetric {
    /// How much a confusion counts.
    public enum Weights: String, Sendable {
        /// Every confusion alike.
        case none
        /// By the distance of the classes, in the order of the classes that occur.
        case linear
        /// By the square of that distance.
        case quadratic
    }

    /// Kappa of the classes along `axis`; with weights, mistakes between distant classes count more.
    public init(axis: Int = -1, weights: Weights = .none, name: String? = nil) {
        super.init(
            named: name ?? (weights == .none ? "cohen_kappa_score" : "cohen_kappa_score_\(weights.rawValue)"), .classes,
            argmaxAxis: axis
        ) { answers, targets in ConfusionMatrix(occurring: answers.ints, targets.ints).cohenKappa(weights) }
        recipe = MetricRecipe(
            name: "CohenKappa", arguments: ["axis": axis, "weights": weights.rawValue, "name": self.name])
    }
}

/// The share of wrong answers.
public final class HammingLoss: AccumMetric {
    /// The share of wrong classes along `axis`.
    public init(axis: Int = -1, name: String = "hamming_loss") {
        super.init(named: name, .classes, argmaxAxis: axis) { answers, targets in
            shareOfDifferent(answers.ints, targets.ints)
        }
        recipe = MetricRecipe(name: "HammingLoss", arguments: ["axis": axis, "name": name])
    }
}

/// Matthews' correlation of answers and targets, for any number of classes: 1 right, 0 chance.
public final class MatthewsCorrCoef: AccumMetric {
    /// The correlation of the classes along `axis`.
    public init(axis: Int = -1, name: String = "matthews_corrcoef") {
        super.init(named: name, .classes, argmaxAxis: axis) { answers, targets in
            ConfusionMatrix(occurring: answers.ints, targets.ints).matthewsCorrCoef
        }
        recipe = MetricRecipe(name: "MatthewsCorrCoef", arguments: ["axis": axis, "name": name])
    }
}

/// The mean squared difference of two-class answers and targets.
///
/// As in fastai it is that of the *answers* (0 or 1) unless probabilities are asked for, which is what the score was
/// made for.
public final class BrierScore: AccumMetric {
    /// - Parameter ofProbabilities: Whether to take the probability of the last class in place of the answer.
    public init(axis: Int = -1, ofProbabilities: Bool = false, name: String? = nil) {
        super.init(
            named: name ?? (ofProbabilities ? "brier_score_loss_probabilities" : "brier_score_loss"),
            .classes, activation: ofProbabilities ? .binarySoftmax : .none, argmaxAxis: axis
        ) { answers, targets in meanSquare(answers.doubles, targets.doubles) }
        recipe = MetricRecipe(
            name: "BrierScore", arguments: ["axis": axis, "ofProbabilities": ofProbabilities, "name": self.name])
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
