// SPDX-License-Identifier: Apache-2.0
// F1, F-beta, precision, recall and Jaccard of several labels per item.

public import LockstepTensor

/// The harmonic mean of precision and recall; of several yes-or-no labels per item.
///
/// Outputs and targets are `[items, labels]`; an output at or above `threshold` is a yes. Undefined values count as 0.
public final class F1ScoreMulti: LabelScore, Configurable {
    /// - Parameters:
    ///   - sigmoid: Whether outputs are turned into probabilities first.
    ///   - labels: Which labels count; nil: all.
    ///   - positive: The label of which `.binary` takes the score.
    ///   - name: The column's name; nil: `f1_score_multi`, with the options that differ from the usual ones.
    public init(
        threshold: Double = 0.5, sigmoid: Bool = true, average: Average = .macro, labels: [Int]? = nil,
        positive: Int = 1, name: String? = nil, file: StaticString = #fileID, line: UInt = #line
    ) {
        super.init(
            .fBeta(1), "f1_score_multi", threshold, sigmoid, average, labels, positive, name, file, line)
    }

    public static let configuration = Configuration(F1ScoreMulti.self) {
        fields()
    } make: {
        F1ScoreMulti(
            threshold: try $0("threshold"), sigmoid: try $0("sigmoid"), average: try $0("average"),
            labels: try $0("labels"), positive: try $0("positive"), name: try $0("name"))
    }
}

/// Precision and recall in one number, recall counting β times as much: (1 + β²)·P·R / (β²·P + R); of several yes-or-no labels per item.
///
/// Outputs and targets are `[items, labels]`; an output at or above `threshold` is a yes. Undefined values count as 0.
public final class FBetaMulti: LabelScore, Configurable {
    let beta: Double

    /// - Parameters:
    ///   - sigmoid: Whether outputs are turned into probabilities first.
    ///   - labels: Which labels count; nil: all.
    ///   - positive: The label of which `.binary` takes the score.
    ///   - name: The column's name; nil: `fbeta_score_multi`, with the options that differ from the usual ones.
    public init(
        _ beta: Double, threshold: Double = 0.5, sigmoid: Bool = true, average: Average = .macro, labels: [Int]? = nil,
        positive: Int = 1, name: String? = nil, file: StaticString = #fileID, line: UInt = #line
    ) {
        self.beta = beta
        super.init(
            .fBeta(beta), "fbeta_score_multi_\(suffix(beta))", threshold, sigmoid, average, labels, positive, name,
            file, line)
    }

    public static let configuration = Configuration(FBetaMulti.self) {
        Field("beta", \.beta)
        fields()
    } make: {
        FBetaMulti(
            try $0("beta"), threshold: try $0("threshold"), sigmoid: try $0("sigmoid"), average: try $0("average"),
            labels: try $0("labels"), positive: try $0("positive"), name: try $0("name"))
    }
}

/// Of the items said to be of a class, the share that are; of several yes-or-no labels per item.
///
/// Outputs and targets are `[items, labels]`; an output at or above `threshold` is a yes. Undefined values count as 0.
public final class PrecisionMulti: LabelScore, Configurable {
    /// - Parameters:
    ///   - sigmoid: Whether outputs are turned into probabilities first.
    ///   - labels: Which labels count; nil: all.
    ///   - positive: The label of which `.binary` takes the score.
    ///   - name: The column's name; nil: `precision_score_multi`, with the options that differ from the usual ones.
    public init(
        threshold: Double = 0.5, sigmoid: Bool = true, average: Average = .macro, labels: [Int]? = nil,
        positive: Int = 1, name: String? = nil, file: StaticString = #fileID, line: UInt = #line
    ) {
        super.init(
            .precision, "precision_score_multi", threshold, sigmoid, average, labels, positive, name, file, line)
    }

    public static let configuration = Configuration(PrecisionMulti.self) {
        fields()
    } make: {
        PrecisionMulti(
            threshold: try $0("threshold"), sigmoid: try $0("sigmoid"), average: try $0("average"),
            labels: try $0("labels"), positive: try $0("positive"), name: try $0("name"))
    }
}

