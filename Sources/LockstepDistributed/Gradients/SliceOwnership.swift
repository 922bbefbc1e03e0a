// SPDX-License-Identifier: Apache-2.0
// Parameters once per node, and an optimizer state of which each rank keeps its slice.

import LockstepComm
import LockstepOptim
import LockstepTensor
import Synchronization

/// The shared memory behind ``UpdatePolicy/owner``.
///
/// ```
///  parameters   | slice 0    | slice 1    | …   one window, read by all ranks, each slice written by its owner
///  state        | m₀ v₀ | n |  | m₁ v₁ | n |   a segment per rank, read by others only to save it whole; updates begun and ended
/// ```
final class SliceOwnership {
    let optimizer: Optimizer
    private let communicator: any Communicator
    private let owned: [Range<Int>]
    private let values: Storage
    private let state: SharedState
    /// Twice the updates that each rank's slice has had, in its segment, and one more in the middle of one: they tell whoever survives
    /// a rank where it was.
    private let updates: [UnsafeMutablePointer<Atomic<Int>>]

    /// Why the updates of `optimizer` cannot be divided among the ranks that `reducer` connects; nil when they can.
    static func obstacle(_ optimizer: Optimizer, _ reducer: SharedReducer) -> String? {
        let slices = reducer.ownedRanges(of: optimizer.arena.count)
        guard reducer.isShared, slices.count == reducer.communicator.size else {
            return "the ranks do not all share memory"
        }
        return optimizer.indivisible
    }

    /// Allocates the memory; nil, on all ranks, where there is too little of it to share. Collective.
    ///
    /// - Precondition: there is no ``obstacle(_:_:)``.
    init?(_ optimizer: Optimizer, _ reducer: SharedReducer) throws {
        let communicator = reducer.communicator
        let (arena, rank) = (optimizer.arena, communicator.rank)
        (self.optimizer, self.communicator) = (optimizer, communicator)
        let owned = reducer.ownedRanges(of: arena.count)
        self.owned = owned
        let parameters = try communicator.allocateShared(byteCount: rank == 0 ? arena.valueByteCount : 0)
        // A cache line of its own after the state.
        func end(_ range: Range<Int>) -> Int { (optimizer.sharedStateByteCount(range) + 63) / 64 * 64 }
        let moments = try communicator.allocateShared(byteCount: end(owned[rank]) + 64)
        let size = communicator.size
        guard
            try communicator.allRanks(
                parameters.peers.count == size && moments.peers.count == size, name: "shared parameters"),
            let base = parameters.peers[0].baseAddress
        else { return nil }
        values = Storage(foreign: base, byteCount: arena.valueByteCount, owner: parameters.owner)
        var slices: [(range: Range<Int>, memory: Storage)] = []
        for (range, memory) in zip(owned, moments.peers) {
            guard let base = memory.baseAddress else { return nil }
            slices.append((range, Storage(foreign: base, byteCount: memory.count, owner: moments.owner)))
        }
        state = SharedState(slices: slices, own: rank)
        updates = zip(owned, slices).map { range, slice in
            // A zero, which is what it begins as.
            (slice.memory.pointer + end(range)).assumingMemoryBound(to: Atomic<Int>.self)
        }
    }

    /// Called where an update of this rank's slice begins, and where it ends.
    func markUpdate() { updates[communicator.rank].pointee.add(1, ordering: .acquiringAndReleasing) }

    /// Whether all slices have had the same number of updates, and none is in the middle of one.
    var isAtRest: Bool {
        let own = updates[communicator.rank].pointee.load(ordering: .acquiring)
        return own.isMultiple(of: 2) && updates.allSatisfy { $0.pointee.load(ordering: .acquiring) == own }
    }

    /// Moves parameters and state, which must be equal on all ranks, into the shared memory. Collective.
    func begin() throws {
        let arena = optimizer.arena
        let width = arena.values.dtype.byteCount
        let own = owned[communicator.rank]
        // The owner writes first: pages come to lie where it runs.
        (values.pointer + own.lowerBound * width).copyMemory(
            from: arena.values.unsafePointer + own.lowerBound * width, byteCount: own.count * width)
        optimizer.shareState(state)
        try communicator.barrier(name: "shared parameters")
        arena.shareValues(in: values)
        Memory.trim()
    }

    /// Whether this rank has written to a parameter, or replaced the state, and thereby left the shared memory.
    var isBroken: Bool { !optimizer.isShared }
}
