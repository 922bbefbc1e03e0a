// SPDX-License-Identifier: Apache-2.0
// What an optimizer remembers, as whole tensors per parameter: independent of arenas and of the number of ranks.

public import LockstepTensor

/// An optimizer's memory, in the order of its parameters.
public struct OptimizerState {
    /// One parameter's part.
    public struct Entry {
        /// Steps taken.
        public var steps: Int
        /// Whether it decays, and whether freezing passes it by.
        public var flags: Optimizer.Flags
        /// Named state tensors, shaped as the parameter; empty before the first step.
        public var tensors: [(name: String, tensor: Tensor)]

        /// A parameter's part; without tensors, as before the first step.
        public init(
            steps: Int, flags: Optimizer.Flags = Optimizer.Flags(), tensors: [(name: String, tensor: Tensor)] = []
        ) {
            (self.steps, self.flags, self.tensors) = (steps, flags, tensors)
        }
    }
    /// The rule's name.
    public var rule: String
    /// Per group: names and values.
    public var hypers: [[(name: String, value: Double)]]
    /// One for each parameter, in the order of the arena.
    public var entries: [Entry]
    /// Lookahead's count and slow weights, when it is used.
    public var lookahead: (count: Int, slow: [Tensor])?

    /// A memory made of its parts, as from a file.
    public init(
        rule: String, hypers: [[(name: String, value: Double)]], entries: [Entry],
        lookahead: (count: Int, slow: [Tensor])? = nil
    ) {
        (self.rule, self.hypers, self.entries) = (rule, hypers, entries)
        self.lookahead = lookahead
    }
}

extension OptimizerState: Equatable {
    /// Whether both hold the same: tensors bit for bit, so that one that is not a number equals itself.
    public static func == (a: OptimizerState, b: OptimizerState) -> Bool {
        a.rule == b.rule && a.hypers.elementsEqual(b.hypers) { $0.elementsEqual($1, by: ==) } && a.entries == b.entries
            && a.lookahead?.count == b.lookahead?.count
            && (a.lookahead?.slow ?? []).elementsEqual(b.lookahead?.slow ?? []) { $0.isIdentical(to: $1) }
    }
}

extension OptimizerState.Entry: Equatable {
    /// Whether both hold the same, tensors bit for bit.
    public static func == (a: Self, b: Self) -> Bool {
        a.steps == b.steps && a.flags == b.flags
            && a.tensors.elementsEqual(b.tensors) { $0.name == $1.name && $0.tensor.isIdentical(to: $1.tensor) }
    }
}

extension OptimizerState: CustomStringConvertible {
    public var description: String {
        let hypers = hypers.map { group in group.map { "\($0.name) \($0.value)" }.joined(separator: ", ") }
        return "state of \(rule): \(entries.count) parameters, \(entries.map(\.steps).max() ?? 0) steps; "
            + hypers.joined(separator: "; ")
    }
}

extension Optimizer {
    /// A deep copy of everything but the parameters.
    public var stateDictionary: OptimizerState { stateDictionary(withTensors: true) }

    /// The same, with or without the tensors of its rule.
    ///
    /// - Parameter copying: Whether the tensors are copies, or the optimizer's own memory, for writing them out at once.
    package func stateDictionary(withTensors: Bool = true, copying: Bool = true) -> OptimizerState {
        let part = copying ? copyOfPart : part
        let stateNames = ruleNames.states
        let state = withTensors ? wholeState() : []
        let entries = arena.slots.indices.map { index in
            OptimizerState.Entry(
                steps: steps[index], flags: flags[index],
                tensors: foreign.map { copies(of: $0.optimizer.state(of: arena.slots[index].parameter)) }
                    ?? state.enumerated().map { (stateNames[$0], part($1, index)) })
        }
        return OptimizerState(
            rule: rule.name, hypers: values.map { Array(zip(names, $0)).map { (name: $0, value: $1) } },
            entries: entries,
            lookahead: lookahead.map { look in
                (look.count, look.slow.map { slow in arena.slots.indices.map { part(slow, $0) } } ?? [])
            })
    }

