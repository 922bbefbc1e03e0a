// SPDX-License-Identifier: Apache-2.0
// Accuracy over the pixels that are not background.

public import LockstepTensor

/// The share of right answers among the pixels whose target is not background, over all pixels. Nil without any,
/// not a number when an output is none.
///
/// On several ranks pixel counts are added up.
public final class ForegroundAcc: Metric {
    let background: Int
    let axis: Int
    private let (file, line): (StaticString, UInt)
    private var counts: [Int64] = [0, 0]
    private var mark = NaNMark()

    /// - Parameters:
    ///   - background: The class that does not count.
    ///   - axis: The axis of classes of the outputs; the targets lack it, or have one element there.
    public init(background: Int = 0, axis: Int = 1, file: StaticString = #fileID, line: UInt = #line) {
        (self.background, self.axis, self.file, self.line) = (background, axis, file, line)
    }

    public override func reset() { (counts, mark) = ([0, 0], NaNMark()) }

    public override func accumulate(_ learner: Learner) {
        guard let pred = learner.pred, let target = learner.yb.first else { return }
        guard let (answers, truth) = regions(pred, target, axis, name, file, line) else { return mark.set() }
        for (answer, wanted) in zip(answers, truth) where wanted != background {
            counts[0] += answer == wanted ? 1 : 0
            counts[1] += 1
        }
    }

    public override var value: Double? {
        mark.isSet ? .nan : counts[1] == 0 ? nil : Double(counts[0]) / Double(counts[1])
    }
    public override var state: MetricState {
        get { MetricState(sums: mark.sums, counts: counts) }
        set {
            counts = newValue.counts.isEmpty ? [0, 0] : newValue.counts
            mark = NaNMark(sums: newValue.sums)
        }
    }
}

extension ForegroundAcc: Configurable {
    public static let configuration = Configuration(ForegroundAcc.self) {
        Field("background", \.background, python: "bkg_idx")
        Field("axis", \.axis)
    } make: {
        ForegroundAcc(background: try $0("background"), axis: try $0("axis"))
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
