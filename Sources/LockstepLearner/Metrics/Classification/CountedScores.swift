// SPDX-License-Identifier: Apache-2.0
// F1, F-beta, precision, recall and Jaccard of one class per item.

public import LockstepTensor

/// The harmonic mean of precision and recall; over all items.
///
/// The class is the one with the largest output along `axis`. Undefined values count as 0.
public final class F1Score: ClassScore, Configurable {
    /// - Parameters:
    ///   - average: How the classes' scores become one; `.binary` is an error when there are more than two classes.
    ///   - labels: Which classes count; nil: those that occur.
    ///   - positive: The positive class of `.binary`.
    ///   - name: The column's name; nil: `f1_score`, with the options that differ from the usual ones.
    public init(
        average: Average = .binary, axis: Int = -1, labels: [Int]? = nil, positive: Int = 1, name: String? = nil,
        file: StaticString = #fileID, line: UInt = #line
    ) {
        super.init(
            .fBeta(1), "f1_score", average, axis, labels, positive, name, file, line)
    }

    public static let configuration = Configuration(F1Score.self) {
        fields()
    } make: {
        F1Score(
            average: try $0("average"), axis: try $0("axis"), labels: try $0("labels"), positive: try $0("positive"),
            name: try $0("name"))
    }
}

/// Precision and recall in one number, recall counting β times as much: (1 + β²)·P·R / (β²·P + R); over all items.
///
/// The class is the one with the largest output along `axis`. Undefined values count as 0.
public final class FBeta: ClassScore, Configurable {
    let beta: Double

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
        self.beta = beta
        super.init(
            .fBeta(beta), "fbeta_score_\(suffix(beta))", average, axis, labels, positive, name, file, line)
    }

    public static let configuration = Configuration(FBeta.self) {
        Field("beta", \.beta)
        fields()
    } make: {
        FBeta(
            try $0("beta"), average: try $0("average"), axis: try $0("axis"), labels: try $0("labels"),
            positive: try $0("positive"), name: try $0("name"))
    }
}

/// Of the items said to be of a class, the share that are; over all items.
///
/// The class is the one with the largest output along `axis`. Undefined values count as 0.
public final class Precision: ClassScore, Configurable {
    /// - Parameters:
    ///   - average: How the classes' scores become one; `.binary` is an error when there are more than two classes.
    ///   - labels: Which classes count; nil: those that occur.
    ///   - positive: The positive class of `.binary`.
    ///   - name: The column's name; nil: `precision_score`, with the options that differ from the usual ones.
    public init(
        average: Average = .binary, axis: Int = -1, labels: [Int]? = nil, positive: Int = 1, name: String? = nil,
        file: StaticString = #fileID, line: UInt = #line
    ) {
        super.init(
            .precision, "precision_score", average, axis, labels, positive, name, file, line)
    }

    public static let configuration = Configuration(Precision.self) {
        fields()
    } make: {
        Precision(
            average: try $0("average"), axis: try $0("axis"), labels: try $0("labels"), positive: try $0("positive"),
            name: try $0("name"))
    }
}

/// Of the items of a class, the share that were found; over all items.
///
/// The class is the one with the largest output along `axis`. Undefined values count as 0.
public final class Recall: ClassScore, Configurable {
    /// - Parameters:
    ///   - average: How the classes' scores become one; `.binary` is an error when there are more than two classes.
    ///   - labels: Which classes count; nil: those that occur.
    ///   - positive: The positive class of `.binary`.
    ///   - name: The column's name; nil: `recall_score`, with the options that differ from the usual ones.
    public init(
        average: Average = .binary, axis: Int = -1, labels: [Int]? = nil, positive: Int = 1, name: String? = nil,
        file: StaticString = #fileID, line: UInt = #line
    ) {
        super.init(
            .recall, "recall_score", average, axis, labels, positive, name, file, line)
    }

    public static let configuration = Configuration(Recall.self) {
        fields()
    } make: {
        Recall(
            average: try $0("average"), axis: try $0("axis"), labels: try $0("labels"), positive: try $0("positive"),
            name: try $0("name"))
    }
}

/// Of the items that are of a class or were said to be, the share for which both hold; over all items.
///
/// The class is the one with the largest output along `axis`. Undefined values count as 0.
public final class Jaccard: ClassScore, Configurable {
    /// - Parameters:
    ///   - average: How the classes' scores become one; `.binary` is an error when there are more than two classes.
    ///   - labels: Which classes count; nil: those that occur.
    ///   - positive: The positive class of `.binary`.
    ///   - name: The column's name; nil: `jaccard_score`, with the options that differ from the usual ones.
    public init(
        average: Average = .binary, axis: Int = -1, labels: [Int]? = nil, positive: Int = 1, name: String? = nil,
        file: StaticString = #fileID, line: UInt = #line
    ) {
        super.init(
            .jaccard, "jaccard_score", average, axis, labels, positive, name, file, line)
    }

    public static let configuration = Configuration(Jaccard.self) {
        fields()
    } make: {
        Jaccard(
            average: try $0("average"), axis: try $0("axis"), labels: try $0("labels"), positive: try $0("positive"),
            name: try $0("name"))
    }
}

/// What the scores of one class per item share: their options.
public class ClassScore: AccumMetric {
    let average: Average
    let axis: Int
    let labels: [Int]?
    let positive: Int

    /// - Parameter usual: The column's name where `name` says none, before the options that differ from the usual ones.
    init(
        _ score: CountScore, _ usual: String, _ average: Average, _ axis: Int, _ labels: [Int]?, _ positive: Int,
        _ name: String?, _ file: StaticString, _ line: UInt
    ) {
        (self.average, self.axis, self.labels, self.positive) = (average, axis, labels, positive)
        let label = name ?? average.named(usual, usual: .binary)
        super.init(named: label, .classes, argmaxAxis: axis) { answers, targets in
            score.ofClasses(
                answers.ints, targets.ints, average, labels: labels, positive: positive, name: label, file: file,
                line: line)
        }
    }

    /// The fields of every such score.
    final class func fields<Kind: ClassScore>(of type: Kind.Type = Kind.self) -> [Field<Kind>] {
        [
            Field("average", \.average, .ofClasses), Field("axis", \.axis), Field("labels", \.labels),
            Field("positive", \.positive, python: "pos_label"), Field("name", \.name),
        ]
    }
}
