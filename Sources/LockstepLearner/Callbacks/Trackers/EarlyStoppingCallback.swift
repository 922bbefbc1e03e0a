// SPDX-License-Identifier: Apache-2.0
// Ending a fit that no longer improves.

public import LockstepTensor

/// Ends the fit when the column it follows has not improved for `patience` epochs.
///
/// On several ranks all stop in the same epoch: the values they look at are the same.
/// - Note: fastai: `EarlyStoppingCallback`.
public final class EarlyStoppingCallback: Tracker {
    /// Epochs without improvement that are put up with.
    public let patience: Int
    private var waited = 0

    /// - Parameter patience: The fit ends after this many epochs in a row without improvement.
    public init(
        monitor: String = "valid_loss", direction: TrackedDirection? = nil, minDelta: Double = 0, patience: Int = 1,
        resetOnFit: Bool = true, console: Console = .standardOutput
    ) {
        self.patience = patience
        super.init(
            monitor: monitor, direction: direction, minDelta: minDelta, resetOnFit: resetOnFit, console: console)
    }

    public override class var configuration: Configuration {
        Configuration(EarlyStoppingCallback.self) {
            fields()
            Field("patience", \.patience, .length)
        } make: {
            EarlyStoppingCallback(
                monitor: try $0("monitor"), direction: try $0("smallerIsBetter") ? .less : .greater,
                minDelta: try $0("minDelta"), patience: try $0("patience"), resetOnFit: try $0("resetOnFit"))
        }
    }

    public override var order: Int { 63 }

    /// The best value, and the epochs waited.
    public override func exchangeState(with archive: StateArchive) throws {
        try super.exchangeState(with: archive)
        try archive.integer("waited", &waited)
    }

    public override func beforeFit(_ learner: Learner) throws {
        waited = 0
        try super.beforeFit(learner)
    }

    public override func afterEpoch(_ learner: Learner) throws {
        try super.afterEpoch(learner)
        switch outcome {
        case .none: return
        case .improved: waited = 0
        case .notImproved:
            waited += 1
            guard waited >= patience else { return }
            say("No improvement since epoch \(learner.epoch - waited): early stopping", learner)
            throw CancelSignal.fit
        }
    }
}
