// SPDX-License-Identifier: Apache-2.0
// Parameters and state copied as they lie, each rank its share: what a checkpoint is written from while training goes on.

import LockstepTensor

/// Where parameters and state stand in a copy of them.
///
/// ```
///  values of the whole arena | first state | second state | …
/// ```
package struct SnapshotLayout {
    let (valueWidth, stateWidth): (Int, Int)
    let (count, states): (Int, Int)

    /// Bytes of all of it.
    package var byteCount: Int { count * (valueWidth + states * stateWidth) }

    /// The bytes of elements of the values.
    package func values(_ range: Range<Int>) -> Range<Int> {
        range.lowerBound * valueWidth..<range.upperBound * valueWidth
    }

    /// The bytes of elements of a state.
    package func state(_ number: Int, _ range: Range<Int>) -> Range<Int> {
        let start = count * (valueWidth + number * stateWidth)
        return start + range.lowerBound * stateWidth..<start + range.upperBound * stateWidth
    }
}

extension Optimizer {
    /// How a copy is laid out; nil where not all that this optimizer keeps lies in its arena, or parameters lie elsewhere.
    package var snapshotLayout: SnapshotLayout? {
        guard !isWrapped, lookahead == nil, arena.isWhole else { return nil }
        return SnapshotLayout(
            valueWidth: arena.values.dtype.byteCount, stateWidth: arena.gradientType.byteCount, count: arena.count,
            states: ruleNames.states.count)
    }

    /// The names of the states, in the order of a copy.
    package var stateNames: [String] { ruleNames.states }

    /// Writes zeros where ``copySnapshot(share:of:into:)`` will copy to: the pages are then there when training waits for it.
    package func prepareSnapshot(share index: Int, of count: Int, in memory: UnsafeMutableRawBufferPointer) {
        guard let layout = snapshotLayout else { return }
        let range = snapshotRange(index, count)
        for place in [layout.values(range)] + (0..<layout.states).map({ layout.state($0, range) }) {
            UnsafeMutableRawBufferPointer(rebasing: memory[place]).initializeMemory(as: UInt8.self, repeating: 0)
        }
    }

    private func snapshotRange(_ index: Int, _ count: Int) -> Range<Int> {
        let owned = shared.flatMap { $0.slices.count == count ? $0.slices[index].range : nil }
        return owned ?? Partition(arena.count, into: count)[index]
    }

    /// Copies share number `index` of `count` of parameters and state into `memory`: where each rank keeps a slice, its own.
    ///
    /// - Precondition: There is a ``snapshotLayout``, which `memory` has room for.
    package func copySnapshot(share index: Int, of count: Int, into memory: UnsafeMutableRawBufferPointer) {
        guard let layout = snapshotLayout, let base = memory.baseAddress else { return }
        let range = snapshotRange(index, count)
        func copy(_ source: Tensor, from first: Int, _ elements: Range<Int>, _ place: Range<Int>, width: Int) {
            guard !elements.isEmpty else { return }
            (base + place.lowerBound).copyMemory(
                from: source.unsafePointer + (elements.lowerBound - first) * width, byteCount: place.count)
        }
        copy(arena.values, from: 0, range, layout.values(range), width: layout.valueWidth)
        guard hasState else { return }
        for number in ruleNames.states.indices {
            guard let shared else {
                copy(state[number], from: 0, range, layout.state(number, range), width: layout.stateWidth)
                continue
            }
            for (index, slice) in shared.slices.enumerated() where slice.range.overlaps(range) {
                let part = slice.range.clamped(to: range)
                copy(
                    shared.tensor(index, state: number, dtype: arena.gradientType), from: slice.range.lowerBound, part,
                    layout.state(number, part), width: layout.stateWidth)
            }
        }
    }
}
