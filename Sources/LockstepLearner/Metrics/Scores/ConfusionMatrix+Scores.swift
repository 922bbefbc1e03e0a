// SPDX-License-Identifier: Apache-2.0
// Balanced accuracy, Cohen's kappa and Matthews' correlation of a confusion matrix.

extension ConfusionMatrix {
    /// The mean recall of the classes that have items; nil without items, or when adjusting for a single class.
    func balancedAccuracy(adjusted: Bool) -> Double? {
        let (matrix, support) = (counts, support)
        let recalls = labels.indices.filter { support[$0] > 0 }.map { Double(matrix[$0][$0]) / Double(support[$0]) }
        guard let score = mean(of: recalls) else { return nil }
        guard adjusted else { return score }
        let chance = 1 / Double(recalls.count)
        return recalls.count == 1 ? nil : (score - chance) / (1 - chance)
    }

    /// Agreement beyond chance; nil where chance alone explains everything.
    func cohenKappa(_ weights: CohenKappa.Weights) -> Double? {
        let (rows, columns, total) = (support, predicted, Double(count))
        var (observed, expected) = (0.0, 0.0)
        for i in labels.indices {
            for j in labels.indices {
                let distance = Double(abs(i - j))
                let weight =
                    switch weights {
                    case .none: i == j ? 0.0 : 1
                    case .linear: distance
                    case .quadratic: distance * distance
                    }
                observed += weight * Double(counts[i][j])
                expected += weight * Double(rows[i]) * Double(columns[j]) / total
            }
        }
        return expected == 0 ? nil : 1 - observed / expected
    }

    /// Correlation of answers and targets, for any number of classes; 0 when either never changes.
    var matthewsCorrCoef: Double {
        let (actual, guessed, total) = (support.map(Double.init), predicted.map(Double.init), Double(count))
        func product(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
        let covariance = Double(correct) * total - product(actual, guessed)
        let spread = (total * total - product(guessed, guessed)) * (total * total - product(actual, actual))
        return spread == 0 ? 0 : covariance / spread.squareRoot()
    }
}
