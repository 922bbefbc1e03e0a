// SPDX-License-Identifier: Apache-2.0
// The same bits on any number of ranks.

import LockstepLearner
import LockstepOptim

/// Gradients of the pieces of a batch (``MicroShards``) are added up in one tree, whatever the number of ranks, and every rank
/// updates all parameters.
final class BitwiseStep: RankStep {
    let exchange: GradientExchange

    init(_ exchange: GradientExchange) { self.exchange = exchange }

    /// Pieces are shares of the batch already: what this rank contributes is in them.
    func reduce(_ optimizer: Optimizer, _ contribution: Contribution, for needs: GradientNeeds) throws {
        try exchange.sumAsTree()
    }

    func update(_ optimizer: Optimizer) { optimizer.step() }
    func makeWhole(weight: Double) throws { try exchange.sumAsTree() }
}
