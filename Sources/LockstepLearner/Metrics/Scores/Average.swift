// SPDX-License-Identifier: Apache-2.0
// How the scores of several classes become one number.

import LockstepTensor

/// How a score that exists per class (precision, recall, F1, Jaccard, …) becomes one number.
public enum Average: String, Sendable, Codable {
    /// The score of the positive class alone; an error when there are more than two classes.
    case binary
    /// The score of all classes' counts added up.
    case micro
    /// The mean of the classes' scores.
    case macro
    /// The mean of the classes' scores, each weighted by how many targets it has.
    case weighted
    /// The mean of the items' scores; of multi-label targets only.
    case samples

    /// The name of a metric: `base`, with the average when it is not the usual one.
    func named(_ base: String, usual: Average) -> String { self == usual ? base : "\(base)_\(rawValue)" }
}

/// Two columns must not have the same name, so a number that matters is part of it: 2, 0.5.
func suffix(_ number: Double) -> String {
    number == number.rounded() && abs(number) < 1e9 ? "\(Int(number))" : "\(number)"
}

/// The mean of the defined numbers; nil when there are none.
func mean(of numbers: [Double]) -> Double? {
    numbers.isEmpty ? nil : numbers.reduce(0, +) / Double(numbers.count)
}

extension Requirement where Value == Average {
    /// One class per item has no samples to average over.
    static var ofClasses: Requirement { Requirement("but an item has one class") { $0 != .samples } }

    static var macroOrWeighted: Requirement {
        Requirement("neither macro nor weighted") { $0 == .macro || $0 == .weighted }
    }
}
