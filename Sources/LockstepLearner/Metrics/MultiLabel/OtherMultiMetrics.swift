// SPDX-License-Identifier: Apache-2.0
// Hamming loss, Brier score, Matthews' correlation, ROC AUC and average precision of several labels per item.

public import LockstepTensor

/// The share of wrong answers to several yes-or-no questions per item.
public final class HammingLossMulti: AccumMetric, Configurable {
    let threshold: Double
    let sigmoid: Bool

    /// Scores go through the sigmoid if asked; at `threshold` and above they are a yes.
    public init(
        threshold: Double = 0.5, sigmoid: Bool = true, name: String = "hamming_loss_multi",
        file: StaticString = #fileID, line: UInt = #line
    ) {
        (self.threshold, self.sigmoid) = (threshold, sigmoid)
        super.init(named: name, .classes, activation: sigmoid ? .sigmoid : .none, threshold: threshold, flatten: false)
        {
            let (answers, targets) = labelTables($0, $1, name, file, line)
            return shareOfDifferent(answers.values, targets.values)
        }
    }

    public static let configuration = Configuration(HammingLossMulti.self) {
        Field("threshold", \.threshold, python: "thresh")
        Field("sigmoid", \.sigmoid)
        Field("name", \.name)
    } make: {
        HammingLossMulti(threshold: try $0("threshold"), sigmoid: try $0("sigmoid"), name: try $0("name"))
    }
}

/// The squared differences of answers and targets, added up over the labels of an item; the mean over items.
///
/// As in fastai it is that of the *answers* (0 or 1) unless probabilities are asked for, which is what the score was
/// made for.
public final class BrierScoreMulti: AccumMetric, Configurable {
    let threshold: Double
    let sigmoid: Bool
    let ofProbabilities: Bool

    /// - Parameter ofProbabilities: Whether to take probabilities in place of answers.
    public init(
        threshold: Double = 0.5, sigmoid: Bool = true, ofProbabilities: Bool = false, name: String? = nil
    ) {
        (self.threshold, self.sigmoid, self.ofProbabilities) = (threshold, sigmoid, ofProbabilities)
        super.init(
            named: name ?? (ofProbabilities ? "brier_score_loss_multi_probabilities" : "brier_score_loss_multi"),
            .classes, activation: sigmoid ? .sigmoid : .none, threshold: ofProbabilities ? nil : threshold,
            flatten: false
        ) { answers, targets in
            let columns = answers.rank == 0 ? 1 : answers.dim(-1)
            return meanSquare(answers.doubles, targets.doubles).map { $0 * Double(columns) }
        }
    }

    public static let configuration = Configuration(BrierScoreMulti.self) {
        Field("threshold", \.threshold, python: "thresh")
        Field("sigmoid", \.sigmoid)
        Field("ofProbabilities", \.ofProbabilities)
        Field("name", \.name)
    } make: {
        BrierScoreMulti(
            threshold: try $0("threshold"), sigmoid: try $0("sigmoid"), ofProbabilities: try $0("ofProbabilities"),
            name: try $0("name"))
    }
}

/// Matthews' correlation of all answers to several yes-or-no questions per item.
public final class MatthewsCorrCoefMulti: AccumMetric, Configurable {
    let threshold: Double
    let sigmoid: Bool

    /// Scores go through the sigmoid if asked; at `threshold` and above they are a yes.
    public init(threshold: Double = 0.5, sigmoid: Bool = true, name: String = "matthews_corrcoef_multi") {
        (self.threshold, self.sigmoid) = (threshold, sigmoid)
        super.init(named: name, .classes, activation: sigmoid ? .sigmoid : .none, threshold: threshold) {
            answers, targets in
            ConfusionMatrix(occurring: answers.ints, targets.ints).matthewsCorrCoef
        }
    }

    public static let configuration = Configuration(MatthewsCorrCoefMulti.self) {
        Field("threshold", \.threshold, python: "thresh")
        Field("sigmoid", \.sigmoid)
        Field("name", \.name)
    } make: {
        MatthewsCorrCoefMulti(threshold: try $0("threshold"), sigmoid: try $0("sigmoid"), name: try $0("name"))
    }
}

/// The area under the ROC curve of several labels per item. Nil, with a warning, when a label is always or never set.
public final class RocAucMulti: AccumMetric, Configurable {
    let sigmoid: Bool
    let average: Average

    /// Scores go through the sigmoid if asked; `average` says how labels are put together.
    public init(
        sigmoid: Bool = true, average: Average = .macro, name: String? = nil, file: StaticString = #fileID,
        line: UInt = #line
    ) {
        (self.sigmoid, self.average) = (sigmoid, average)
        let label = name ?? average.named("roc_auc_score_multi", usual: .macro)
        let warning = Warning(of: label)
        super.init(named: label, .classes, activation: sigmoid ? .sigmoid : .none, isRanking: true, flatten: false) {
            scores, targets in
            let (_, flags) = labelTables(scores, targets, label, file, line)
            let area = Ranking.averaged(LabelTable(scores: scores), flags, average) { $0.rocAUC() }
            if area == nil { warning.onlyOneClass() }
            return area
        }
    }

    public static let configuration = Configuration(RocAucMulti.self) {
        Field("sigmoid", \.sigmoid)
        Field("average", \.average)
        Field("name", \.name)
    } make: {
        RocAucMulti(sigmoid: try $0("sigmoid"), average: try $0("average"), name: try $0("name"))
    }
}

/// Average precision of several labels per item.
public final class APScoreMulti: AccumMetric, Configurable {
    let sigmoid: Bool
    let average: Average

    /// Scores go through the sigmoid if asked; `average` says how labels are put together.
    public init(
        sigmoid: Bool = true, average: Average = .macro, name: String? = nil, file: StaticString = #fileID,
        line: UInt = #line
    ) {
        (self.sigmoid, self.average) = (sigmoid, average)
        let label = name ?? average.named("average_precision_score_multi", usual: .macro)
        super.init(named: label, .classes, activation: sigmoid ? .sigmoid : .none, isRanking: true, flatten: false) {
            scores, targets in
            let (_, flags) = labelTables(scores, targets, label, file, line)
            return Ranking.averaged(LabelTable(scores: scores), flags, average) { $0.averagePrecision }
        }
    }

    public static let configuration = Configuration(APScoreMulti.self) {
        Field("sigmoid", \.sigmoid)
        Field("average", \.average)
        Field("name", \.name)
    } make: {
        APScoreMulti(sigmoid: try $0("sigmoid"), average: try $0("average"), name: try $0("name"))
    }
}
