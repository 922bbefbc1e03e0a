// SPDX-License-Identifier: Apache-2.0
// Saving a module's tensors under their names, and putting saved tensors back.

public import LockstepTensor

extension Module {
    /// All parameters and saved buffers with their dotted names, in the order of declaration: PyTorch's names.
    ///
    /// A shared tensor appears once, under its first name.
    /// - Parameter copying: Whether the tensors are copies, which later training does not change (the default), or views
    ///   of the model's own memory, for writing them out at once.
    public final func stateDictionary(copying: Bool = true) -> [(name: String, tensor: Tensor)] {
        stateSlots().filter { !$0.isAlias }.map { ($0.name, copying ? $0.value.copied() : $0.value) }
    }

    /// Puts saved tensors into the model. Everything is checked before anything changes.
    ///
    /// Element types are converted. A shared tensor is found under any of its names.
    /// - Parameters:
    ///   - state: Names and tensors, as ``stateDictionary(copying:)`` or a file gives them.
    ///   - strict: Whether names that are missing or unexpected are an error. When false, what matches is loaded; a wrong
    ///     shape is an error all the same.
    ///   - source: What the state was read from, for the error message.
    /// - Throws: ``StateDictionaryError`` that lists all that does not fit.
    public final func loadStateDictionary(
        _ state: [(name: String, tensor: Tensor)], strict: Bool = true, source: String? = nil
    ) throws(StateDictionaryError) {
        let given = Dictionary(state.map { ($0.name, $0.tensor) }, uniquingKeysWith: { _, last in last })
        let slots = stateSlots()
        // The other names of a shared tensor, which is looked for under each.
        let aliases = Dictionary(grouping: slots.lazy.filter(\.isAlias), by: \.identity)
        var plan: [(StateSlot, Tensor)] = []
        var missing: [String] = []
        var wrongShapes: [StateDictionaryError.WrongShape] = []
        for slot in slots where !slot.isAlias {
            var found = given[slot.name].map { (name: slot.name, tensor: $0) }
            if found == nil, let others = aliases[slot.identity] {
                found = others.lazy.compactMap { other in given[other.name].map { (other.name, $0) } }.first
            }
            guard let (name, tensor) = found else {
                missing.append(slot.name)
                continue
            }
            if tensor.shape == slot.value.shape {
                plan.append((slot, tensor))
            } else {
                wrongShapes.append(.init(name: name, found: tensor.shape, expected: slot.value.shape))
            }
        }
        let known = Set(slots.map(\.name))
        let unexpected = state.map(\.name).filter { !known.contains($0) }
        if !wrongShapes.isEmpty || strict && !(missing.isEmpty && unexpected.isEmpty) {
            throw StateDictionaryError(
                missing: strict ? missing : [], unexpected: strict ? unexpected : [], wrongShapes: wrongShapes,
                known: slots.map(\.name), source: source)
        }
        for (slot, tensor) in plan { slot.assign(tensor.detached) }
    }

    /// Puts saved tensors into the model, from a dictionary.
    /// - Throws: ``StateDictionaryError`` that lists all that does not fit.
    public final func loadStateDictionary(
        _ state: [String: Tensor], strict: Bool = true, source: String? = nil
    ) throws(StateDictionaryError) {
        let ordered = state.sorted { $0.key < $1.key }.map { (name: $0.key, tensor: $0.value) }
        try loadStateDictionary(ordered, strict: strict, source: source)
    }

    /// Every name of every parameter and saved buffer, in the order of declaration; a shared one comes under each of its names.
    package final func stateSlots() -> [StateSlot] {
        var seen: Set<ObjectIdentifier> = []
        var slots: [StateSlot] = []
        walk { path, member in
            switch member {
            case .parameter(let parameter):
                let identity = ObjectIdentifier(parameter)
                slots.append(
                    StateSlot(
                        name: path, identity: identity, isAlias: !seen.insert(identity).inserted, value: parameter.value
                    ) {
                        parameter.wrappedValue = $0
                    })
            case .buffer(let buffer) where buffer.isSaved:
                let identity = ObjectIdentifier(buffer)
                slots.append(
                    StateSlot(
                        name: path, identity: identity, isAlias: !seen.insert(identity).inserted, value: buffer.value
                    ) {
                        buffer.wrappedValue = $0.to(buffer.value.dtype)
                    })
            case .buffer, .module: break
            }
        }
        return slots
    }
}

/// One name of one saved tensor.
package struct StateSlot {
    package let name: String
    package let identity: ObjectIdentifier
    /// Whether the tensor has been seen under another name before.
    package let isAlias: Bool
    package let value: Tensor
    /// Writes a tensor of the same shape into its memory, converting its type.
    package let assign: (Tensor) -> Void
}

extension Tensor {
    /// The same values in memory of their own.
    func copied() -> Tensor {
        let copy = Tensor.uninitialized(shape, dtype: dtype)
        Tensor.copy(detached, into: copy)
        return copy
    }
}
