// SPDX-License-Identifier: Apache-2.0
// The metrics of tables by name.

import ArgumentParser
import Lockstep

/// What is measured on the rows for validation; scikit-learn's and fastai's names.
enum TableMetric: String, CaseIterable, ExpressibleByArgument, SettingValue {
    case accuracy, errorRate = "error_rate", balancedAccuracy = "balanced_accuracy", f1, precision, recall
    case rocAuc = "roc_auc", averagePrecision = "average_precision", matthews, kappa, brier
    case rmse, mse, mae, msle, r2, explainedVariance = "explained_variance", pearson, spearman

    /// The metric for a target.
    ///
    /// - Parameter classes: How many classes there are; nil for a number.
    /// - Throws: ``Failure`` when it measures something else.
    func metric(classes: Int?) throws -> Metric {
        guard let classes else {
            guard let metric = ofNumbers else {
                throw misfit("is for classes, and the target is a number", Self.allCases.filter { $0.ofNumbers != nil })
            }
            return metric
        }
        guard let metric = ofClasses(classes) else {
            let others = Self.allCases.filter { $0.ofClasses(classes) != nil }
            throw misfit(
                ofClasses(2) == nil
                    ? "is for numbers, and the target has classes"
                    : "is for two classes, and the target has \(classes)",
                others)
        }
        return metric
    }

    /// Whether of two classes it asks for one, the last.
    var isOfOneClass: Bool { [.f1, .precision, .recall, .rocAuc, .averagePrecision, .brier].contains(self) }

    private func misfit(_ problem: String, _ others: [TableMetric]) -> Failure {
        .usage("--metric \(rawValue): it \(problem); choose among \(others.map(\.rawValue).joined(separator: ", "))")
    }

    private var ofNumbers: Metric? {
        switch self {
        case .rmse: .rmse
        case .mse: .mse
        case .mae: .mae
        case .msle: .msle
        case .r2: R2Score()
        case .explainedVariance: ExplainedVariance()
        case .pearson: PearsonCorrCoef()
        case .spearman: SpearmanCorrCoef()
        default: nil
        }
    }

    private func ofClasses(_ classes: Int) -> Metric? {
        let average: Average = classes == 2 ? .binary : .macro
        return switch self {
        case .accuracy: .accuracy
        case .errorRate: .errorRate
        case .balancedAccuracy: BalancedAccuracy()
        case .f1: F1Score(average: average)
        case .precision: Precision(average: average)
        case .recall: Recall(average: average)
        case .rocAuc: classes == 2 ? RocAucBinary() : RocAuc()
        case .averagePrecision: classes == 2 ? APScoreBinary() : nil
        case .matthews: MatthewsCorrCoef()
        case .kappa: CohenKappa()
        case .brier: classes == 2 ? BrierScore() : nil
        default: nil
        }
    }
}
