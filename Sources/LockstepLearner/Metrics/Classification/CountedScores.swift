// SPDX-License-Identifier: Apache-2.0
// F1, F-beta, precision, recall and Jaccard of one class per item.

import LockstepTensor

/// The harmonic mean of precision and recall; over all items.
///
/// The class is the one with the largest output along `axis`. Undefined values count as 0.
public final class F1Score: AccumMetric {
    /// - Parameters:
    ///   - average: How the classes' scores become one; `.binary` is an error when there are more than two classes.
    ///   - labels: Which classes count; nil: those that occur.
    ///   - positive: The positive class of `.binary`.
    ///   - name: The column's name; nil: `f1_score`, with the options that differ from the usual ones.
    public init(
        average: Average = .binary, axis: Int = -1, labels: [Int]? = nil, positive: Int = 1, name: String? = nil,
        file: StaticString = #fileID, line: UInt = #line
    ) {
        let label = name ?? average.named("f1_score", usual: .binary)
        super.init(named: label, .classes, argmaxAxis: axis) { answers, targets in
            CountScore.fBeta(1).ofClasses(
                answers.ints, targets.ints, average, labels: labels, positive: positive, name: label, file: file,
                line: line)
        }
        recipe = MetricRecipe(
            name: "F1Score",
            arguments: [
                "average": average.rawValue, "axis": axis, "labels": labels, "positive": positive, "name": label,
            ])
    }
}

/// Precision and recall in one number, recall counting β times as much: (1 + β²)·P·R / (β²·P + R); over all items.
///
/// The class is the one with the largest output along `axis`. Undefined values count as 0.
public final class FBeta: AccumMetric {
    /// - Parameters:
    ///   - average: How the classes' scores become one; `.binary` is an error when there are more than two classes.
    ///   - labels: Which classes count; nil: those that occur.
    ///   - positive: The positive class of `.binary`.
    ///   - name: The column's name; nil: `fbeta_score`, with the options that differ from the usual ones.
    public init(
        _ beta: Double, average: Average = .binary, axis: Int = -1, labels: [Int]? = nil, positive: Int = 1,
        name: String? = nil,
        file: StaticString = #fileID, line: UInt = #line
    ) {
        let label = name ?? average.named("fbeta_score_\(suffix(beta))", usual: .binary)
        super.init(named: label, .classes, argmaxAxis: axis) { answers, targets in
            CountScore.fBeta(beta).ofClasses(
                answers.ints, targets.ints, average, labels: labels, positive: positive, name: label, file: file,
                line: line)
        }
        recipe = MetricRecipe(
            name: "FBeta",
            arguments: [
                "beta": beta, "average": average.rawValue, "axis": axis, "labels": labels, "positive": positive,
                "name": label,
            ])
    }
}

/// Of the items said to be of a class, the share that are; over all items.
///
/// The class is the one with the largest output along `axis`. Undefined values count as 0.
public final class Precision: AccumMetric {
    /// - Parameters:
    ///   - average: How the classes' scores become one; `.binary` is an error when there are more than two classes.
    ///   - labels: Which classes count; nil: those that occur.
    ///   - positive: The positive class of `.binary`.
    ///   - name: The column's name; nil: `precision_score`, with the options that differ from the usual ones.
    public init(
        average: Average = .binary, axis: Int = -1, labels: [Int]? = nil, positive: Int = 1, name: String? = nil,
        file: StaticString = #fileID, line: UInt = #line
    ) {
        let label = name ?? average.named("precision_score", usual: .binary)
        super.init(named: label, .classes, argmaxAxis: axis) { answers, targets in
            CountScore.precision.ofClasses(
                answers.ints, targets.ints, average, labels: labels, positive: positive, name: label, file: file,
                line: line)
        }
        recipe = MetricRecipe(
            name: "Precision",
            arguments: [
                "average": average.rawValue, "axis": axis, "labels": labels, "positive": positive, "name": label,
            ])
    }
}

/// Of the items of a class, the share that were found; over all items.
///
/// The class is the one with the largest output along `axis`. Undefined values count as 0.
public final class Recall: AccumMetric {
    /// - Parameters:
    ///   - average: How the classes' scores become one; `.binary` is an error when there are more than two classes.
    ///   - labels: Which classes count; nil: those that occur.
    ///   - positive: The positive class of `.binary`.
    ///   - name: The column's name; nil: `recall_score`, with the options that differ from the usual ones.
    public init(
        average: Average = .binary, axis: Int = -1, labels: [Int]? = nil, positive: Int = 1, name: String? = nil,
        file: StaticString = #fileID, line: UInt = #line
    ) {
        let label = name ?? average.named("recall_score", usual: .binary)
        super.init(named: label, .classes, argmaxAxis: axis) { answers, targets in
            CountScore.recall.ofClasses(
                answers.ints, targets.ints, average, labels: labels, positive: positive, name: label, file: file,
                line: line)
        }
        recipe = MetricRecipe(
            name: "Recall",
            arguments: [
                "average": average.rawValue, "axis": axis, "labels": labels, "positive": positive, "name": label,
            ])
    }
}

/// Of the items that are of a class or were said to be, the share for which both hold; over all items.
///
/// The class is the one with the largest output along `axis`. Undefined values count as 0.
public final class Jaccard: AccumMetric {
    /// - Parameters:
    ///   - average: How the classes' scores become one; `.binary` is an error when there are more than two classes.
    ///   - labels: Which classes count; nil: those that occur.
    ///   - positive: The positive class of `.binary`.
    ///   - name: The column's name; nil: `jaccard_score`, with the options that differ from the usual ones.
    public init(
        average: Average = .binary, axis: Int = -1, labels: [Int]? = nil, positive: Int = 1, name: String? = nil,
        file: StaticString = #fileID, line: UInt = #line
    ) {
        let label = name ?? average.named("jaccard_score", usual: .binary)
        super.init(named: label, .classes, argmaxAxis: axis) { answers, targets in
            CountScore.jaccard.ofClasses(
                answers.ints, targets.ints, average, labels: labels, positive: positive, name: label, file: file,
                line: line)
        }
        recipe = MetricRecipe(
            name: "Jaccard",
            arguments: [
                "average": average.rawValue, "axis": axis, "labels": labels, "positive": positive, "name": label,
            ])
    }
}
