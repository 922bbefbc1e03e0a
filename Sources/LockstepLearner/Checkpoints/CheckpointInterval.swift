// SPDX-License-Identifier: Apache-2.0
// When checkpoints are due, and which is best.

import LockstepTensor

/// How often a checkpoint is written.
public enum CheckpointInterval: Sendable, Equatable {
    /// After every so many training batches of the run.
    case steps(Int)
    /// After every so many epochs.
    case epochs(Int)
    /// When so many minutes have passed since the last, at the end of the batch at hand.
    case minutes(Double)

    /// What is wrong with it, if something is.
    var problem: String? {
        switch self {
        case .steps(let count): count > 0 ? nil : "every \(count) steps; at least 1"
        case .epochs(let count): count > 0 ? nil : "every \(count) epochs; at least 1"
        case .minutes(let minutes):
            minutes > 0 && minutes <= 1e7 ? nil : "every \(minutes) minutes; more than 0, and at most 1e7"
        }
    }
}

extension CheckpointInterval: CustomStringConvertible {
    /// As the command reads it: `500steps`, `2epochs`, `10min`.
    public var description: String {
        switch self {
        case .steps(let count): "\(count)steps"
        case .epochs(let count): "\(count)epochs"
        case .minutes(let minutes): minutes == minutes.rounded() ? "\(Int(minutes))min" : "\(minutes)min"
        }
    }

    /// Reads what ``description`` writes, and a plain number as epochs; nil for anything else.
    public init?(_ text: String) {
        let number = text.prefix { $0.isNumber || $0 == "." || $0 == "-" }
        let unit = text.dropFirst(number.count).trimmingPrefix(" ")
        switch unit {
        case "steps", "step":
            guard let count = Int(number) else { return nil }
            self = .steps(count)
        case "", "epochs", "epoch":
            guard let count = Int(number) else { return nil }
            self = .epochs(count)
        case "min", "minutes", "minute":
            guard let minutes = Double(number) else { return nil }
            self = .minutes(minutes)
        default: return nil
        }
        if problem != nil { return nil }
    }
}

/// The column of the report whose best epoch keeps its checkpoint.
public enum BestCheckpoint: Sendable, Equatable {
    /// Smaller is better: `.min("valid_loss")`.
    case min(String)
    /// Greater is better: `.max("accuracy")`.
    case max(String)

    var column: String {
        switch self {
        case .min(let column), .max(let column): column
        }
    }

    func isBetter(_ value: Double, than best: Double?) -> Bool {
        guard !value.isNaN else { return false }
        guard let best else { return true }
        switch self {
        case .min: return value < best
        case .max: return value > best
        }
    }
}
