// SPDX-License-Identifier: Apache-2.0
// Hamming loss, Brier score, Matthews' correlation, ROC AUC and average precision of several labels per item.

import LockstepTensor

/// The share of wrong answers to several yes-or-no questions per item.
public final class HammingLossMulti: AccumMetric {
    /// Scores go through the sigmoid if asked; at `threshold` and above they are a yes.
    public init(
        threshold: Double = 0.5, sigmoid: Bool = true, name: String = "hamming_loss_multi",
        file: StaticString = #fileID, line: UInt = #line
    ) {
        super.init(named: name, .classes, activation: sigmoid ? .sigmoid : .none, threshold: threshold, flatten: false)
        {
            let (answers, targets) = labelTables($0, $1, name, file, line)
            return shareOfDifferent(answers.values, targets.values)
        }
        recipe = MetricRecipe(
            name: "HammingLossMulti", arguments: ["threshold": threshold, "sigmoid": sigmoid, "name": name])
    }
}

/// The squared differences of answers and targets, added up over the labels of an item; the mean over items.
///
/// As in fastai it is that of the *answers* (0 or 1) unless probabilities are asked for, which is what the score was
/// made for.
public final class BrierScoreMulti: AccumMetric {
    /// - Parameter ofProbabilities: Whether to take probabilities in place of answers.
    public init(
        threshold: Double = 0.5, sigmoid: Bool = true, ofProbabilities: Bool = false, name: String? = nil
    ) {
        super.init(
            named: name ?? (ofProbabilities ? "brier_score_loss_multi_probabilities" : "brier_score_loss_multi"),
            .classes, activation: sigmoid ? .sigmoid : .none, threshold: ofProbabilities ? nil : threshold,
            flatten: false
        ) { answers, targets in
            let columns = answers.rank == 0 ? 1 : answers.dim(-1)
            return meanSquare(answers.doubles, targets.doubles).map { $0 * Double(columns) }
        }
        recipe = MetricRecipe(
            name: "BrierScoreMulti",
            arguments: [
                "threshold": threshold, "sigmoid": sigmoid, "ofProbabilities": ofProbabilities, "name": self.name,
            ])
    }
}

/// Matthews' correlation of all answers to several yes-or-no questions per item.
public final class MatthewsCorrCoefMulti: AccumMetric {
    /// Scores go through the sigmoid if asked; at `threshold` and above they are a yes.
    public init(threshold: Double = 0.5, sigmoid: Bool = true, name: String = "matthews_corrcoef_multi") {
        super.init(named: name, .classes, activation: sigmoid ? .sigmoid : .none, threshold: threshold) {
            answers, targets in
            ConfusionMatrix(occurring: answers.ints, targets.ints).matthewsCorrCoef
        }
        recipe = MetricRecipe(
            name: "MatthewsCorrCoefMulti", arguments: ["threshold": threshold, "sigmoid": sigmoid, "name": name])
    }
}

/// The area under the ROC curve of several labels per item. Nil, with a warning, when a label is always or never set.
public final class RocAucMulti: AccumMetric {
    /// Scores go through the sigmoid if asked; `average` says how labels are put together.
    public init(
        sigmoid: Bool = true, average: Average = .macro, name: String? = nil, file: StaticString = #fileID,
        line: UInt = #line
    ) {
        let label = name ?? average.named("roc_auc_score_multi", usual: .macro)
        let warning = Warning(of: label)
        super.init(named: label, .classes, activation: sigmoid ? .sigmoid : .none, isRanking: true, flatten: false) {
            scores, targets in
            let (_, flags) = labelTables(scores, targets, label, file, line)
            let area = Ranking.averaged(LabelTable(scores: scores), flags, average) { $0.rocAUC() }
            if area == nil { warning.onlyOneClass() }
            return area
        }
        recipe = MetricRecipe(
            name: "RocAucMulti", arguments: ["sigmoid": sigmoid, "average": average.rawValue, "name": label])
    }
}

/// Average precision of several labels per item.
public final class APScoreMulti: AccumMetric {
    /// Scores go through the sigmoid if asked; `average` says how labels are put together.
    public init(
        sigmoid: Bool = true, average: Average = .macro, name: String? = nil, file: StaticString = #fileID,
        line: UInt = #line
    ) {
        let label = name ?? average.named("average_precision_score_multi", usual: .macro)
        super.init(named: label, .classes, activation: sigmoid ? .sigmoid : .none, isRanking: true, flatten: false) {
            scores, targets in
            let (_, flags) = labelTables(scores, targets, label, file, line)
            return Ranking.averaged(LabelTable(scores: scores), flags, average) { $0.averagePrecision }
        }
        recipe = MetricRecipe(
            name: "APScoreMulti", arguments: ["sigmoid": sigmoid, "average": average.rawValue, "name": label])
    }
}
