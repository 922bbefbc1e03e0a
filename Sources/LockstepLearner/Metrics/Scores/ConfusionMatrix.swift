// SPDX-License-Identifier: Apache-2.0
// How often each class was taken for each other, and scores of that.

import LockstepTensor

/// Counts of (actual, predicted) pairs: rows are the actual classes, columns the predicted ones.
public struct ConfusionMatrix: Equatable, Sendable {
    /// `counts[actual][predicted]`.
    public private(set) var counts: [[Int]]
    /// What the rows and columns are called.
    public let labels: [String]

    /// An empty matrix of the given classes.
    public init(labels: [String]) {
        self.labels = labels
        counts = .init(repeating: .init(repeating: 0, count: labels.count), count: labels.count)
    }

    /// The matrix of items, given as class indices below the number of labels.
    public init(
        actual: [Int], predicted: [Int], labels: [String], file: StaticString = #fileID, line: UInt = #line
    ) {
        self.init(labels: labels)
        require(
            actual.count == predicted.count,
            "ConfusionMatrix: \(actual.count) actual classes but \(predicted.count) predicted ones", file: file,
            line: line)
        for (row, column) in zip(actual, predicted) {
            require(
                labels.indices.contains(row) && labels.indices.contains(column),
                "ConfusionMatrix: class \(row) taken for \(column), but there are \(labels.count) classes",
                file: file, line: line)
            counts[row][column] += 1
        }
    }

    /// The matrix of the classes that occur, in rising order.
    init(occurring answers: [Int], _ targets: [Int]) {
        let present = Set(answers).union(targets).sorted()
        let places = Dictionary(uniqueKeysWithValues: present.enumerated().map { ($1, $0) })
        self.init(
            actual: targets.compactMap { places[$0] }, predicted: answers.compactMap { places[$0] },
            labels: present.map(String.init))
    }

    /// How many items of class `actual` were taken for `predicted`.
    public subscript(_ actual: Int, _ predicted: Int) -> Int { counts[actual][predicted] }
    /// Items per actual class.
    public var support: [Int] { counts.map { $0.reduce(0, +) } }
    /// Items per predicted class.
    public var predicted: [Int] {
        var sums = [Int](repeating: 0, count: labels.count)
        // Row by row, as they lie in memory.
        for row in counts { for column in row.indices { sums[column] += row[column] } }
        return sums
    }
    /// Number of items.
    public var count: Int { support.reduce(0, +) }
    /// Items whose class was found.
    public var correct: Int { labels.indices.reduce(0) { $0 + counts[$1][$1] } }

    /// Each row divided by its sum: how the items of a class were answered. A class without items has zeros.
    public var normalized: [[Double]] {
        counts.map { row in
            let total = row.reduce(0, +)
            return row.map { total == 0 ? 0 : Double($0) / Double(total) }
        }
    }

    /// What precision, recall and their like need of each class.
    var labelCounts: [LabelCounts] {
        zip(labels.indices, zip(support, predicted)).map { label, sums in
            let right = Double(counts[label][label])
            return LabelCounts(
                truePositives: right, falsePositives: Double(sums.1) - right, falseNegatives: Double(sums.0) - right)
        }
    }
}

extension ConfusionMatrix: CustomStringConvertible {
    /// A table with the actual classes down and the predicted ones across.
    public var description: String {
        let cells = counts.map { $0.map(String.init) }
        let width = (labels + cells.flatMap { $0 }).map(\.count).max() ?? 1
        let first = max(width, "actual".count)
        func line(_ name: String, _ values: [String]) -> String {
            ([padded(name, first, onTheLeft: false)] + values.map { padded($0, width) }).joined(separator: "  ")
        }
        return ([line("actual", labels)] + zip(labels, cells).map { line($0, $1) }).joined(separator: "\n")
    }
}

/// `text` with blanks up to `width`.
func padded(_ text: String, _ width: Int, onTheLeft: Bool = true) -> String {
    let blanks = String(repeating: " ", count: max(0, width - text.count))
    return onTheLeft ? blanks + text : text + blanks
}

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
