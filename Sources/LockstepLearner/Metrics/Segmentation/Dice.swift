// SPDX-License-Identifier: Apache-2.0
// Overlap of a predicted and a true region of two classes.

public import LockstepTensor

/// Twice the overlap of the predicted and the true region, divided by the sum of their sizes; over all pixels.
///
/// The region is where the second of two classes has the larger output along `axis`; targets are 0 and 1. Nil when both
/// regions are empty, not a number when an output is none. For more classes use ``DiceMulti``. On several ranks pixel counts are added up.
open class Dice: Metric, Configurable {
    let axis: Int
    private let (file, line): (StaticString, UInt)
    /// Pixels in both regions.
    fileprivate var inter: Int64 = 0
    /// Sizes of both regions, added.
    fileprivate var union: Int64 = 0
    private var mark = NaNMark()

    /// - Parameter axis: The axis of classes.
    public init(axis: Int = 1, file: StaticString = #fileID, line: UInt = #line) {
        (self.axis, self.file, self.line) = (axis, file, line)
    }

    open override func reset() { (inter, union, mark) = (0, 0, NaNMark()) }

    open override func accumulate(_ learner: Learner) {
        guard let pred = learner.pred, let target = learner.yb.first else { return }
        guard let (answers, truth) = regions(pred, target, axis, name, file, line) else { return mark.set() }
        for (answer, wanted) in zip(answers, truth) {
            guard answer | wanted == 0 || answer | wanted == 1 else {
                return DataMistakes.report(
                    "\(name): class \(answer) predicted where the target is \(wanted), but both must be 0 or 1; use \(Swift.type(of: self))Multi for several classes, and divide masks of 0 and 255",
                    file: file, line: line)
            }
            inter += Int64(answer & wanted)
            union += Int64(answer + wanted)
        }
    }

    open override var value: Double? { mark.isSet ? .nan : union == 0 ? nil : score }
    open override var state: MetricState {
        get { MetricState(sums: mark.sums, counts: [inter, union]) }
        set {
            (inter, union) = newValue.counts.isEmpty ? (0, 0) : (newValue.counts[0], newValue.counts[1])
            mark = NaNMark(sums: newValue.sums)
        }
    }

    /// The score of regions that are not both empty.
    fileprivate var score: Double { 2 * Double(inter) / Double(union) }

    open class var configuration: Configuration {
        Configuration(Dice.self) {
            Field("axis", \.axis)
        } make: {
            Dice(axis: try $0("axis"))
        }
    }
}

/// The overlap of the predicted and the true region, divided by what they cover together; otherwise as ``Dice``.
public final class JaccardCoeff: Dice {
    fileprivate override var score: Double { Double(inter) / Double(union - inter) }

    public override class var configuration: Configuration {
        Configuration(JaccardCoeff.self) {
            Field("axis", \.axis)
        } make: {
            JaccardCoeff(axis: try $0("axis"))
        }
    }
}

/// The class of every pixel, predicted and true; nil where an output or a target is not a number and so of no class.
func regions(
    _ pred: Tensor, _ target: Tensor, _ axis: Int, _ name: String, _ file: StaticString, _ line: UInt
) -> (answers: [Int], truth: [Int])? {
    let answers = withNoGrad { pred.detached.argmax(axis: axis) }
    require(
        answers.count == target.count,
        "\(name): outputs of shape \(pred.shape) give \(answers.count) pixels, but targets of \(target.shape) have \(target.count)",
        file: file, line: line)
    return hasNaN(pred) || hasNoClass(target) ? nil : (answers.ints, target.ints)
}
