// SPDX-License-Identifier: Apache-2.0
// State of which each rank of a node keeps a slice, in memory that all of them can read.

package import LockstepTensor

/// The slices of an optimizer's state, one per rank of the node. Each holds its states one after the other.
///
/// A processor takes a load for the echo of an earlier store when the last 12 bits of their addresses agree, and waits for
/// it (Intel 64 Optimization Reference Manual, "4-KByte aliasing"; AMD's processors do so too). An update reads and
/// writes six streams side by side; so that none runs just ahead of another within a page, each state lies where the
/// parameters of its slice lie in their page.
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

    /// Bytes for `states` states of the elements `range` of an arena, whose elements have `width` bytes each.
    package static func byteCount(_ range: Range<Int>, states: Int, width: Int) -> Int {
        place(states, of: range, width: width)
    }

    /// Where a state of `range` starts, in bytes from the start of a page.
    private static func place(_ number: Int, of range: Range<Int>, width: Int) -> Int {
        let pages = (range.count * width + 4095) / 4096 + 1
        return number * pages * 4096 + range.lowerBound * width % 4096
    }

    /// State `number` of slice `index`.
    func tensor(_ index: Int, state number: Int, dtype: DType) -> Tensor {
        let (range, memory) = slices[index]
        let place = SharedState.place(number, of: range, width: dtype.byteCount)
        return Tensor(
            TensorBody(
                storage: memory, offset: place / dtype.byteCount, shape: [range.count], strides: [1], dtype: dtype))
    }
}

extension Optimizer {
    /// Bytes that the state of a slice of the arena takes in shared memory.
    package func sharedStateByteCount(_ slice: Range<Int>) -> Int {
        SharedState.byteCount(slice, states: ruleNames.states.count, width: arena.gradientType.byteCount)
    }

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
        let dtype = arena.gradientType
        let owned = slices.owned
        let places = ruleNames.states.indices.map { slices.tensor(slices.own, state: $0, dtype: dtype) }
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
        let dtype = arena.gradientType
        return ruleNames.states.indices.map { number in
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