    /// Whether ``loadStateDictionary(_:)`` would take `new`.
    ///
    /// - Throws: ``OptimizerError`` when the number of groups or parameters, a shape or a name differs.
    package func check(_ new: OptimizerState) throws(OptimizerError) {
        guard new.hypers.count == groups.count else {
            throw OptimizerError(
                .stateMismatch,
                "optimizer state has \(new.hypers.count) parameter groups, this optimizer \(groups.count)")
        }
        let known = new.hypers.first?.map(\.name) ?? []
        guard Set(known).count == known.count, new.hypers.allSatisfy({ $0.map(\.name) == known }) else {
            throw OptimizerError(
                .stateMismatch, "the parameter groups of the optimizer state have different hyper-parameters")
        }
        guard new.entries.count == arena.slots.count else {
            throw OptimizerError(
                .stateMismatch,
                "optimizer state has \(new.entries.count) parameters, this optimizer \(arena.slots.count)")
        }
        for (index, entry) in new.entries.enumerated() {
            for (name, tensor) in entry.tensors where foreign == nil {
                guard ruleNames.states.contains(name) else {
                    throw OptimizerError(
                        .stateMismatch, "optimizer state “\(name)” of \(new.rule) does not belong to \(rule.name)")
                }
                let shape = arena.slots[index].parameter.value.shape
                guard tensor.shape == shape else {
                    throw OptimizerError(
                        .stateMismatch,
                        "optimizer state “\(name)” of parameter \(index) has shape \(tensor.shape), the parameter \(shape)"
                    )
                }
            }
        }
        if let slow = new.lookahead?.slow, lookahead != nil, !slow.isEmpty {
            guard slow.count == arena.slots.count,
                zip(slow, arena.slots).allSatisfy({ $0.shape == $1.parameter.value.shape })
            else {
                throw OptimizerError(.stateMismatch, "the slow weights are not those of this optimizer's parameters")
            }
        }
        for group in new.hypers {
            for (name, value) in group where !value.isFinite {
                throw OptimizerError(.stateMismatch, "the hyper-parameter \(name) is \(value)")
            }
        }
    }

    /// Replaces hyper-parameters and state by a deep copy of `new`.
    ///
    /// - Throws: ``OptimizerError`` when the number of groups or parameters, a shape or a name differs; nothing is
    ///   changed then.
    public func loadStateDictionary(_ new: OptimizerState) throws(OptimizerError) {
        try check(new)
        names = new.hypers.first?.map(\.name) ?? names
        values = new.hypers.map { $0.map(\.value) }
        for name in ruleNames.hypers where !names.contains(name) {
            let fallback = rule.defaults.first { $0.name == name }?.value ?? 0
            names.append(name)
            for group in values.indices { values[group].append(fallback) }
        }
        reorderHypers()
        (state, shared) = ([], nil)
        if let foreign {
            for (slot, entry) in zip(arena.slots, new.entries) {
                foreign.optimizer.setState(copies(of: entry.tensors), of: slot.parameter)
            }
        } else if new.entries.contains(where: { !$0.tensors.isEmpty }) {
            prepareState()
            for (index, entry) in new.entries.enumerated() {
                for (name, tensor) in entry.tensors {
                    guard let place = ruleNames.states.firstIndex(of: name) else { continue }
                    Tensor.copy(tensor, into: part(state[place], index))
                }
            }
        }
        for (index, entry) in new.entries.enumerated() {
            steps[index] = entry.steps
            flags[index] = entry.flags
        }
        if let saved = new.lookahead, lookahead != nil {
            let slow: Tensor? =
                saved.slow.count == arena.slots.count ? .zeros([arena.count], dtype: arena.gradientType) : nil
            if let slow { for index in saved.slow.indices { Tensor.copy(saved.slow[index], into: part(slow, index)) } }
            lookahead?.count = saved.count
            lookahead?.slow = slow
        }
    }

    /// Forgets moments and step counts; flags stay.
    public func clearState() {
        foreign?.optimizer.clearState()
        (state, shared) = ([], nil)
        steps = Array(repeating: 0, count: steps.count)
        lookahead?.count = 0
        lookahead?.slow = nil
    }

    /// The flat memory of each state, for a broadcast over ranks: the same list on every rank after a first call.
    package func flatState() -> [Tensor] {
        keepState()
        prepareState()
        return state
    }

    /// Steps per parameter, to be made equal over ranks.
    package var stepCounts: [Int] {
        get { steps }
        set { steps = newValue }
    }

    /// Puts `lr` and the rule's hyper-parameters first, where stretches look for them.
    private func reorderHypers() {
        let wanted = ruleNames.hypers
        let order =
            wanted.compactMap { names.firstIndex(of: $0) } + names.indices.filter { !wanted.contains(names[$0]) }
        names = order.map { names[$0] }
        values = values.map { group in order.map { group[$0] } }
    }

    private func copies(of tensors: [(name: String, tensor: Tensor)]) -> [(name: String, tensor: Tensor)] {
        tensors.map { name, tensor in
            let copy = Tensor.uninitialized(tensor.shape, dtype: tensor.dtype)
            Tensor.copy(tensor.detached, into: copy)
            return (name: name, tensor: copy)
        }
    }

    private func part(_ flat: Tensor, _ index: Int) -> Tensor {
        let slot = arena.slots[index]
        let shape = slot.parameter.value.shape
        return flat.view(shape, strides: shape.contiguousStrides, offset: slot.range.lowerBound)
    }

    private func copyOfPart(_ flat: Tensor, _ index: Int) -> Tensor {
        let source = part(flat, index)
        let copy = Tensor.uninitialized(source.shape, dtype: source.dtype)
        Tensor.copy(source, into: copy)
        return copy
    }
}
