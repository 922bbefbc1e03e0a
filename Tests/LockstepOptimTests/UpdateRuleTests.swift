// SPDX-License-Identifier: Apache-2.0
// Rules of one's own: what they are given, and what the optimizer does for them.

import LockstepOptim
import LockstepTensor
import LockstepTesting
import Testing

@Suite("Rules of one's own") struct UpdateRuleTests {
    /// Two parameters with gradients, after a step of `rule`.
    private func stepped(
        _ rule: some UpdateRule, wd: Double? = nil, dtype: DType = .float64, steps: Int = 1,
        prepare: (Optimizer) -> Void = { _ in }
    ) throws -> [Double] {
        let parameters = [sample([5], seed: 1), sample([3, 7], seed: 2)].map {
            Parameter(wrappedValue: $0.to(.bfloat16).to(dtype))
        }
        let optimizer = OptimizerFactory(rule)([parameters], lr: 0.1)
        if let wd { try optimizer.setHyper("wd", .value(wd)) }
        prepare(optimizer)
        for step in 0..<steps {
            for (index, parameter) in parameters.enumerated() {
                parameter.gradient = sample(parameter.value.shape, seed: UInt64(10 * step + index)).to(dtype)
            }
            optimizer.step()
            optimizer.zeroGradients()
        }
        return parameters.flatMap { $0.value.doubles }
    }

    @Test("the hyper-parameter called wd decays, wherever it stands; a rule without one does not decay")
    func decay() throws {
        let start = [sample([5], seed: 1), sample([3, 7], seed: 2)].flatMap { $0.to(.bfloat16).doubles }
        let gradients = [sample([5], seed: 0), sample([3, 7], seed: 1)].flatMap { $0.to(.float64).doubles }
        func expected(decay: Double, l2: Double = 0) -> [Double] {
            zip(start, gradients).map { p, g in p * (1 - 0.1 * decay) - 0.1 * (g + l2 * p) }
        }
        let undecayed = try stepped(Plain())
        expectClose(undecayed, expected(decay: 0), "a first hyper-parameter is no decay", relative: 1e-12)
        let last = Plain(defaults: [("mom", 0.9), ("wd", 0.5)])
        expectClose(try stepped(last), expected(decay: 0.5), "wd after mom", relative: 1e-12)
        expectClose(try stepped(last, wd: 0.25), expected(decay: 0.25), "wd that is set", relative: 1e-12)
        let coupled = Plain(defaults: [("mom", 0.9), ("wd", 0.5)], decouplesDecay: false)
        expectClose(try stepped(coupled), expected(decay: 0, l2: 0.5), "added to gradients", relative: 1e-12)
        let flagged = try stepped(last) { optimizer in for index in 0..<2 { optimizer.flags[index].doWD = false } }
        expectClose(flagged, expected(decay: 0), "parameters that do not decay", relative: 1e-12)
    }

    @Test("a rule of one's own takes the steps of the built-in one", arguments: [DType.float32, .float64, .bfloat16])
    func asBuiltIn(_ dtype: DType) throws {
        let tolerance = dtype == .float64 ? 1e-10 : dtype == .float32 ? 1e-5 : 2e-2
        expectClose(
            try stepped(OwnAdam(), dtype: dtype, steps: 9), try stepped(AdamRule(), dtype: dtype, steps: 9), "Adam",
            relative: tolerance, absolute: tolerance)
        expectClose(
            try stepped(OwnAdam(decouplesDecay: false), dtype: dtype, steps: 9),
            try stepped(AdamRule(decouplesDecay: false), dtype: dtype, steps: 9), "Adam with L2", relative: tolerance,
            absolute: tolerance)
        expectClose(
            try stepped(OwnLamb(), dtype: dtype, steps: 9), try stepped(LambRule(), dtype: dtype, steps: 9), "Lamb",
            relative: tolerance, absolute: tolerance)
    }

