// SPDX-License-Identifier: Apache-2.0
// What the steps of ranks have in common.

import LockstepLearner

/// A step of several ranks: ``ReplicatedStep``, ``ShardedStep``, ``BitwiseStep``.
protocol RankStep: StepStrategy {
    var exchange: GradientExchange { get }

    /// Makes gradients that a batch left behind those of all ranks, to be kept for a later reduction. Collective.
    func makeWhole(weight: Double) throws
}

extension RankStep {
    func makeWhole(weight: Double) throws { try exchange.reduce(weight: weight) }
    func abandon() -> Bool { false }
}
