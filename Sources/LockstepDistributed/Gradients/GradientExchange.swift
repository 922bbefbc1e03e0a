// SPDX-License-Identifier: Apache-2.0
// An arena's gradients, reduced over ranks in the memory backward wrote them to.

package import LockstepComm
package import LockstepTensor

/// Averages the gradients of an arena over all ranks, weighted by the items each has seen.
///
/// The gradients move into memory that the ranks of a node share; the reduction is one pass over it. After the gradients
/// lies one flag per parameter: a parameter that any rank has a gradient for has one on every rank, zero where it saw none.
package final class GradientExchange {
    package let arena: ParameterArena
    package let communicator: any Communicator
    private let reducer: SharedReducer?

    /// Places the gradients of `arena`. Collective.
    package init(_ arena: ParameterArena, over communicator: any Communicator) throws {
        (self.arena, self.communicator) = (arena, communicator)
        guard communicator.size > 1, arena.values.dtype == .float32 else {
            reducer = nil
            return
        }
        let reducer = try SharedReducer(over: communicator, floatCount: arena.count + arena.tailCount)
        if let base = reducer.arena.baseAddress {
            arena.placeGradients(
                in: Storage(
                    foreign: UnsafeMutableRawPointer(base), byteCount: reducer.arena.count * MemoryLayout<Float>.stride,
                    owner: reducer.owner))
        }
        self.reducer = reducer
    }

    /// Whether ranks of this node read each other's gradients in place.
    package var isShared: Bool { reducer?.isShared ?? false }

    /// Replaces every rank's gradients by `Σ weight·gradient / Σ weight`. Collective.
    ///
    /// - Parameter weight: items in this rank's part; 0 takes part without contributing.
    package func reduce(weight: Double) throws {
        guard communicator.size > 1 else { return }
        arena.completeGradients()
        let count = arena.slots.count
        let flags = arena.slots.map { $0.parameter.leaf.isTouched && weight > 0 ? 1.0 : 0 }
        let places = arena.tail.view([count], strides: [1])
        Tensor.copy(Tensor(flags, shape: [count]), into: places)
        if let reducer {
            try reducer.reduce(weight: weight, count: arena.count, tailCount: count, ranges: arena.trainableRanges)
        } else {
            try reduceByMessages(weight: weight, flags: places)
        }
        for (slot, flag) in zip(arena.slots, places.doubles) where flag > 0 { slot.parameter.leaf.markTouched() }
    }

    /// Float64 models, which only gradient checks train: sums over plain messages.
    private func reduceByMessages(weight: Double, flags: Tensor) throws {
        arena.scaleGradients(by: weight)
        try communicator.allReduce(arena.gradients.rawBytes, as: .float64, .sum, name: "gradients")
        let sum = try communicator.allReduce(weight, .sum, name: "weights")
        if sum > 0 { arena.scaleGradients(by: 1 / sum) }
        try communicator.allReduce(flags.rawBytes, as: .float64, .sum, name: "flags")
    }
}
