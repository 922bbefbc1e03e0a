// SPDX-License-Identifier: Apache-2.0
// Failures that are documented to be what they are.

/// Configurations that are excused, with the reason.
public struct KnownDifference: Sendable {
    /// Every configuration that chooses this is meant.
    public let configuration: Configuration
    /// The kinds of failure that are excused begin with this.
    public let kind: String
    /// Why it is right, and where that is documented.
    public let reason: String

    /// All of them.
    public static let all: [KnownDifference] = [
        KnownDifference(
            configuration: Configuration(["loss": "customUnweighted"]), kind: "ranks",
            reason: """
                a mean over fewer than all items that does not say over how many cannot be merged; learners warn of it, and \
                the doc comment of CustomLoss says what to do
                """)
    ]

    /// Whether `failure` of `configuration` is this one.
    func excuses(_ failure: Failure, of configuration: Configuration) -> Bool {
        configuration.contains(self.configuration) && failure.kind.hasPrefix(kind)
    }
}
