// SPDX-License-Identifier: Apache-2.0
// One thing about a training run that can be chosen, with everything it can be.

/// One choice of a ``Configuration``: a name and the values it can have, the plainest first.
///
/// The first value is what a configuration has that does not mention the option, and what shrinking goes back to.
public struct Option: Sendable {
    /// What configurations call it.
    public let name: String
    /// Everything it can be, the plainest first.
    public let values: [String]
    /// How often something other than the plainest value is drawn, 0 to 1.
    public let share: Double

    /// The value of configurations that do not mention it.
    public var plain: String { values[0] }

    init(_ name: String, _ share: Double, _ values: String...) {
        (self.name, self.share, self.values) = (name, share, values)
    }

    init(_ name: String, _ share: Double, _ values: [String]) {
        (self.name, self.share, self.values) = (name, share, values)
    }

    /// The option called `name`.
    public static func named(_ name: String) -> Option? { all.first { $0.name == name } }
}
