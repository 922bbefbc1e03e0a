// SPDX-License-Identifier: Apache-2.0
// Following one column of the report: what was best so far, and whether an epoch has improved on it.

public import LockstepTensor

/// Whether smaller or greater values of a column are better.
public enum TrackedDirection: Sendable {
    case less, greater
}

/// Follows one column of the recorder's rows; the base of callbacks that act when it improves or does not.
///
/// An epoch improves when its value beats the best one by more than ``minDelta``. A column without a value (a cancelled
/// phase, no validation items) or a NaN is no improvement. Epochs skipped by `startEpoch` are not looked at. Does not take
/// part in `validate`, `predictions` and `lrFind`.
///
/// On several ranks the recorder's values are the same everywhere, so every rank decides alike; only the writing rank
/// prints.
open class Tracker: Callback, Configurable, Resumable {
    /// The column: `valid_loss`, `train_loss`, a metric's name.
    public final let monitor: String
    /// Whether smaller or greater values are better.
    public final let direction: TrackedDirection
    /// By how much a value must beat the best one.
    public final let minDelta: Double
    /// Whether each fit begins without a best value.
    public final var resetOnFit: Bool
    /// The best value so far; nil before there is one.
    public private(set) final var best: Double?
    /// What the last epoch was.
    public private(set) final var outcome = Outcome.none
    final let console: Console

    /// The best value. An override calls `super`, too.
    open func exchangeState(with archive: StateArchive) throws { try archive.number("best", &best) }

    /// What an epoch was for the column.
    public enum Outcome: Sendable {
        /// Not reported: skipped, or not reached yet.
        case none
        case improved, notImproved
    }

    /// - Parameters:
    ///   - monitor: A column of the recorder.
    ///   - direction: Which values are better. Nil: smaller ones if a word of the name ends in `loss` or `error`, else
    ///     greater ones.
    ///   - minDelta: By how much a value must beat the best one.
    ///   - resetOnFit: Whether each fit begins without a best value.
    ///   - console: Where messages go.
    public init(
        monitor: String = "valid_loss", direction: TrackedDirection? = nil, minDelta: Double = 0,
        resetOnFit: Bool = true, console: Console = .standardOutput
    ) {
        self.monitor = monitor
        self.direction = direction ?? (Tracker.measuresFailure(monitor) ? .less : .greater)
        (self.minDelta, self.resetOnFit, self.console) = (minDelta, resetOnFit, console)
        super.init()
    }

    /// Whether a word of `name` ends in loss or error: `valid_loss`, `error_rate`, `logloss`, but not `lossless_score`.
    package static func measuresFailure(_ name: String) -> Bool {
        name.lowercased().split(separator: "_").contains { word in
            ["loss", "losses", "error", "errors"].contains { word.hasSuffix($0) }
        }
    }

    open class var configuration: Configuration { Configuration(Tracker.self) { fields() } }

    /// The fields of every tracker.
    final class func fields<Kind: Tracker>(of type: Kind.Type = Kind.self) -> [Field<Kind>] {
        [
            Field("monitor", \.monitor), Field(stored: "smallerIsBetter", { $0.direction == .less }),
            Field(told: "comp") { .string($0.direction == .less ? "less" : "greater") },
            Field("minDelta", \.minDelta), Field("resetOnFit", \.resetOnFit),
        ]
    }

    open override var order: Int { 60 }
    public final override var takesPartInInference: Bool { false }

    /// An override calls `super`.
    /// - Throws: ``TrackerError`` when there is no such column.
    open override func beforeFit(_ learner: Learner) throws {
        let columns = learner.recorder?.names ?? []
        guard columns.contains(monitor) else {
            throw TrackerError(callback: typeName, monitor: monitor, columns: columns)
        }
        if resetOnFit { best = nil }
        outcome = .none
    }

    /// Looks at the epoch's row and sets ``outcome`` and ``best``. An override calls `super` first.
    open override func afterEpoch(_ learner: Learner) throws {
        guard let row = learner.recorder?.rows.last, row.epoch == learner.epoch else {
            outcome = .none
            return
        }
        guard let value = row[monitor], improves(value) else {
            outcome = .notImproved
            return
        }
        (outcome, best) = (.improved, value)
    }

    private func improves(_ value: Double) -> Bool {
        switch direction {
        case .less: value + minDelta < best ?? .infinity
        case .greater: value - minDelta > best ?? -.infinity
        }
    }

    /// Prints a line on the writing rank.
    final func say(_ line: String, _ learner: Learner) {
        if learner.coordinator.isWriter { console.write(line + "\n") }
    }
}

/// A tracker was told to follow a column that the recorder does not have.
public struct TrackerError: Error, CustomStringConvertible, Sendable {
    /// The tracker's type.
    public let callback: String
    /// The column it was to follow.
    public let monitor: String
    /// The columns there are; empty without a recorder.
    public let columns: [String]
    public var description: String {
        columns.isEmpty
            ? "\(callback): there is no Recorder, so there is no column “\(monitor)” to follow"
            : "\(callback): there is no column “\(monitor)” to follow; there are \(columns.joined(separator: ", "))"
    }
}