/// Of the items of a class, the share that were found; of several yes-or-no labels per item.
///
/// Outputs and targets are `[items, labels]`; an output at or above `threshold` is a yes. Undefined values count as 0.
public final class RecallMulti: LabelScore, Configurable {
    /// - Parameters:
    ///   - sigmoid: Whether outputs are turned into probabilities first.
    ///   - labels: Which labels count; nil: all.
    ///   - positive: The label of which `.binary` takes the score.
    ///   - name: The column's name; nil: `recall_score_multi`, with the options that differ from the usual ones.
    public init(
        threshold: Double = 0.5, sigmoid: Bool = true, average: Average = .macro, labels: [Int]? = nil,
        positive: Int = 1, name: String? = nil, file: StaticString = #fileID, line: UInt = #line
    ) {
        super.init(
            .recall, "recall_score_multi", threshold, sigmoid, average, labels, positive, name, file, line)
    }

    public static let configuration = Configuration(RecallMulti.self) {
        fields()
    } make: {
        RecallMulti(
            threshold: try $0("threshold"), sigmoid: try $0("sigmoid"), average: try $0("average"),
            labels: try $0("labels"), positive: try $0("positive"), name: try $0("name"))
    }
}

/// Of the items that are of a class or were said to be, the share for which both hold; of several yes-or-no labels per item.
///
/// Outputs and targets are `[items, labels]`; an output at or above `threshold` is a yes. Undefined values count as 0.
public final class JaccardMulti: LabelScore, Configurable {
    /// - Parameters:
    ///   - sigmoid: Whether outputs are turned into probabilities first.
    ///   - labels: Which labels count; nil: all.
    ///   - positive: The label of which `.binary` takes the score.
    ///   - name: The column's name; nil: `jaccard_score_multi`, with the options that differ from the usual ones.
    public init(
        threshold: Double = 0.5, sigmoid: Bool = true, average: Average = .macro, labels: [Int]? = nil,
        positive: Int = 1, name: String? = nil, file: StaticString = #fileID, line: UInt = #line
    ) {
        super.init(
            .jaccard, "jaccard_score_multi", threshold, sigmoid, average, labels, positive, name, file, line)
    }

    public static let configuration = Configuration(JaccardMulti.self) {
        fields()
    } make: {
        JaccardMulti(
            threshold: try $0("threshold"), sigmoid: try $0("sigmoid"), average: try $0("average"),
            labels: try $0("labels"), positive: try $0("positive"), name: try $0("name"))
    }
}

/// What the scores of several yes-or-no labels per item share: their options.
public class LabelScore: AccumMetric {
    let threshold: Double
    let sigmoid: Bool
    let average: Average
    let labels: [Int]?
    let positive: Int

    /// - Parameter usual: The column's name where `name` says none, before the options that differ from the usual ones.
    init(
        _ score: CountScore, _ usual: String, _ threshold: Double, _ sigmoid: Bool, _ average: Average,
        _ labels: [Int]?, _ positive: Int, _ name: String?, _ file: StaticString, _ line: UInt
    ) {
        (self.threshold, self.sigmoid, self.average) = (threshold, sigmoid, average)
        (self.labels, self.positive) = (labels, positive)
        let label = name ?? average.named(usual, usual: .macro)
        super.init(named: label, .classes, activation: sigmoid ? .sigmoid : .none, threshold: threshold, flatten: false)
        {
            let (answers, targets) = labelTables($0, $1, label, file, line)
            return score.ofLabels(answers, targets, average, labels: labels, positive: positive)
        }
    }

    /// The fields of every such score.
    final class func fields<Kind: LabelScore>(of type: Kind.Type = Kind.self) -> [Field<Kind>] {
        [
            Field("threshold", \.threshold, python: "thresh"), Field("sigmoid", \.sigmoid), Field("average", \.average),
            Field("labels", \.labels), Field("positive", \.positive, python: "pos_label"), Field("name", \.name),
        ]
    }
}

/// Answers and targets as tables of the same size.
func labelTables(
    _ answers: Tensor, _ targets: Tensor, _ name: String, _ file: StaticString, _ line: UInt
) -> (LabelTable<Bool>, LabelTable<Bool>) {
    require(
        answers.shape == targets.shape,
        "\(name): outputs of shape \(answers.shape) but targets of \(targets.shape); both must be [items, labels]",
        file: file, line: line)
    return (LabelTable(flags: answers), LabelTable(flags: targets))
}
