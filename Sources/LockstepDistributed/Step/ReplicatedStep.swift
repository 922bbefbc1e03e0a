// SPDX-License-Identifier: Apache-2.0
// Every rank updates everything.

import LockstepLearner
import LockstepOptim

/// Gradients are averaged on every rank, and every rank updates all parameters, which are its own.
final class ReplicatedStep: RankStep {
    let exchange: GradientExchange

    init(_ exchange: GradientExchange) { self.exchange = exchange }

    func reduce(_ optimizer: Optimizer, _ contribution: Contribution, for needs: GradientNeeds) throws {
        try exchange.reduce(
            weight: contribution.weight, scale: contribution.scale, measuresNorm: needs.contains(.norm))
    }

    func update(_ optimizer: Optimizer) { optimizer.step() }
}
