// SPDX-License-Identifier: Apache-2.0
// What became of each tensor of a file and of a model, when weights were loaded.

public import LockstepTensor

/// What loading weights has done, tensor by tensor; printed, a line for each kind of it.
///
/// ```text
/// resnet18.pth: 120 tensors loaded
///   prefix          “module.” was taken off the file's names
///   converted       62: F16 to float32 (conv1.weight, bn1.weight, bn1.bias and 59 more)
///   left as it was  fc.weight [10, 512] (the file's is [1000, 512]), fc.bias [10] (the file's is [1000])
/// ```
public struct WeightReport: Sendable, CustomStringConvertible {
    /// A tensor that is not as the file has it.
    public struct Change: Sendable, Equatable {
        /// Its name in the model.
        public let name: String
        /// What was done: `F16 to float32`, `channels moved to the front`, …
        public let what: String
    }

    /// A tensor of the model that was left as it was.
    public struct Left: Sendable, Equatable {
        /// Its name in the model.
        public let name: String
        /// Its extents.
        public let shape: Shape
        /// Those of the file's tensor of that name; nil where there is none.
        public let found: Shape?
    }

    /// Where the weights came from.
    public let file: String
    /// What every name of the file begins with and the model's do not; empty where there is nothing of that kind.
    public internal(set) var prefix = ""
    /// What the model's names begin with and those of the file do not.
    public internal(set) var addedPrefix = ""
    /// The model's tensors that have the file's values now, in the model's order.
    public internal(set) var loaded: [String] = []
    /// Those among them that were converted, and how; one may be listed several times.
    public internal(set) var converted: [Change] = []
    /// The file's tensors that were passed over by rule (`position_ids`, …) or because the caller wanted it, and the model's
    /// counters that the file lacks.
    public internal(set) var ignored: [String] = []
    /// The model's tensors that stay as they were and may: the caller has named their parts, or wanted another head.
    public internal(set) var left: [Left] = []
    /// The model's tensors that the file does not have; with `strict` they are an error.
    public internal(set) var missing: [String] = []
    /// The file's tensors that the model has no place for; with `strict` they are an error.
    public internal(set) var unexpected: [String] = []

    init(file: String) { self.file = file }

    public var description: String {
        var lines = ["\(file): \(loaded.count) tensor\(loaded.count == 1 ? "" : "s") loaded"]
        func say(_ what: String, _ text: String) {
            lines.append("  " + what + String(repeating: " ", count: Swift.max(1, 16 - what.count)) + text)
        }
        if !prefix.isEmpty { say("prefix", "“\(prefix)” was taken off the file's names") }
        if !addedPrefix.isEmpty { say("prefix", "“\(addedPrefix)” was put before the file's names") }
        var kinds: [String] = []
        for change in converted where !kinds.contains(change.what) { kinds.append(change.what) }
        for kind in kinds {
            let names = converted.filter { $0.what == kind }.map(\.name)
            say("converted", "\(names.count): \(kind) (\(WeightReport.list(names, most: 3)))")
        }
        if !ignored.isEmpty { say("ignored", "\(ignored.count): \(WeightReport.list(ignored, most: 3))") }
        if !left.isEmpty {
            say(
                "left as it was",
                WeightReport.list(
                    left.map { "\($0.name) \($0.shape)" + ($0.found.map { " (the file's is \($0))" } ?? "") }))
        }
        if !missing.isEmpty { say("missing", "\(missing.count): \(WeightReport.list(missing))") }
        if !unexpected.isEmpty { say("unexpected", "\(unexpected.count): \(WeightReport.list(unexpected))") }
        return lines.joined(separator: "\n")
    }

    /// The first few, and how many more there are.
    static func list(_ names: [String], most: Int = 8) -> String {
        let shown = names.prefix(most).joined(separator: ", ")
        return names.count > most ? shown + " and \(names.count - most) more" : shown
    }
}
