// SPDX-License-Identifier: Apache-2.0
// Area under the ROC curve and average precision of one class per item. Scores are compared before probabilities saturate.

public import LockstepTensor

/// Average precision of two classes, from the probability of the last one: the area under precision over recall, in steps.
///
/// One output per item, where there are no two, is that of a sigmoid.
public final class APScoreBinary: AccumMetric, Configurable {
    let axis: Int
    let positive: Int

    /// Average precision of class `positive` against the other, from the scores along `axis`.
    public init(axis: Int = -1, positive: Int = 1, name: String = "average_precision_score") {
        (self.axis, self.positive) = (axis, positive)
        super.init(named: name, .classes, activation: .binarySoftmax, argmaxAxis: axis, isRanking: true) {
            scores, targets in
            Ranking(scores.doubles, targets.ints.map { $0 == positive }).averagePrecision
        }
    }

    public static let configuration = Configuration(APScoreBinary.self) {
        Field("axis", \.axis)
        Field("positive", \.positive, python: "pos_label")
        Field("name", \.name)
    } make: {
        APScoreBinary(axis: try $0("axis"), positive: try $0("positive"), name: try $0("name"))
    }
}

/// The area under the ROC curve of two classes, from the probability of the last one; one output per item, where there are
/// no two, is that of a sigmoid.
///
/// It is the probability that a positive item scores higher than a negative one, ties counting one half. Nil, with a
/// warning, when there are only positive or only negative items.
public final class RocAucBinary: AccumMetric, Configurable {
    let axis: Int
    let maxFPR: Double?

    /// - Parameter maxFPR: Only the part up to this false positive rate, rescaled so that chance is 1/2.
    public init(axis: Int = -1, maxFPR: Double? = nil, name: String? = nil) {
        (self.axis, self.maxFPR) = (axis, maxFPR)
        let label = name ?? maxFPR.map { "roc_auc_score_binary_\(suffix($0))" } ?? "roc_auc_score_binary"
        let warning = Warning(of: label)
        super.init(named: label, .classes, activation: .binarySoftmax, argmaxAxis: axis, isRanking: true) {
            scores, targets in
            let area = Ranking(scores.doubles, targets.ints.map { $0 == 1 }).rocAUC(upTo: maxFPR)
            if area == nil { warning.onlyOneClass() }
            return area
        }
    }

    public static let configuration = Configuration(RocAucBinary.self) {
        Field("axis", \.axis)
        Field("maxFPR", \.maxFPR)
        Field("name", \.name)
    } make: {
        RocAucBinary(axis: try $0("axis"), maxFPR: try $0("maxFPR"), name: try $0("name"))
    }
}

/// The area under the ROC curve of several classes, from their probabilities.
///
/// Nil, with a warning, when the targets lack one of the classes.
public final class RocAuc: AccumMetric, Configurable {
    let axis: Int
    let average: Average
    let multiClass: MultiClass

    /// What is compared with what.
    public enum MultiClass: String, Sendable, Codable {
        /// Each class with all others together.
        case oneVsRest = "ovr"
        /// Each class with each other.
        case oneVsOne = "ovo"
    }

    /// - Parameter average: `.macro`, or `.weighted` by how many targets a class, or pair of classes, has.
    public init(
        axis: Int = -1, average: Average = .macro, multiClass: MultiClass = .oneVsRest, name: String? = nil,
        file: StaticString = #fileID, line: UInt = #line
    ) {
        (self.axis, self.average, self.multiClass) = (axis, average, multiClass)
        let base = multiClass == .oneVsRest ? "roc_auc_score" : "roc_auc_score_ovo"
        let label = name ?? average.named(base, usual: .macro)
        require(
            average == .macro || average == .weighted,
            "\(label): average .\(average.rawValue) is not defined here; choose .macro or .weighted", file: file,
            line: line)
        let warning = Warning(of: label)
        super.init(named: label, .classes, activation: .softmax, argmaxAxis: axis, isRanking: true, flatten: false) {
            outputs, targets in
            let (scores, targets) = (LabelTable(scores: outputs, axis: axis), targets.ints)
            require(
                scores.rows == targets.count, "\(label): \(scores.rows) predictions but \(targets.count) targets",
                file: file, line: line)
            let area =
                multiClass == .oneVsRest
                ? RocAuc.oneVsRest(scores, targets, average) : RocAuc.oneVsOne(scores, targets, average)
            if area == nil { warning.onlyOneClass() }
            return area
        }
    }

    private static func oneVsRest(_ scores: LabelTable<Double>, _ targets: [Int], _ average: Average) -> Double? {
        let flags = targets.flatMap { target in (0..<scores.columns).map { $0 == target } }
        let table = LabelTable(values: flags, rows: scores.rows, columns: scores.columns)
        if (0..<scores.columns).contains(where: { !table.column($0).contains(true) }) { return nil }
        return Ranking.averaged(scores, table, average) { $0.rocAUC() }
    }

    private static func oneVsOne(_ scores: LabelTable<Double>, _ targets: [Int], _ average: Average) -> Double? {
        var (sum, total) = (0.0, 0.0)
        for a in 0..<scores.columns {
            for b in 0..<a {
                let rows = targets.indices.filter { targets[$0] == a || targets[$0] == b }
                func area(of positive: Int) -> Double? {
                    Ranking(rows.map { scores[$0, positive] }, rows.map { targets[$0] == positive }).rocAUC()
                }
                guard let first = area(of: a), let second = area(of: b) else { return nil }
                let weight = average == .macro ? 1 : Double(rows.count)
                (sum, total) = (sum + weight * (first + second) / 2, total + weight)
            }
        }
        return total == 0 ? nil : sum / total
    }

    public static let configuration = Configuration(RocAuc.self) {
        Field("axis", \.axis)
        Field("average", \.average, .macroOrWeighted)
        Field("multiClass", \.multiClass)
        Field("name", \.name)
    } make: {
        RocAuc(axis: try $0("axis"), average: try $0("average"), multiClass: try $0("multiClass"), name: try $0("name"))
    }
}