    @Test("gradients are scaled before a rule sees them, and stay as they are")
    func scaled() throws {
        let parameter = Parameter(wrappedValue: Tensor([1, 2]))
        let optimizer = OptimizerFactory(Plain())([[parameter]], lr: 1)
        parameter.gradient = Tensor([4, 8])
        optimizer.arena.scaleGradients(by: 0.25)
        optimizer.step()
        #expect(parameter.value.floats == [0, 0])
        #expect(parameter.gradient?.floats == [1, 2])
    }

    @Test("any number of states is kept, saved and taken back", arguments: [0, 1, 2, 3, 7])
    func states(_ count: Int) throws {
        struct Counting: UpdateRule {
            let name = "counting"
            var defaults: [(name: String, value: Double)] { [] }
            let stateNames: [String]
            func update<Scalar>(_ stretch: Stretch<Scalar>) {
                let states = stateNames.map { stretch.state($0) }
                stretch.forEach { index, value, gradient in
                    for (number, state) in states.enumerated() { state[index] += Scalar(number + 1) * gradient }
                    value = states.reduce(0) { $0 + $1[index] }
                }
            }
        }
        let rule = Counting(stateNames: (0..<count).map { "s\($0)" })
        let parameters = [Parameter(wrappedValue: Tensor([1, 2, 3])), Parameter(wrappedValue: Tensor([4, 5]))]
        let optimizer = OptimizerFactory(rule)([parameters], lr: 0.1)
        func step(_ parameters: [Parameter], _ optimizer: Optimizer) {
            for parameter in parameters { parameter.gradient = .ones(parameter.value.shape) }
            optimizer.step()
            optimizer.zeroGradients()
        }
        for _ in 0..<3 { step(parameters, optimizer) }
        let total = Float(3 * count * (count + 1) / 2)
        #expect(parameters.flatMap { $0.value.floats } == Array(repeating: total, count: 5))
        let saved = optimizer.stateDictionary
        #expect(saved.entries.map { $0.tensors.map(\.name) } == Array(repeating: rule.stateNames, count: 2))
        let others = parameters.map { Parameter(wrappedValue: $0.value + 0) }
        let again = OptimizerFactory(rule)([others], lr: 0.1)
        try again.loadStateDictionary(saved)
        step(parameters, optimizer)
        step(others, again)
        #expect(others.flatMap { $0.value.floats } == parameters.flatMap { $0.value.floats })
    }

    @Test(
        "what a rule reads has to be declared, and elements are updated once",
        arguments: [
            (
                Mistaken.Mistake.hyper,
                "mistaken reads the hyper-parameter momentum; its defaults name [\"wd\", \"mom\"]"
            ),
            (.state, "mistaken reads the state average; its stateNames are [\"grad_avg\"]"),
            (.twice, "mistaken calls forEach a second time for a stretch"),
            (.sum, "isPerParameter has to be true"), (.sumAfter, "sums a stretch after forEach has changed it"),
            (.index, ""), (.late, "keeping has kept a stretch"),
        ])
    func mistakes(_ mistake: Mistaken.Mistake, _ sentence: String) async {
        func fails(_ result: ExitTest.Result?) { expectTrap(result, says: sentence) }
        switch mistake {
        case .hyper: fails(await trap(0))
        case .state: fails(await trap(1))
        case .twice: fails(await trap(2))
        case .sum: fails(await trap(3))
        case .sumAfter: fails(await trap(4))
        case .index: fails(await trap(5))
        case .late: for use in 6...9 { fails(await trap(use)) }
        }
    }

    /// A stretch of a step that is over.
    private static func kept() -> Stretch<Float> {
        let rule = Keeping()
        let parameter = Parameter(wrappedValue: Tensor([1, 2, 3] as [Float]))
        let optimizer = OptimizerFactory(rule)([[parameter]], lr: 0.1)
        parameter.gradient = .ones([3])
        optimizer.step()
        guard let stretch = rule.kept.stretch else { fatalError("no stretch of floats") }
        return stretch
    }

