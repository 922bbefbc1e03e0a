// SPDX-License-Identifier: Apache-2.0
// Epochs cut short, to try things out.

public import LockstepTensor

/// Ends the training phase, and the validation phase if wanted, after a fraction of its batches, at least one.
///
/// A phase that is cut short reports no values. On several ranks phases have the same number of batches everywhere and
/// end at the same one.
/// - Note: fastai: `ShortEpochCallback`.
public final class ShortEpochCallback: Callback {
    /// Of the batches of a phase.
    public let fraction: Double
    /// Whether validation is cut short too.
    public let shortValid: Bool

    /// - Precondition: the fraction is in 0…1.
    public init(
        fraction: Double = 0.01, shortValid: Bool = true, file: StaticString = #fileID, line: UInt = #line
    ) {
        require(
            fraction >= 0 && fraction <= 1, "ShortEpochCallback: a fraction of \(fraction) is not in 0...1", file: file,
            line: line)
        (self.fraction, self.shortValid) = (fraction, shortValid)
    }

    public override var takesPartInInference: Bool { false }

    public override func afterBatch(_ learner: Learner) throws {
        if Double(learner.iter) / Double(learner.nIter) < fraction { return }
        if learner.training { throw CancelSignal.train }
        if shortValid { throw CancelSignal.validate }
    }
}

extension ShortEpochCallback: Configurable {
    public static let configuration = Configuration(ShortEpochCallback.self) {
        Field("fraction", \.fraction, .within(0...1), python: "pct")
        Field("shortValid", \.shortValid)
    } make: {
        ShortEpochCallback(fraction: try $0("fraction"), shortValid: try $0("shortValid"))
    }
}
