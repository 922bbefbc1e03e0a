// SPDX-License-Identifier: Apache-2.0
// Each rank averages and updates its slice.

import LockstepLearner
import LockstepOptim

/// Parameters lie once in memory that the ranks of a node share, and each rank updates its slice of them.
///
/// Where nobody looks at the gradients in between, a slice is averaged and updated in one pass over memory:
/// ```
///            before_step                     step
/// looked at  average on every rank           update the own slice, wait for the others
/// otherwise  say what this rank contributes  average and update the own slice, wait for the others
/// ```
final class ShardedStep: RankStep {
    private enum Progress {
        /// Nothing to do but to update: gradients are whole, or there are none.
        case whole
        /// The reduction happens with the update.
        case due(Contribution)
    }
    let exchange: GradientExchange
    private var progress = Progress.whole

    init(_ exchange: GradientExchange) { self.exchange = exchange }

    var isAtRest: Bool { exchange.isAtRest }

    func reduce(_ optimizer: Optimizer, _ contribution: Contribution, for needs: GradientNeeds) throws {
        if needs.isEmpty, !exchange.hasAside { return progress = .due(contribution) }
        progress = .whole
        try exchange.reduce(
            weight: contribution.weight, scale: contribution.scale, measuresNorm: needs.contains(.norm))
    }

    func update(_ optimizer: Optimizer) throws {
        switch progress {
        case .due(let contribution):
            progress = .whole
            try exchange.reduceAndUpdate(optimizer, weight: contribution.weight, scale: contribution.scale)
        case .whole:
            try exchange.updateSlice(optimizer)
        }
    }

    func abandon() -> Bool {
        guard case .due = progress else { return false }
        progress = .whole
        return true
    }
}
