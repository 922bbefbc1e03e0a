// SPDX-License-Identifier: Apache-2.0
// F1, F-beta, precision, recall and Jaccard of one class per item.

public import LockstepTensor

/// The harmonic mean of precision and recall; over all items.
///
/// The class is the one with the largest output along `axis`. Undefined values count as 0.
public final class F1Score: AccumMetric, Configurable {
    let average: Average
    let axis: Int
    let labels: [Int]?
    let positive: Int

    /// - Parameters:
    ///   - average: How the classes' scores become one; `.binary` is an error when there are more than two classes.
    ///   - labels: Which classes count; nil: those that occur.
    ///   - positive: The positive class of `.binary`.
    ///   - name: The column's name; nil: `f1_score`, with the options that differ from the usual ones.
    public init(
        average: Average = .binary, axis: Int = -1, labels: [Int]? = nil, positive: Int = 1, name: String? = nil,
        file: StaticString = #fileID, line: UInt = #line
    ) {
        (self.average, self.axis, self.labels, self.positive) = (average, axis, labels, positive)
        let label = name ?? average.named("f1_score", usual: .binary)
        super.init(named: label, .classes, argmaxAxis: axis) { answers, targets in
            CountScore.fBeta(1).ofClasses(
                answers.ints, targets.ints, average, labels: labels, positive: positive, name: label, file: file,
                line: line)
        }
    }

    public static let configuration = Configuration(F1Score.self) {
        Field("average", \.average, .ofClasses)
        Field("axis", \.axis)
        Field("labels", \.labels)
        Field("positive", \.positive, python: "pos_label")
        Field("name", \.name)
    } make: {
        F1Score(
            average: try $0("average"), axis: try $0("axis"), labels: try $0("labels"), positive: try $0("positive"),
            name: try $0("name"))
    }
}

/// Precision and recall in one number, recall counting β times as much: (1 + β²)·P·R / (β²·P + R); over all items.
///
/// The class is the one with the largest output along `axis`. Undefined values count as 0.
public final class FBeta: AccumMetric, Configurable {
    let beta: Double
    let average: Average
    let axis: Int
    let labels: [Int]?
    let positive: Int

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
        (self.beta, self.average, self.axis, self.labels, self.positive) = (beta, average, axis, labels, positive)
        let label = name ?? average.named("fbeta_score_\(suffix(beta))", usual: .binary)
        super.init(named: label, .classes, argmaxAxis: axis) { answers, targets in
            CountScore.fBeta(beta).ofClasses(
                answers.ints, targets.ints, average, labels: labels, positive: positive, name: label, file: file,
                line: line)
        }
    }

    public static let configuration = Configuration(FBeta.self) {
        Field("beta", \.beta)
        Field("average", \.average, .ofClasses)
        Field("axis", \.axis)
        Field("labels", \.labels)
        Field("positive", \.positive, python: "pos_label")
        Field("name", \.name)
    } make: {
        FBeta(
            try $0("beta"), average: try $0("average"), axis: try $0("axis"), labels: try $0("labels"),
            positive: try $0("positive"), name: try $0("name"))
    }
}

/// Of the items said to be of a class, the share that are; over all items.
///
/// The class is the one with the largest output along `axis`. Undefined values count as 0.
public final class Precision: AccumMetric, Configurable {
    let average: Average
    let axis: Int
    let labels: [Int]?
    let positive: Int

    /// - Parameters:
    ///   - average: How the classes' scores become one; `.binary` is an error when there are more than two classes.
    ///   - labels: Which classes count; nil: those that occur.
    ///   - positive: The positive class of `.binary`.
    ///   - name: The column's name; nil: `precision_score`, with the options that differ from the usual ones.
    public init(
        average: Average = .binary, axis: Int = -1, labels: [Int]? = nil, positive: Int = 1, name: String? = nil,
        file: StaticString = #fileID, line: UInt = #line
    ) {
        (self.average, self.axis, self.labels, self.positive) = (average, axis, labels, positive)
        let label = name ?? average.named("precision_score", usual: .binary)
        super.init(named: label, .classes, argmaxAxis: axis) { answers, targets in
            CountScore.precision.ofClasses(
                answers.ints, targets.ints, average, labels: labels, positive: positive, name: label, file: file,
                line: line)
        }
    }

