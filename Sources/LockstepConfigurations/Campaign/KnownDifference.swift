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
    public static let all: [KnownDifference] =
        ["averageStatistics", "local"].map { policy in
            KnownDifference(
                configuration: Configuration(["batchNorm": policy]),
                kind:
                    "refused on ranks only: DistributedCallback failed in after_pred: training, epoch #, batch #: batchNorm",
                reason: "a rank that normalises by its own statistics needs two values of its own")
        }
        + ["parts", "unevenParts"].map { source in
            KnownDifference(
                configuration: Configuration(["source": source]),
                kind:
                    "refused on ranks only: DistributedCallback failed in after_pred: training, epoch #, batch #: batchNorm",
                reason: "the parts of a stream end at different times, so a batch of all ranks may hold one item")
        } + [
            KnownDifference(
                configuration: Configuration(["metrics": "stateless"]), kind: "refused",
                reason: """
                    a metric that does not say what it has counted is right in one process and cannot be merged: ranks refuse it \
                    before they begin (doc comment of Metric)
                    """),
            KnownDifference(
                configuration: Configuration(["loss": "customUnweighted"]), kind: "ranks",
                reason: """
                    a mean over fewer than all items that does not say over how many cannot be merged; learners warn of it, and \
                    the doc comment of CustomLoss says what to do
                    """),
            KnownDifference(
                configuration: Configuration(["signalAt": "after_batch"]),
                kind: "the ranks differ: losses",
                reason: """
                    a signal that one rank raises in after_batch keeps its own recorder from seeing that batch; rows, which \
                    everything is decided by, come from one rank and are equal
                    """),
            KnownDifference(
                configuration: Configuration(["signalAt": "after_step"]),
                kind: "refused in one process only: CancelSignal",
                reason: "a signal of the batch that one rank raises when it is through with it ends no batch"),
            KnownDifference(
                configuration: Configuration(["notANumber": "yes"]), kind: "ranks",
                reason: """
                    what is no number in an item that does not count spoils one process (0 · NaN) and not the ranks, whose \
                    part it is left out of
                    """),
            KnownDifference(
                configuration: Configuration(["precision": "overflow"]), kind: "ranks: steps left out",
                reason: """
                    half precision rounds the products of each part: a gradient at the very edge of its range may pass it in one \
                    process and not as a sum over ranks
                    """),
            KnownDifference(
                configuration: Configuration(["stopping": "valid_loss", "resume": "validation"]),
                kind: "resumed on as many ranks: other bits in train_loss",
                reason: """
                    early stopping that ends a fit in the epoch in which a rank is asked to stop leaves nothing to resume: \
                    weights are equal, and the rows are those of the first run
                    """),
            KnownDifference(
                configuration: Configuration(["model": "unused", "frozen": "body"]),
                kind: "stops in one process only: backward: this tensor does not depend on anything",
                reason: """
                    that nothing depends on the loss is known of the whole batch only: ranks ask at its step, which a signal \
                    may come before when gradients are accumulated
                    """),
            KnownDifference(
                configuration: Configuration(["convention": "perRank"]), kind: "resumed: ResumeCallback failed",
                reason: "a batch for each rank is another batch on other ranks, which resuming says"),
            KnownDifference(
                configuration: Configuration(["sums": "bitwise", "asks": "average"]),
                kind: "bitwise: other bits in answers",
                reason: "an average over ranks that a callback asks for is added over the ranks there are"),
        ]

    /// The one that excuses `failure` of `configuration`; nil when it is a failure.
    public static func of(_ failure: Failure, in configuration: Configuration) -> KnownDifference? {
        all.first { $0.excuses(failure, of: configuration) }
    }

    /// Whether `failure` of `configuration` is this one.
    private func excuses(_ failure: Failure, of configuration: Configuration) -> Bool {
        configuration.contains(self.configuration) && failure.kind.hasPrefix(kind)
    }
}
