// SPDX-License-Identifier: Apache-2.0
// Overlap of predicted and true regions, class by class.

public import LockstepTensor

/// The mean of the classes' ``Dice``, leaving out classes that are neither predicted nor there.
///
/// Classes are along `axis` of the outputs; targets are class indices, of which those that are no class (an ignored 255,
/// say) belong to no region. Nil when there is nothing, not a number when an output is none. On several ranks pixel counts are added up.
open class DiceMulti: Metric, Configurable {
    let axis: Int
    private let (file, line): (StaticString, UInt)
    /// For each class the pixels in both regions, then the sizes of both regions, added.
    private var counts: [Int64] = []
    private var mark = NaNMark()

    /// - Parameter axis: The axis of classes.
    public init(axis: Int = 1, file: StaticString = #fileID, line: UInt = #line) {
        (self.axis, self.file, self.line) = (axis, file, line)
    }

    open override func reset() { (counts, mark) = ([], NaNMark()) }

    open override func accumulate(_ learner: Learner) {
        guard let pred = learner.pred, let target = learner.yb.first else { return }
        let classes = pred.dim(axis)
        if counts.isEmpty { counts = .init(repeating: 0, count: 2 * classes) }
        require(
            counts.count == 2 * classes, "\(name): \(classes) classes after batches of \(counts.count / 2)",
            file: file, line: line)
        guard let (answers, truth) = regions(pred, target, axis, name, file, line) else { return mark.set() }
        for (answer, wanted) in zip(answers, truth) {
            counts[2 * answer + 1] += 1
            if wanted >= 0, wanted < classes { counts[2 * wanted + 1] += 1 }
            if answer == wanted { counts[2 * answer] += 1 }
        }
    }

    open override var value: Double? {
        var scores: [Double] = []
        for index in stride(from: 0, to: counts.count, by: 2) where counts[index + 1] > 0 {
            scores.append(score(Double(counts[index]), Double(counts[index + 1])))
        }
        return mark.isSet ? .nan : mean(of: scores)
    }

    open override var state: MetricState {
        get { MetricState(sums: mark.sums, counts: counts) }
        set { (counts, mark) = (newValue.counts, NaNMark(sums: newValue.sums)) }
    }

    /// The score of one class, from the pixels in both regions and the regions' sizes added.
    fileprivate func score(_ inter: Double, _ union: Double) -> Double { 2 * inter / union }

    open class var configuration: Configuration {
        Configuration(DiceMulti.self) {
            Field("axis", \.axis)
        } make: {
            DiceMulti(axis: try $0("axis"))
        }
    }
}

/// The mean of the classes' ``JaccardCoeff``, leaving out classes that are neither predicted nor there.
public final class JaccardCoeffMulti: DiceMulti {
    fileprivate override func score(_ inter: Double, _ union: Double) -> Double { inter / (union - inter) }

    public override class var configuration: Configuration {
        Configuration(JaccardCoeffMulti.self) {
            Field("axis", \.axis)
        } make: {
            JaccardCoeffMulti(axis: try $0("axis"))
        }
    }
}
