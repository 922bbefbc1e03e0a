// SPDX-License-Identifier: Apache-2.0
// What a metric says, once, when its value is undefined.

/// A sentence on standard error that is written once per metric.
final class Warning {
    private let name: String
    private var wasGiven = false

    init(of name: String) { self.name = name }

    /// A class has no items, or there is no other.
    func onlyOneClass() {
        if wasGiven { return }
        wasGiven = true
        Console.standardError.write("lockstep: \(name) is undefined where the targets lack a class; it is left empty\n")
    }
}
