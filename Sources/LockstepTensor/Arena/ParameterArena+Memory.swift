// SPDX-License-Identifier: Apache-2.0
// Gradients that wait for a step, kept for a run that is interrupted.

extension ParameterArena {
    /// A copy of every gradient that has arrived, under its parameter's number.
    package func arrivedGradients() -> StateArchive.Named {
        guard slots.contains(where: { $0.parameter.leaf.isTouched }) else { return [] }
        let memory = gradients
        return slots.enumerated().compactMap { index, slot in
            guard slot.parameter.leaf.isTouched else { return nil }
            let copy = Tensor.uninitialized(slot.parameter.value.shape, dtype: memory.dtype)
            Tensor.copy(part(of: memory, slot), into: copy)
            return ("\(index)", copy)
        }
    }

    /// Whether `kept` are gradients of parameters of this arena, and their weight.
    package func accepts(_ kept: StateArchive.Named) -> Bool {
        kept.isEmpty
            || ParameterArena.weight(of: kept) != nil
                && kept.allSatisfy { name, tensor in
                    if name == "weight" { return true }
                    guard let index = Int(name), slots.indices.contains(index) else { return false }
                    return tensor.shape == slots[index].parameter.value.shape && tensor.dtype == gradientType
                }
    }

    /// Makes `kept`, which are accepted, the gradients that have arrived.
    package func takeGradients(_ kept: StateArchive.Named) {
        zeroGradients()
        let memory = gradients
        for (name, tensor) in kept {
            guard let index = Int(name), slots.indices.contains(index) else { continue }
            Tensor.copy(tensor, into: part(of: memory, slots[index]))
            slots[index].parameter.leaf.markTouched()
        }
    }

    /// How much one rank's gradients count; nil where that is no number, or not said.
    package static func weight(of kept: StateArchive.Named) -> Double? {
        guard let tensor = kept.first(where: { $0.name == "weight" })?.tensor, tensor.dtype == .float64,
            tensor.count == 1
        else { return nil }
        let weight = tensor.doubles[0]
        return weight >= 0 && weight.isFinite ? weight : nil
    }

    /// The gradients of several ranks, each times its share, added up in their order; one that lacks a parameter adds nothing
    /// to it.
    package static func sum(of ranks: [StateArchive.Named], _ shares: [Double]) -> StateArchive.Named {
        var total: StateArchive.Named = []
        for (kept, share) in zip(ranks, shares) {
            for (name, tensor) in kept where name != "weight" {
                if let place = total.firstIndex(where: { $0.name == name }) {
                    total[place].tensor = total[place].tensor + tensor * share
                } else {
                    total.append((name, tensor * share))
                }
            }
        }
        return total
    }

    private func part(of memory: Tensor, _ slot: Slot) -> Tensor {
        let shape = slot.parameter.value.shape
        return memory.view(shape, strides: shape.contiguousStrides, offset: slot.range.lowerBound)
    }
}