    public static let configuration = Configuration(Precision.self) {
        Field("average", \.average, .ofClasses)
        Field("axis", \.axis)
        Field("labels", \.labels)
        Field("positive", \.positive, python: "pos_label")
        Field("name", \.name)
    } make: {
        Precision(
            average: try $0("average"), axis: try $0("axis"), labels: try $0("labels"), positive: try $0("positive"),
            name: try $0("name"))
    }
}

/// Of the items of a class, the share that were found; over all items.
///
/// The class is the one with the largest output along `axis`. Undefined values count as 0.
public final class Recall: AccumMetric, Configurable {
    let average: Average
    let axis: Int
    let labels: [Int]?
    let positive: Int

    /// - Parameters:
    ///   - average: How the classes' scores become one; `.binary` is an error when there are more than two classes.
    ///   - labels: Which classes count; nil: those that occur.
    ///   - positive: The positive class of `.binary`.
    ///   - name: The column's name; nil: `recall_score`, with the options that differ from the usual ones.
    public init(
        average: Average = .binary, axis: Int = -1, labels: [Int]? = nil, positive: Int = 1, name: String? = nil,
        file: StaticString = #fileID, line: UInt = #line
    ) {
        (self.average, self.axis, self.labels, self.positive) = (average, axis, labels, positive)
        let label = name ?? average.named("recall_score", usual: .binary)
        super.init(named: label, .classes, argmaxAxis: axis) { answers, targets in
            CountScore.recall.ofClasses(
                answers.ints, targets.ints, average, labels: labels, positive: positive, name: label, file: file,
                line: line)
        }
    }

    public static let configuration = Configuration(Recall.self) {
        Field("average", \.average, .ofClasses)
        Field("axis", \.axis)
        Field("labels", \.labels)
        Field("positive", \.positive, python: "pos_label")
        Field("name", \.name)
    } make: {
        Recall(
            average: try $0("average"), axis: try $0("axis"), labels: try $0("labels"), positive: try $0("positive"),
            name: try $0("name"))
    }
}

/// Of the items that are of a class or were said to be, the share for which both hold; over all items.
///
/// The class is the one with the largest output along `axis`. Undefined values count as 0.
public final class Jaccard: AccumMetric, Configurable {
    let average: Average
    let axis: Int
    let labels: [Int]?
    let positive: Int

    /// - Parameters:
    ///   - average: How the classes' scores become one; `.binary` is an error when there are more than two classes.
    ///   - labels: Which classes count; nil: those that occur.
    ///   - positive: The positive class of `.binary`.
    ///   - name: The column's name; nil: `jaccard_score`, with the options that differ from the usual ones.
    public init(
        average: Average = .binary, axis: Int = -1, labels: [Int]? = nil, positive: Int = 1, name: String? = nil,
        file: StaticString = #fileID, line: UInt = #line
    ) {
        (self.average, self.axis, self.labels, self.positive) = (average, axis, labels, positive)
        let label = name ?? average.named("jaccard_score", usual: .binary)
        super.init(named: label, .classes, argmaxAxis: axis) { answers, targets in
            CountScore.jaccard.ofClasses(
                answers.ints, targets.ints, average, labels: labels, positive: positive, name: label, file: file,
                line: line)
        }
    }

    public static let configuration = Configuration(Jaccard.self) {
        Field("average", \.average, .ofClasses)
        Field("axis", \.axis)
        Field("labels", \.labels)
        Field("positive", \.positive, python: "pos_label")
        Field("name", \.name)
    } make: {
        Jaccard(
            average: try $0("average"), axis: try $0("axis"), labels: try $0("labels"), positive: try $0("positive"),
            name: try $0("name"))
    }
}
