// SPDX-License-Identifier: Apache-2.0
// State of which each rank of a node keeps a slice, in memory that all of them can read.

package import LockstepTensor

/// The slices of an optimizer's state, one per rank of the node. Each holds its states one after the other.
package struct SharedState {
    /// The slices in order; together they cover the arena.
    package let slices: [(range: Range<Int>, memory: Storage)]
    /// Which of them is this rank's.
    package let own: Int

    package init(slices: [(range: Range<Int>, memory: Storage)], own: Int) {
        (self.slices, self.own) = (slices, own)
    }

    /// The elements this rank updates.
    package var owned: Range<Int> { slices[own].range }

    /// State `number` of slice `index`.
    func tensor(_ index: Int, state number: Int, dtype: DType) -> Tensor {
        let (range, memory) = slices[index]
        return Tensor(
            TensorBody(storage: memory, offset: number * range.count, shape: [range.count], strides: [1], dtype: dtype))
    }
}

extension Optimizer {
    /// Bytes of state for each element of the arena.
    package var stateBytesPerElement: Int { rule.stateNames.count * arena.values.dtype.byteCount }

    /// Why this optimizer's step cannot be divided among ranks; nil when it can.
    package var indivisible: String? {
        if isWrapped { return "what \(rule.name) does with a parameter is not known" }
        if lookahead != nil { return "Lookahead keeps weights of its own" }
        return rule.isPerParameter ? "\(rule.name) needs the norms of whole parameters" : nil
    }

    /// Whether values and state are shared with other ranks.
    package var isShared: Bool { shared != nil && arena.sharesValues }

    /// Keeps the state in `slices` from now on. What this rank holds of its slice goes there.
    package func shareState(_ slices: SharedState) {
        let dtype = arena.values.dtype
        let owned = slices.owned
        let places = rule.stateNames.indices.map { slices.tensor(slices.own, state: $0, dtype: dtype) }
        for (index, place) in places.enumerated() {
            if state.isEmpty {
                Tensor.copy(.zeros(place.shape, dtype: dtype), into: place)
            } else {
                Tensor.copy(state[index].view([owned.count], strides: [1], offset: owned.lowerBound), into: place)
            }
        }
        (state, shared) = (places, slices)
    }

    /// Gives this rank parameters and state of its own, equal to the shared ones. Nothing if they are not shared.
    package func keepOwnCopies() {
        arena.keepValues()
        keepState()
    }

    func keepState() {
        guard shared != nil else { return }
        (state, shared) = (wholeState(), nil)
    }

    /// The state of all elements.
    func wholeState() -> [Tensor] {
        guard let shared else { return state }
        let dtype = arena.values.dtype
        return rule.stateNames.indices.map { number in
            let whole = Tensor.uninitialized([arena.count], dtype: dtype)
            for (index, slice) in shared.slices.enumerated() {
                Tensor.copy(
                    shared.tensor(index, state: number, dtype: dtype),
                    into: whole.view([slice.range.count], strides: [1], offset: slice.range.lowerBound))
            }
            return whole
        }
    }

    /// Whether there is state: after the first step.
    package var hasState: Bool { !state.isEmpty }
}