    @Test("a state that a rule has kept is memory, also when the optimizer is gone") func keptState() throws {
        let rule = Keeping()
        do {
            let parameter = Parameter(wrappedValue: Tensor([1, 2, 3] as [Float]))
            let optimizer = OptimizerFactory(rule)([[parameter]], lr: 0.1)
            parameter.gradient = .ones([3])
            optimizer.step()
        }
        let state = try #require(rule.kept.state)
        state[2] = 7
        #expect((0..<3).map { state[$0] } == [0, 0, 7])
    }

    /// What a step with a mistaken rule prints. The number travels in the body: it must not capture anything.
    private func trap(_ number: Int) async -> ExitTest.Result? {
        switch number {
        case 0:
            let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
                UpdateRuleTests.step(.hyper)
            }
            return result
        case 1:
            let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
                UpdateRuleTests.step(.state)
            }
            return result
        case 2:
            let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
                UpdateRuleTests.step(.twice)
            }
            return result
        case 3:
            let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
                UpdateRuleTests.step(.sum)
            }
            return result
        case 4:
            let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
                UpdateRuleTests.step(.sumAfter)
            }
            return result
        case 6:
            let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
                UpdateRuleTests.kept().forEach { _, value, _ in value = 1 }
            }
            return result
        case 7:
            let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
                _ = UpdateRuleTests.kept().sum { _, value, _ in Double(value) }
            }
            return result
        case 8:
            let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
                _ = UpdateRuleTests.kept()["mom"]
            }
            return result
        case 9:
            let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
                _ = UpdateRuleTests.kept().state("grad_avg")
            }
            return result
        default:
            let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
                UpdateRuleTests.step(.index)
            }
            return result
        }
    }

    static func step(_ mistake: Mistaken.Mistake) {
        let parameter = Parameter(wrappedValue: Tensor([1, 2]))
        let optimizer = OptimizerFactory(Mistaken(mistake: mistake))([[parameter]], lr: 1)
        parameter.gradient = Tensor([4, 8])
        optimizer.step()
    }

    @Test("names that cannot be told apart are refused")
    func names() async {
        let twice = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = OptimizerFactory(Plain(defaults: [("wd", 0), ("wd", 1)]))(
                [[Parameter(wrappedValue: .ones([2]))]], lr: 1)
        }
        expectTrap(twice, says: "UpdateRule: plain has hyper-parameters [\"wd\", \"wd\"]")
        let rate = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = OptimizerFactory(Plain(defaults: [("lr", 0)]))([[Parameter(wrappedValue: .ones([2]))]], lr: 1)
        }
        expectTrap(rate, says: "none is lr")
        let state = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = OptimizerFactory(Plain(stateNames: ["a/b"]))([[Parameter(wrappedValue: .ones([2]))]], lr: 1)
        }
        expectTrap(state, says: "UpdateRule: plain has states [\"a/b\"]")
    }

    @Test("names that a saved file could not keep are refused, and so is a stretch handed on to another rule")
    func unkeepable() async {
        let spaced = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = OptimizerFactory(Plain(defaults: [("weight decay", 0)]))([[Parameter(wrappedValue: .ones([1]))]], lr: 1)
        }
        expectTrap(spaced, says: "each wants a name of its own without spaces, = and /")
        let slow = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = OptimizerFactory(Plain(stateNames: ["slow"]))([[Parameter(wrappedValue: .ones([1]))]], lr: 1)
        }
        expectTrap(slow, says: "without / and not slow")
        let handed = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            struct Handing: UpdateRule {
                let name = "handing"
                var defaults: [(name: String, value: Double)] { [] }
                let stateNames: [String] = []
                func update<Scalar>(_ stretch: Stretch<Scalar>) { AdamRule().update(stretch) }
            }
            let parameter = Parameter(wrappedValue: .ones([1]))
            let optimizer = OptimizerFactory(Handing())([[parameter]], lr: 1)
            parameter.gradient = .ones([1])
            optimizer.step()
        }
        expectTrap(handed, says: "handing hands its stretch to AdamRule")
    }
}
