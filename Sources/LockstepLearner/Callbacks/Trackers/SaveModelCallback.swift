// SPDX-License-Identifier: Apache-2.0
// Keeping the best model of a fit, or every so many.

public import LockstepTensor

/// Saves the model when the column it follows improves, and takes the best one back at the end of the fit.
///
/// Only a model that this callback has saved is taken back, in this run or before it was interrupted, never a file of that
/// name from an earlier run; when nothing
/// ever improved (all values NaN) the model stays as the fit left it, with a warning.
///
/// On several ranks all decide alike; the writing rank writes, and reads for all. The fit must reach its end on all ranks. What
/// cannot be written is tried four times within five seconds before it is an error.
/// - Note: fastai: `SaveModelCallback`.
public final class SaveModelCallback: Tracker {
    /// When to save.
    public enum Moment: Sendable, Equatable {
        /// When the column improves; the best is loaded at the end of the fit.
        case best
        /// At the end of each epoch divisible by the number, as `filename_E`. Nothing is loaded.
        case everyEpoch(Int)
        /// When the column improves, and at the end of the fit. Nothing is loaded.
        case atEnd
    }
    /// The file, as `learner.save` takes it.
    public let filename: String
    /// When to save.
    public let moment: Moment
    /// Whether the optimizer is saved, and loaded, too.
    public let withOptimizer: Bool
    /// Where the last model went; nil before there is one.
    public private(set) var lastPath: String?
    private var hasBest = false

    /// - Parameter filename: As `learner.save` takes it: in the learner's model directory unless absolute.
    public init(
        monitor: String = "valid_loss", direction: TrackedDirection? = nil, minDelta: Double = 0,
        filename: String = "model", saving moment: Moment = .best, withOptimizer: Bool = false,
        resetOnFit: Bool = true, console: Console = .standardOutput, file: StaticString = #fileID, line: UInt = #line
    ) {
        if case .everyEpoch(let count) = moment {
            require(count > 0, "SaveModelCallback: every \(count) epochs is never", file: file, line: line)
        }
        (self.filename, self.moment, self.withOptimizer) = (filename, moment, withOptimizer)
        super.init(
            monitor: monitor, direction: direction, minDelta: minDelta, resetOnFit: resetOnFit, console: console)
    }

    public override class var configuration: Configuration {
        Configuration(SaveModelCallback.self) {
            fields()
            Field("filename", \.filename, python: "fname")
            Field(stored: "saving", \.moment.word)
            Field(stored: "every", \.moment.epochs)
            Field(told: "every_epoch") { $0.moment.epochs.map { .int($0) } ?? .bool(false) }
            Field(told: "at_end") { .bool($0.moment == .atEnd) }
            Field("withOptimizer", \.withOptimizer, python: "with_opt")
        } make: { fields in
            let name: String = try fields("filename")
            // Training on must not write where the bundle's author wants.
            try fields.check(
                !name.hasPrefix("/") && !name.split(separator: "/").contains("..") && !name.contains("\0"),
                "the file name “\(name.prefix(80))” leads out of the learner's folder")
            return SaveModelCallback(
                monitor: try fields("monitor"), direction: try fields("smallerIsBetter") ? .less : .greater,
                minDelta: try fields("minDelta"), filename: name, saving: try Moment(fields),
                withOptimizer: try fields("withOptimizer"), resetOnFit: try fields("resetOnFit"))
        }
    }

    public override var order: Int { 61 }

    /// The best value, and whether its model was saved.
    public override func exchangeState(with archive: StateArchive) throws {
        try super.exchangeState(with: archive)
        try archive.flag("hasBest", &hasBest)
    }

    public override func beforeFit(_ learner: Learner) throws {
        try super.beforeFit(learner)
        if resetOnFit { hasBest = false }
    }

    public override func afterEpoch(_ learner: Learner) throws {
        try super.afterEpoch(learner)
        if case .everyEpoch(let count) = moment {
            if outcome != .none && learner.epoch % count == 0 {
                lastPath = try learner.save(
                    "\(filename)_\(learner.epoch)", withOptimizer: withOptimizer, patiently: true)
            }
        } else if outcome == .improved, let best {
            say("Better model found at epoch \(learner.epoch) with \(monitor) value: \(best).", learner)
            lastPath = try learner.save(filename, withOptimizer: withOptimizer, patiently: true)
            hasBest = true
        }
    }

    public override func afterFit(_ learner: Learner) throws {
        switch moment {
        case .everyEpoch: return
        case .atEnd: lastPath = try learner.save(filename, withOptimizer: withOptimizer, patiently: true)
        case .best:
            if hasBest {
                try learner.load(filename, withOptimizer: withOptimizer)
            } else if learner.nEpoch > 0 {
                learner.warn("SaveModelCallback: \(monitor) never improved, so no best model was saved or loaded")
            }
        }
    }
}

extension SaveModelCallback.Moment {
    fileprivate var word: String {
        switch self {
        case .best: "best"
        case .atEnd: "atEnd"
        case .everyEpoch: "everyEpoch"
        }
    }
    fileprivate var epochs: Int? { if case .everyEpoch(let count) = self { count } else { nil } }

    fileprivate init(_ fields: ExportFields) throws {
        let word: String = try fields("saving")
        let moments = ["best": SaveModelCallback.Moment.best, "atEnd": .atEnd]
        self = try moments[word] ?? .everyEpoch(fields.size("every"))
    }
}
