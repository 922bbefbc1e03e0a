// SPDX-License-Identifier: Apache-2.0
// The only loop over parameters: a rule applied to the stretches of an arena.

import CLockstepKernels
public import LockstepTensor

/// Steps parameters along their gradients.
///
/// Parameters come in groups with hyper-parameters of their own; each parameter carries two flags and a step count. A
/// step is one fused pass over every run of parameters that agree in all of these. Frozen parameters, and parameters no
/// gradient has reached, are left alone, decay included. Not `Sendable`.
public final class Optimizer {
    /// What fastai keeps per parameter.
    public struct Flags: Equatable, Sendable {
        /// Whether weight decay applies (off for biases and normalisation layers unless asked).
        public var doWD = true
        /// Whether freezing passes it by (on for normalisation layers).
        public var forceTrain = false

        /// Decaying, and frozen with its group.
        public init() {}
    }

    /// The formula.
    public let rule: any UpdateRule
    /// Values and gradients in memory.
    public let arena: ParameterArena
    /// Flags of each parameter, in the order of the arena.
    @exclusivity(unchecked) public var flags: [Flags]
    /// The parameters, group by group.
    public let groups: [[Parameter]]
    /// The first group that is trained.
    @exclusivity(unchecked) public private(set) var frozenIndex = 0
    /// Per group: `lr` and the rule's hyper-parameters, in the order of `names`.
    @exclusivity(unchecked) var values: [[Double]]
    @exclusivity(unchecked) var names: [String]
    /// Per parameter: steps taken.
    @exclusivity(unchecked) var steps: [Int]
    /// Per state name: one element per element of the arena, or of this rank's slice; made at the first step.
    @exclusivity(unchecked) var state: [Tensor] = [] {
        didSet { statePlaces = state.map(\.unsafePointer) }
    }
    @exclusivity(unchecked) private var statePlaces: [UnsafeMutableRawPointer] = []
    private let call = UpdateCall()
    /// What the rule has said of itself.
    let ruleNames: RuleNames
    /// Where the other ranks' slices of the state are, when each rank keeps its own.
    @exclusivity(unchecked) var shared: SharedState?
    @exclusivity(unchecked) var lookahead: LookaheadState?
    /// What steps in place of `rule`, when the optimizer is not one of ours.
    let foreign: OptimizerWrapper?

    /// An optimizer over `groups`, whose parameters move into an arena.
    public init(
        _ groups: [[Parameter]], rule: any UpdateRule, lr: Double, file: StaticString = #fileID, line: UInt = #line
    ) {
        self.groups = groups
        self.rule = rule
        ruleNames = RuleNames(rule, file: file, line: line)
        foreign = nil
        arena = ParameterArena(groups, file: file, line: line)
        flags = Array(repeating: Flags(), count: arena.slots.count)
        steps = Array(repeating: 0, count: arena.slots.count)
        names = ruleNames.hypers
        values = Array(repeating: [lr] + rule.defaults.map(\.value), count: groups.count)
    }

    /// An optimizer that lets a foreign one step, over that one's groups.
    public init(wrapping wrapper: OptimizerWrapper, file: StaticString = #fileID, line: UInt = #line) {
        (groups, foreign) = (wrapper.optimizer.groups, wrapper)
        let wrapped = WrappedRule(wrapper)
        (rule, ruleNames) = (wrapped, RuleNames(wrapped: wrapped))
        arena = ParameterArena(groups, file: file, line: line)
        flags = Array(repeating: Flags(), count: arena.slots.count)
        steps = Array(repeating: 0, count: arena.slots.count)
        (names, values) = (wrapper.names.map(\.ours), wrapper.values)
    }

    /// Whether a foreign optimizer steps: its hyper-parameters are the ones it has, and no others.
    public var isWrapped: Bool { foreign != nil }
    /// The foreign optimizer that steps.
    package var wrapped: (any ForeignOptimizer)? { foreign?.optimizer }

    // MARK: - Stepping

    /// Updates every trainable parameter that has a gradient.
    ///
    /// Whoever shares parameters with other ranks gets parameters and state of its own first.
    public func step() {
        keepOwnCopies()
        if let foreign {
            Memory.endStep()
            return step(foreign)
        }
        beginStep()
        update(within: 0..<arena.count)
        lookahead?.blend(arena)
    }

    /// Updates the slice of shared parameters that is this rank's: others do theirs.
    package func stepSlice() {
        beginStep()
        update(within: shared?.owned ?? 0..<arena.count)
    }

    /// Counts a step and works out which parameters take part; ``update(within:averaging:)`` then does it, in any number of pieces.
    package func beginStep() {
        Memory.endStep()
        prepareState()
        lookahead?.remember(arena)
        runs.removeAll(keepingCapacity: true)
        let slots = arena.slots
        var index = 0
        while index < slots.count {
            guard isDue(index) else {
                index += 1
                continue
            }
            steps[index] += 1
            var last = index
            if !rule.isPerParameter {
                while last + 1 < slots.count, joins(last + 1, index) {
                    last += 1
                    steps[last] += 1
                }
            }
            runs.append(
                Run(
                    range: slots[index].range.lowerBound..<slots[last].range.upperBound, group: slots[index].group,
                    flags: flags[index], step: steps[index]))
            index = last + 1
        }
    }

    /// The gradients of two ranks for a range of the arena: the average is `shares.0 · first + shares.1 · second`.
    package struct GradientPair {
        let first, second: UnsafePointer<Float>
        let shares: (Double, Double)

        package init(first: UnsafePointer<Float>, second: UnsafePointer<Float>, shares: (Double, Double)) {
            (self.first, self.second, self.shares) = (first, second, shares)
        }
    }

