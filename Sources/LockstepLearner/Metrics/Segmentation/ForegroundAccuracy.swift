// SPDX-License-Identifier: Apache-2.0
// Accuracy over the pixels that are not background.

import LockstepTensor

/// The share of right answers among the pixels whose target is not background, over all pixels. Nil without any.
///
/// On several ranks pixel counts are added up.
public final class ForegroundAcc: Metric {
    let background: Int
    let axis: Int
    private let (file, line): (StaticString, UInt)
    private var counts: [Int64] = [0, 0]

    /// - Parameters:
    ///   - background: The class that does not count.
    ///   - axis: The axis of classes of the outputs; the targets lack it, or have one element there.
    public init(background: Int = 0, axis: Int = 1, file: StaticString = #fileID, line: UInt = #line) {
        (self.background, self.axis, self.file, self.line) = (background, axis, file, line)
    }

    public override func reset() { counts = [0, 0] }

    public override func accumulate(_ learner: Learner) {
        guard let pred = learner.pred, let target = learner.yb.first else { return }
        let (answers, truth) = regions(pred, target, axis, name, file, line)
        for (answer, wanted) in zip(answers, truth) where wanted != background {
            counts[0] += answer == wanted ? 1 : 0
            counts[1] += 1
        }
    }

    public override var value: Double? { counts[1] == 0 ? nil : Double(counts[0]) / Double(counts[1]) }
    public override var state: MetricState {
        get { MetricState(counts: counts) }
        set { counts = newValue.counts.isEmpty ? [0, 0] : newValue.counts }
    }
}

extension Metric {
    /// The share of right answers among the pixels whose target is not class 0.
    public static var foregroundAcc: Metric { ForegroundAcc() }

    /// The share of right answers among the pixels whose target is not `background`.
    public static func foregroundAcc(background: Int = 0, axis: Int = 1) -> Metric {
        ForegroundAcc(background: background, axis: axis)
    }
}
