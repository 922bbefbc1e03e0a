// SPDX-License-Identifier: Apache-2.0
// Metrics that cannot be merged over ranks are found out before one of them reports a part as the whole.

import LockstepTensor

extension Metric {
    /// Why what several ranks have accumulated cannot be put together; nil when nothing is known against it.
    ///
    /// Known from the start is a class that overrides ``accumulate(_:)`` but has nobody's ``state`` but the empty one. One
    /// that keeps more than its state says, such as a subclass of a metric with a state, shows when it is first asked
    /// (``take(_:)``).
    package final var mergeProblem: String? {
        if let found { return found }
        return OverriddenMembers.lacksState(Swift.type(of: self))
            ? describedProblem("overrides accumulate but not state, so nobody can say what") : nil
    }

    /// Accumulates the learner's batch. On several ranks the first batches show whether the state is all there is: a metric
    /// that is reset and given its own state has the value it had.
    final func take(_ learner: Learner) {
        accumulate(learner)
        guard !isProved, learner.coordinator.rankCount > 1 else { return }
        // What the package declares is tested there.
        isProved = String(reflecting: Swift.type(of: self)).hasPrefix("LockstepLearner.")
        if isProved || mergeProblem != nil { return }
        guard let before = value else { return }
        isProved = true
        let own = state
        reset()
        state = own
        let after = value
        if let after, after == before || abs(after - before) <= 1e-6 * abs(before) || after.isNaN && before.isNaN {
            return
        }
        found = describedProblem("keeps more than its state says, so nobody can say all that")
    }

    private final func describedProblem(_ reason: String) -> String {
        "the metric “\(name)” cannot be merged over ranks: its class \(Swift.type(of: self)) \(reason) each rank has accumulated. Override state, with everything that accumulate changes (see Metric), or use an AvgMetric or AccumMetric"
    }
}

/// Finds out which members of ``Metric`` a class overrides; see ``MethodTable``.
enum OverriddenMembers {
    /// Whether `type` accumulates without a state. No where the layout of method tables is unknown.
    static func lacksState(_ type: Metric.Type) -> Bool {
        guard let slots else { return false }
        return overrides(type, slots.accumulate) && !overrides(type, slots.state)
    }

    /// The entries of `accumulate` and of the getter, setter and coroutine of `state`.
    static let slots: (accumulate: Set<Int>, state: Set<Int>)? = {
        let own = MethodTable.differences(
            [AccumulateProbe.self, StateProbe.self, ResetProbe.self], from: Metric.self, methods: 6)
        guard let own, own[0].count == 1, own[1].count >= 2, own[0].isDisjoint(with: own[1]) else { return nil }
        return (own[0], own[1])
    }()

    private static func overrides(_ type: Metric.Type, _ slots: Set<Int>) -> Bool {
        let base = MethodTable.words(of: Metric.self, sharedWith: Metric.self, methods: 6)
        let own = MethodTable.words(of: type, sharedWith: Metric.self, methods: 6)
        return slots.contains { base[$0] != own[$0] }
    }
}

// The bodies differ from the base's empty ones, lest they be merged.
private final class AccumulateProbe: Metric {
    override func accumulate(_ learner: Learner) { learner.warn("a probe is a metric") }
}
private final class StateProbe: Metric {
    override var state: MetricState {
        get { MetricState(sums: [1]) }
        set { require(newValue.sums.isEmpty, "a probe is a metric") }
    }
}
private final class ResetProbe: Metric {
    override func reset() { stop("a probe is a metric", file: #fileID, line: #line) }
}