    /// Updates the elements of the arena in `range`, with the gradients that stand there. Rules that need whole
    /// parameters' norms cannot be cut.
    ///
    /// - Parameter pair: Gradients to average first, float32, from the start of `range` on; the average then stands in the
    ///   arena.
    package func update(within range: Range<Int>, averaging pair: GradientPair? = nil) {
        for run in runs where run.range.lowerBound < range.upperBound {
            if run.range.upperBound <= range.lowerBound { continue }
            let part = run.range.clamped(to: range)
            update(part, run, pair, skipping: part.lowerBound - range.lowerBound)
        }
    }

    /// Parameters that lie side by side and are updated alike.
    private struct Run {
        let range: Range<Int>
        let group: Int
        let flags: Flags
        let step: Int
    }
    @exclusivity(unchecked) private var runs: [Run] = []

    private func step(_ foreign: OptimizerWrapper) {
        var due: Set<ObjectIdentifier> = []
        for (index, slot) in arena.slots.enumerated() where isDue(index) {
            steps[index] += 1
            due.insert(ObjectIdentifier(slot.parameter))
        }
        foreign.step(values) { due.contains(ObjectIdentifier($0)) }
    }

    private func isDue(_ index: Int) -> Bool {
        arena.slots[index].parameter.isDue
    }

    private func joins(_ next: Int, _ first: Int) -> Bool {
        isDue(next) && arena.slots[next].group == arena.slots[first].group && flags[next].doWD == flags[first].doWD
            && steps[next] + 1 == steps[first]
    }

    private func update(_ range: Range<Int>, _ run: Run, _ pair: GradientPair?, skipping skipped: Int) {
        if let values = arena.valueMemory {
            let offset = range.lowerBound * arena.gradientType.byteCount
            return update(range, run, pair, skipping: skipped, values: values + offset, shared != nil)
        }
        // A storage type is widened, stepped and rounded: the rules know floats only.
        let stored = arena.values.view([range.count], strides: [1], offset: range.lowerBound)
        let wide = stored.to(arena.gradientType)
        update(range, run, pair, skipping: skipped, values: wide.unsafePointer, false)
        Tensor.copy(wide, into: stored)
    }

    private func update(
        _ range: Range<Int>, _ run: Run, _ pair: GradientPair?, skipping skipped: Int,
        values place: UnsafeMutableRawPointer, _ streams: Bool
    ) {
        let width = arena.gradientType.byteCount
        // State of a slice starts where the slice does.
        let stateOffset = (range.lowerBound - (shared?.owned.lowerBound ?? 0)) * width
        let gradients = arena.unscaledGradients
        let group = values[run.group]
        let decay = run.flags.doWD ? ruleNames.decay.map { group[$0] } ?? 0 : 0
        let common = lsk_update(
            gradient_scale: gradients.scale, decay: rule.decouplesDecay ? 1 - group[0] * decay : 1,
            l2: rule.decouplesDecay ? 0 : decay,
            pair: (pair.map { $0.first + skipped }, pair.map { $0.second + skipped }),
            share: pair?.shares ?? (1, 0), streams: streams ? 1 : 0)
        call.begin(in: state)
        defer { call.end() }
        withUnsafePointers(group, statePlaces) { hypers, states in
            let stretch = UntypedStretch(
                dtype: arena.gradientType.kernelType, isDouble: arena.gradientType == .float64,
                count: range.count, step: run.step, value: place,
                gradient: gradients.memory + range.lowerBound * width, states: states,
                stateOffset: stateOffset, hypers: hypers, names: ruleNames, common: common,
                isWholeParameter: rule.isPerParameter, call: call, number: call.number)
            rule.update(untyped: stretch)
            if !call.hasPassed { stretch.averagePair() }
        }
    }

    /// The memory of two values, for as long as `body` runs.
    private func withUnsafePointers(
        _ hypers: [Double], _ states: [UnsafeMutableRawPointer],
        _ body: (UnsafePointer<Double>, UnsafePointer<UnsafeMutableRawPointer>?) -> Void
    ) {
        hypers.withUnsafeBufferPointer { hypers in
            states.withUnsafeBufferPointer { states in
                if let start = hypers.baseAddress { body(start, states.baseAddress) }
            }
        }
    }

    func prepareState() {
        guard state.isEmpty, shared == nil else { return }
        state = ruleNames.states.map { _ in .zeros([arena.count], dtype: arena.gradientType) }
    }

    /// Forgets all gradients; the next backward pass starts from zero.
    public func zeroGradients() { arena.zeroGradients() }

    // MARK: - Freezing

    /// Trains only the groups from `index` on; a negative index counts from the back. Parameters with
    /// ``Flags/forceTrain`` stay trainable everywhere.
    public func freeze(to index: Int) {
        frozenIndex = index >= 0 ? index : groups.count + index
        for (slot, flags) in zip(arena.slots, flags) {
            slot.parameter.isTrainable = slot.group >= frozenIndex || flags.forceTrain
        }
    }

    /// Freezes all groups but the last.
    /// - Throws: ``OptimizerError`` with fewer than two groups.
    public func freeze() throws(OptimizerError) {
        guard groups.count > 1 else {
            throw OptimizerError(
                .tooFewGroups, "freeze: there is only 1 parameter group; a splitter that returns at least 2 is needed")
        }
        freeze(to: -1)
    }

    /// Trains every group.
    public func unfreeze() { freeze(to: 0) }
}

extension Optimizer: CustomStringConvertible {
    public var description: String {
        let hypers = zip(names, values[0]).map { "\($0) \($1)" }.joined(separator: ", ")
        return "\(rule.name)(\(hypers)) over \(groups.count) group\(groups.count == 1 ? "" : "s")"
    }
}
