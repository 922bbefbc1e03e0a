// SPDX-License-Identifier: Apache-2.0
// An arena's gradients, reduced over ranks in the memory backward wrote them to.

package import LockstepComm
package import LockstepOptim
package import LockstepTensor

/// Averages the gradients of an arena over all ranks, weighted by the items each has seen.
///
/// The gradients move into memory that the ranks of a node share; the reduction is one pass over it. After the gradients
/// lies one flag per parameter: a parameter that any rank has a gradient for has one on every rank, zero where it saw none.
package final class GradientExchange {
    package let arena: ParameterArena
    package let communicator: any Communicator
    private let reducer: SharedReducer?
    private var owners = Owners.replicated(spare: nil)
    /// What was measured, and for whom.
    private var probed: (optimizer: Optimizer, result: UpdateProbe?)?
    /// What a reduction has to carry, for the parameters that were trainable when it was worked out.
    private var trainable: [Bool] = []
    private var ranges: [Range<Int>] = []
    private var fetch: () -> Void = {}
    /// Gradients of earlier batches, whole, that the next reduction is to be added to: for each parameter that has one.
    private var aside: [(slot: ParameterArena.Slot, gradient: Tensor)]?

    /// Places the gradients of `arena`. Collective.
    /// - Parameter compression: how gradients of type float32 travel between nodes.
    package init(
        _ arena: ParameterArena, over communicator: any Communicator, compression: GradientCompression = .none
    ) throws {
        (self.arena, self.communicator) = (arena, communicator)
        guard communicator.size > 1, arena.gradientType == .float32 else {
            reducer = nil
            return
        }
        let reducer = try SharedReducer(
            over: communicator, floatCount: arena.count + arena.tailCount, compression: compression)
        if let base = reducer.arena.baseAddress {
            arena.placeGradients(
                in: Storage(
                    foreign: UnsafeMutableRawPointer(base), byteCount: reducer.arena.count * MemoryLayout<Float>.stride,
                    owner: reducer.owner))
        }
        self.reducer = reducer
    }

    // MARK: Who updates

    /// Who updates the parameters.
    private enum Owners {
        /// Every rank all of them; where they were shared before, with that memory.
        case replicated(spare: SliceOwnership?)
        /// Each rank its slice.
        case sharded(SliceOwnership)

        /// The memory that is shared, or was.
        var memory: SliceOwnership? {
            switch self {
            case .replicated(let spare): spare
            case .sharded(let slices): slices
            }
        }
    }

    /// Who updates the parameters, as far as this rank goes.
    package enum Sharing {
        case replicated, sharded
        /// This rank has assigned to a parameter: all must go back to copies of their own where they agree next.
        case leaving
    }

    package var sharing: Sharing {
        switch owners {
        case .replicated: .replicated
        case .sharded(let slices): slices.isBroken ? .leaving : .sharded
        }
    }

    /// Whether no rank is in the middle of an update of its slice, or has made one more than another.
    package var isAtRest: Bool { if case .sharded(let slices) = owners { slices.isAtRest } else { true } }

    /// Whether each rank updates its slice of the parameters only.
    package var dividesUpdates: Bool { if case .sharded = owners { true } else { false } }

    /// Decides who updates the parameters of `optimizer`, as `policy` says or, where it leaves it open, a measurement.
    /// Collective.
    ///
    /// - Parameter isSplit: Whether something looks at gradients between the reduction and the update.
    /// - Returns: what the user should know of the choice, a sentence each.
    @discardableResult
    package func chooseUpdates(
        of optimizer: Optimizer, _ policy: UpdatePolicy, isSplit: Bool = false
    ) throws -> [String] {
        guard policy != .replicated else { return [] }
        let probe = policy == .automatic ? try probeUpdates(of: optimizer, isSplit: isSplit) : nil
        let measured = probe.map { ["\($0)"] } ?? []
        guard probe?.prefersOwner ?? true else { return measured }
        guard let obstacle = try divideUpdates(of: optimizer), policy == .owner || optimizer.indivisible != nil else {
            return measured
        }
        return measured + ["every rank updates all parameters: \(obstacle)"]
    }

    /// Divides the updates of `optimizer`, whose parameters and state must be equal on all ranks, if that is possible.
    /// Collective.
    ///
    /// - Returns: why it is not possible; nil when it is.
    package func divideUpdates(of optimizer: Optimizer) throws -> String? {
        guard let reducer else { return communicator.size == 1 ? nil : "parameters are not of type float32" }
        if let obstacle = SliceOwnership.obstacle(optimizer, reducer) { return obstacle }
        let known = owners.memory
        let slices = known?.optimizer === optimizer ? known : try SliceOwnership(optimizer, reducer)
        guard let slices else { return "there is too little shared memory" }
        try slices.begin()
        owners = .sharded(slices)
        return nil
    }

    /// Measures who should update the parameters of `optimizer`, at the first call. Collective.
    ///
    /// - Parameter isSplit: Whether something looks at gradients between the reduction and the update.
    /// - Returns: nil where there is no choice, or where it is known without measuring.
    package func probeUpdates(of optimizer: Optimizer, isSplit: Bool = false) throws -> UpdateProbe? {
        guard let reducer, SliceOwnership.obstacle(optimizer, reducer) == nil else { return nil }
        if let probed, probed.optimizer === optimizer { return probed.result }
        let result = try UpdateProbe.measure(optimizer, over: communicator, isSplit: isSplit)
        probed = (optimizer, result)
        return result
    }

    /// Whether updates are divided on every rank and none has left. Collective.
    package func isDividedEverywhere() throws -> Bool {
        // Divided once, on all ranks or none.
        guard owners.memory != nil else { return false }
        return try communicator.allRanks(sharing == .sharded, name: "shared parameters")
    }

    /// Goes back to parameters and state of this rank's own. All ranks must do so at the same point.
    package func keepCopies() {
        guard case .sharded(let slices) = owners else { return }
        slices.optimizer.keepOwnCopies()
        owners = .replicated(spare: slices)
    }

    // MARK: Steps

    /// Replaces every rank's gradients by `scale · Σ weight·gradient / Σ weight`. Collective.
    ///
    /// - Parameters:
    ///   - weight: items in this rank's shard; 0 takes part without contributing.
    ///   - measuresNorm: Whether somebody will ask for their norm.
    package func reduce(weight: Double, scale: Double = 1, measuresNorm: Bool = false) throws {
        guard communicator.size > 1 else { return }
        arena.completeGradients()
        findRanges()
        let flags = writeFlags()
        if let reducer {
            try reducer.reduce(
                weight: weight, count: arena.count, tailCount: arena.slots.count, ranges: ranges,
                measuresNorm: measuresNorm)
            if let squared = reducer.squaredNorm { arena.deferred.record(squaredNorm: squared) }
        } else {
            try reduceByMessages(weight: weight, flags: flags)
        }
        for (slot, flag) in zip(arena.slots, flags.doubles) where flag > 0 { slot.parameter.leaf.markTouched() }
        if scale != 1 { arena.scaleGradients(by: scale) }
        addAside()
    }

    // MARK: Kept gradients

    /// Whether gradients lie aside: the next step then takes ``reduce(weight:scale:measuresNorm:)``.
    package var hasAside: Bool { aside != nil }

    /// Keeps reduced gradients of a batch that was given up for the next reduction. Collective.
    package func setAsideWhole() throws {
        let kept = arena.slots.compactMap { slot in
            slot.parameter.leaf.gradient.map { (slot: slot, gradient: $0 + 0) }
        }
        // Where owners had them, they were read just now: nobody may write before all have.
        try communicator.barrier(name: "kept gradients")
        arena.zeroGradients()
        aside = kept
    }

    /// Forgets what lies aside: a new fit begins.
    package func dropAside() { aside = nil }

    private func addAside() {
        guard let aside else { return }
        self.aside = nil
        for (slot, kept) in aside {
            slot.parameter.leaf.gradient = slot.parameter.leaf.gradient.map { $0 + kept } ?? kept
        }
    }

    // MARK: Updates

    /// Reduces as ``reduce(weight:scale:measuresNorm:)`` and steps, each rank its slice, in one pass over memory. Collective.
    ///
    /// - Precondition: ``dividesUpdates`` for this optimizer, on every rank.
    package func reduceAndUpdate(_ optimizer: Optimizer, weight: Double, scale: Double = 1) throws {
        guard let reducer else { return }
        arena.completeGradients()
        findRanges()
        _ = writeFlags()
        let slices = owners.memory
        try reducer.reduceOwned(
            weight: weight, count: arena.count, tailCount: arena.slots.count, ranges: ranges,
            averagesPairs: true,
            begin: { sums in
                for (slot, flag) in zip(arena.slots, sums) where flag > 0 { slot.parameter.leaf.markTouched() }
                if scale != 1 { arena.scaleGradients(by: scale) }
                slices?.markUpdate()
                optimizer.beginStep()
            },
            update: { range, pair in
                optimizer.update(
                    within: range,
                    averaging: pair.map {
                        Optimizer.GradientPair(
                            first: $0.first, second: $0.second, shares: (Double($0.shares.0), Double($0.shares.1)))
                    })
            })
        slices?.markUpdate()
        arena.deferred.deferFetch(with: fetch)
    }

    /// Steps with gradients that are whole, each rank its slice. Collective.
    package func updateSlice(_ optimizer: Optimizer) throws {
        let slices = owners.memory
        slices?.markUpdate()
        optimizer.stepSlice()
        slices?.markUpdate()
        try communicator.barrier(name: "update")
    }

    /// Replaces every rank's gradients by their sum, with bits that do not depend on the number of ranks if the parts do not
    /// (``MicroShards``). Collective.
    package func sumAsTree() throws {
        arena.completeGradients()
        findRanges()
        if communicator.size > 1 {
            let flags = writeFlags()
            if let reducer {
                try reducer.sumAsTree(count: arena.count, tailCount: arena.slots.count, ranges: ranges)
            } else {
                try sumAsTreeByMessages(flags)
            }
            for (slot, flag) in zip(arena.slots, flags.doubles) where flag > 0 { slot.parameter.leaf.markTouched() }
        }
        addAside()
    }

    /// Reduces and steps, whoever updates: one line for plain loops. Collective.
    package func step(_ optimizer: Optimizer, weight: Double) throws {
        if dividesUpdates { return try reduceAndUpdate(optimizer, weight: weight) }
        try reduce(weight: weight)
        optimizer.step()
    }

    private func findRanges() {
        let slots = arena.slots
        if trainable.count == slots.count, zip(slots, trainable).allSatisfy({ $0.parameter.isTrainable == $1 }) {
            return
        }
        trainable = slots.map(\.parameter.isTrainable)
        ranges = arena.trainableRanges
        guard let reducer else { return }
        fetch = { [reducer, ranges, count = arena.count] in reducer.fetch(ranges, of: count) }
    }

    /// Writes which parameters this rank has gradients for into the tail.
    private func writeFlags() -> Tensor {
        let flags = arena.tail.view([arena.slots.count], strides: [1])
        if arena.gradientType == .float32 {
            let places = flags.unsafePointer.assumingMemoryBound(to: Float.self)
            for (index, slot) in arena.slots.enumerated() {
                places[index] = slot.parameter.leaf.isTouched ? 1 : 0
            }
        } else {
            let places = flags.unsafePointer.assumingMemoryBound(to: Double.self)
            for (index, slot) in arena.slots.enumerated() {
                places[index] = slot.parameter.leaf.isTouched ? 1 : 0
            }
        }
        return flags
    }

    /// The same tree over plain messages.
    private func sumAsTreeByMessages(_ flags: Tensor) throws {
        let own = arena.gradients
        let whole = Tensor.uninitialized([communicator.size, arena.count], dtype: own.dtype)
        try communicator.allGather(UnsafeRawBufferPointer(own.rawBytes), into: whole.rawBytes, name: "gradients")
        var sums = (0..<communicator.size).map { whole[$0] }
        while sums.count > 1 { sums = stride(from: 0, to: sums.count, by: 2).map { sums[$0] + sums[$0 + 1] } }
        Tensor.copy(sums[0], into: own)
        try communicator.allReduce(flags.rawBytes, as: .float64, .sum, name: "flags")
    }

    /// Float64 models, which only gradient checks train: sums over plain messages.
    private func reduceByMessages(weight: Double, flags: Tensor) throws {
        // Not multiplied by 0: what counts nothing may be no number.
        if weight > 0 {
            arena.scaleGradients(by: weight)
        } else {
            Tensor.copy(.zeros([arena.count], dtype: .float64), into: arena.gradients)
        }
        try communicator.allReduce(arena.gradients.rawBytes, as: .float64, .sum, name: "gradients")
        let sum = try communicator.allReduce(weight, .sum, name: "weights")
        if sum > 0 { arena.scaleGradients(by: 1 / sum) }
        try communicator.allReduce(flags.rawBytes, as: .float64, .sum, name: "flags")
    }
}
