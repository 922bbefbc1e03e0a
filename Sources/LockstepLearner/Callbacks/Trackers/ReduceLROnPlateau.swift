// SPDX-License-Identifier: Apache-2.0
// Lowering the learning rate when a fit no longer improves.

import LockstepOptim
public import LockstepTensor

/// Divides every group's learning rate by `factor` whenever the column it follows has not improved for `patience` epochs.
///
/// A scheduler of the learning rate in the same fit overrides it, which is warned of. On several ranks all lower the rate
/// in the same epoch: the values they look at are the same.
/// - Note: fastai: `ReduceLROnPlateau`.
public final class ReduceLROnPlateau: Tracker {
    /// Epochs without improvement that are put up with.
    public let patience: Int
    /// What rates are divided by.
    public let factor: Double
    /// No rate becomes smaller than this.
    public let minLR: Double
    private var waited = 0

    /// - Precondition: `factor` is at least 1.
    public init(
        monitor: String = "valid_loss", direction: TrackedDirection? = nil, minDelta: Double = 0, patience: Int = 1,
        factor: Double = 10, minLR: Double = 0, resetOnFit: Bool = true, console: Console = .standardOutput,
        file: StaticString = #fileID, line: UInt = #line
    ) {
        require(factor >= 1, "ReduceLROnPlateau: a factor of \(factor) would raise the rate", file: file, line: line)
        (self.patience, self.factor, self.minLR) = (patience, factor, minLR)
        super.init(
            monitor: monitor, direction: direction, minDelta: minDelta, resetOnFit: resetOnFit, console: console)
    }

    public override class var configuration: Configuration {
        Configuration(ReduceLROnPlateau.self) {
            fields()
            Field("patience", \.patience, .length)
            Field("factor", \.factor, .within(1...Double.infinity))
            Field("minLR", \.minLR)
        } make: {
            ReduceLROnPlateau(
                monitor: try $0("monitor"), direction: try $0("smallerIsBetter") ? .less : .greater,
                minDelta: try $0("minDelta"), patience: try $0("patience"), factor: try $0("factor"),
                minLR: try $0("minLR"), resetOnFit: try $0("resetOnFit"))
        }
    }

    public override var order: Int { 62 }

    /// The best value, and the epochs waited; the rates it has come to are the optimizer's.
    public override func exchangeState(with archive: StateArchive) throws {
        try super.exchangeState(with: archive)
        try archive.integer("waited", &waited)
    }

    public override func beforeFit(_ learner: Learner) throws {
        waited = 0
        try super.beforeFit(learner)
        if learner.callbacks.contains(where: { ($0 as? ParamScheduler)?.sets("lr") ?? false }) {
            learner.warn("ReduceLROnPlateau has no effect: a ParamScheduler sets the learning rate in every batch")
        }
    }

    public override func afterEpoch(_ learner: Learner) throws {
        try super.afterEpoch(learner)
        switch outcome {
        case .none: return
        case .improved: waited = 0
        case .notImproved:
            waited += 1
            guard waited >= patience, let optimizer = learner.optimizer else { return }
            waited = 0
            let rates = optimizer.groups.indices.map { optimizer.hyper("lr", group: $0) ?? 0 }
            let lowered = rates.map { min($0, max($0 / factor, minLR)) }
            try optimizer.setHyper("lr", .perGroup(lowered))
            if let old = rates.last, let new = lowered.last, new < old {
                say("Epoch \(learner.epoch): reducing lr to \(new)", learner)
            }
        }
    }
}
