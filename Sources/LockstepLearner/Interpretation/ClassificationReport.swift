// SPDX-License-Identifier: Apache-2.0
// Precision, recall and F1 of each class as a table.

/// Scores of each class, and their means; prints as a table, as scikit-learn's `classification_report` does.
public struct ClassificationReport: CustomStringConvertible, Sendable {
    /// The scores of one class or a mean of several. Undefined ones are 0.
    public struct Row: Equatable, Sendable {
        /// The class, or the kind of average.
        public let name: String
        /// Of the items taken for the class, the share that is of it.
        public let precision: Double
        /// Of the items of the class, the share that was found.
        public let recall: Double
        /// The harmonic mean of the two.
        public let f1: Double
        /// Number of targets.
        public let support: Int
    }

    /// One row for each class.
    public let classes: [Row]
    /// The share of right answers; nil without items.
    public let accuracy: Double?
    /// The mean over classes.
    public let macroAverage: Row
    /// The mean over classes, weighted by support.
    public let weightedAverage: Row

    /// The report of a confusion matrix.
    public init(_ matrix: ConfusionMatrix) {
        self.init(labels: matrix.labels, matrix.labelCounts)
    }

    /// The report of answers, in time and memory that grow with their number and that of the classes: a matrix of thousands of
    /// classes is large, and nearly all zeros.
    ///
    /// - Precondition: answers and targets are places among the labels, as many of each.
    init(actual: [Int], predicted: [Int], labels: [String]) {
        self.init(labels: labels, LabelCounts.ofClasses(predicted, actual, Array(labels.indices)))
    }

    private init(labels: [String], _ counts: [LabelCounts]) {
        let total = Int(counts.reduce(0) { $0 + $1.support })
        let correct = Int(counts.reduce(0) { $0 + $1.truePositives })
        classes = zip(labels, counts).map { name, counts in
            Row(
                name: name, precision: CountScore.precision.of(counts), recall: CountScore.recall.of(counts),
                f1: CountScore.fBeta(1).of(counts), support: Int(counts.support))
        }
        func average(_ name: String, _ average: Average) -> Row {
            Row(
                name: name, precision: CountScore.precision.averaged(counts, average),
                recall: CountScore.recall.averaged(counts, average), f1: CountScore.fBeta(1).averaged(counts, average),
                support: total)
        }
        macroAverage = average("macro avg", .macro)
        weightedAverage = average("weighted avg", .weighted)
        accuracy = total == 0 ? nil : Double(correct) / Double(total)
    }

    public var description: String {
        let means = [macroAverage, weightedAverage]
        let first = (classes + means).map(\.name.count).max() ?? 0
        func line(_ name: String, _ cells: [String]) -> String {
            padded(name, first) + " " + cells.map { padded($0, 10) }.joined()
        }
        func line(_ row: Row) -> String {
            line(row.name, [row.precision, row.recall, row.f1].map(twoDigits) + ["\(row.support)"])
        }
        let head = line("", ["precision", "recall", "f1-score", "support"])
        let overall = line("accuracy", ["", "", accuracy.map(twoDigits) ?? "", "\(macroAverage.support)"])
        return ([head, ""] + classes.map(line) + ["", overall] + means.map(line)).joined(separator: "\n")
    }

    private func twoDigits(_ score: Double) -> String {
        let hundredths = Int((score * 100).rounded())
        let rest = hundredths % 100
        return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)"
    }
}
