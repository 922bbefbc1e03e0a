// SPDX-License-Identifier: Apache-2.0
// Facts of the behaviour contract about optimizers and schedules that have no number of their own.

import LockstepChecks
import LockstepOptim
import LockstepTensor
import LockstepTesting
import Testing

@Suite("Optimizers: facts of the contract") struct OptimizerFactsTests {
    private func train(_ optimizer: Optimizer, _ parameters: [Parameter], steps: Int = 1) {
        for step in 0..<steps {
            for parameter in parameters {
                parameter.gradient = Tensor.full([parameter.value.count], 0.1 * Double(step + 1))
            }
            optimizer.step()
            optimizer.zeroGradients()
        }
    }

    @Test("[§8.1] a saved state is a copy: neither steps nor loading it change it")
    func copies() throws {
        let parameter = Parameter(wrappedValue: Tensor([1, 2, 3] as [Float]))
        let optimizer = OptimizerFactory.lookahead(.adam(), k: 2)([[parameter]], lr: 0.1)
        train(optimizer, [parameter], steps: 3)
        let saved = optimizer.stateDictionary
        func numbers(_ state: OptimizerState) -> [[Float]] {
            state.entries.flatMap { $0.tensors.map { $0.tensor.floats } } + (state.lookahead?.slow ?? []).map(\.floats)
        }
        let before = numbers(saved)
        #expect(before.count == 3 && saved.entries[0].steps == 3 && saved.lookahead?.count == 3)
        train(optimizer, [parameter], steps: 2)
        #expect(numbers(saved) == before)
        try optimizer.loadStateDictionary(saved)
        train(optimizer, [parameter], steps: 2)
        #expect(numbers(saved) == before && saved.lookahead?.count == 3)
    }

    @Test("[§8.1] a state with another number of groups is refused, naming both")
    func groups() {
        let make = { (groups: Int) in
            OptimizerFactory.sgd()((0..<groups).map { _ in [Parameter(wrappedValue: .ones([1]))] }, lr: 0.1)
        }
        let error = #expect(throws: OptimizerError.self) {
            try make(2).loadStateDictionary(make(3).stateDictionary)
        }
        #expect(error?.message.contains("3 parameter groups, this optimizer 2") == true)
    }

    @Test("[§8.1] clearing the state keeps the flags")
    func clearing() {
        let parameter = Parameter(wrappedValue: Tensor([1] as [Float]))
        let optimizer = OptimizerFactory.adam()([[parameter]], lr: 0.1)
        optimizer.flags[0].doWD = false
        optimizer.flags[0].forceTrain = true
        train(optimizer, [parameter], steps: 2)
        optimizer.clearState()
        let entry = optimizer.stateDictionary.entries[0]
        #expect(entry.tensors.isEmpty && entry.steps == 0)
        #expect(!entry.flags.doWD && entry.flags.forceTrain)
    }

    @Test("[§8.2] several hyper-parameters at once; one that a rule does not know has no effect")
    func several() throws {
        let parameter = Parameter(wrappedValue: Tensor([1] as [Float]))
        let optimizer = OptimizerFactory.sgd()([[parameter]], lr: 0.1)
        try optimizer.setHypers(["lr": 0.5, "wd": 0.2, "sqr_mom": 0.3])
        #expect(optimizer.hypers == [["lr": 0.5, "wd": 0.2, "mom": 0, "sqr_mom": 0.3]])
        train(optimizer, [parameter])
        expectClose(parameter.value.item(), 1 * (1 - 0.5 * 0.2) - 0.5 * 0.1, relative: 1e-6)
    }

    @Test("[§8.2] freezing needs two groups; -1 counts from the back")
    func freezing() throws {
        let parameters = (0..<3).map { _ in Parameter(wrappedValue: Tensor([1] as [Float])) }
        let one = OptimizerFactory.sgd()([parameters], lr: 0.1)
        let error = #expect(throws: OptimizerError.self) { try one.freeze() }
        #expect(error?.message.contains("only 1 parameter group") == true)
        let three = OptimizerFactory.sgd()(parameters.map { [$0] }, lr: 0.1)
        three.freeze(to: -2)
        #expect(three.frozenIndex == 1 && parameters.map(\.isTrainable) == [false, true, true])
        try three.freeze()
        #expect(three.frozenIndex == 2 && parameters.map(\.isTrainable) == [false, false, true])
        three.unfreeze()
        #expect(three.frozenIndex == 0 && parameters.allSatisfy(\.isTrainable))
    }

    @Test("[§8.6] whether SGD has momentum is decided when it is made")
    func momentumChoice() throws {
        let parameter = Parameter(wrappedValue: Tensor([1] as [Float]))
        let optimizer = OptimizerFactory.sgd()([[parameter]], lr: 0.1)
        try optimizer.setHyper("mom", 0.9)
        for _ in 0..<3 { train(optimizer, [parameter]) }
        expectClose(parameter.value.item(), 1 - 3 * 0.1 * 0.1, relative: 1e-6)
    }

    @Test("[§8.6] L2 decay is part of the gradient that momentum sees, decoupled decay is not")
    func decay() {
        for (decoupled, expected) in [(true, 1 - 0.1 * 0.5 - 0.1 * 0.1), (false, 1 - 0.1 * (0.1 + 0.5))] {
            let parameter = Parameter(wrappedValue: Tensor([1] as [Float]))
            let optimizer = OptimizerFactory.sgd(mom: 0.9, wd: 0.5, decoupleWD: decoupled)([[parameter]], lr: 0.1)
            train(optimizer, [parameter])
            expectClose(parameter.value.item(), expected, relative: 1e-6)
            let momentum = optimizer.stateDictionary.entries[0].tensors[0].tensor.item()
            expectClose(momentum, decoupled ? 0.1 : 0.6, relative: 1e-6)
        }
    }

    // MARK: Schedules

    private struct Recorded: Decodable {
        let positions: [Double]
        let functions: [String: [Double]]
    }

    @Test("[SCH-01] [SCH-02] fastai's curves and their combinations at 21 positions")
    func recordedCurves() throws {
        let recorded = try Reference.decode(Recorded.self, from: "schedules")
        let ours: [String: Schedule] = [
            "linear": .linear(0.1, 1), "cosine": .cosine(0.1, 1), "constant": .constant(0.1),
            "exponential": .exponential(0.1, 1), "polynomial2": .polynomial(0.1, 1, power: 2),
            "polynomial0.5": .polynomial(0.1, 1, power: 0.5),
            "combined": try .combined([(0.3, .linear(0.2, 1)), (0.7, .cosine(1, 0))]),
            "combined3": try .combined([
                (0.25, .constant(0.5)), (0.25, .exponential(0.5, 2)), (0.5, .polynomial(2, 0.1, power: 3)),
            ]),
            "combinedCosine": .combinedCosine(0.25, 0.1, 1, 0.01), "combinedCosine.7": .combinedCosine(0.7, 1, 3, 0),
        ]
        #expect(Set(ours.keys) == Set(recorded.functions.keys))
        for (name, values) in recorded.functions.sorted(by: { $0.key < $1.key }) {
            guard let schedule = ours[name] else { continue }
            // fastai sums fractions in float32: its positions inside a part are off by about 1e-7.
            expectClose(recorded.positions.map { schedule($0) }, values, name, relative: 2e-6, absolute: 2e-6)
        }
    }

    @Test("[SCH-02] parts of no length are skipped; negative ones are refused")
    func emptyParts() throws {
        let schedule = try Schedule.combined([(0, .constant(9)), (1, .linear(0, 1)), (0, .constant(7))])
        #expect(schedule(0) == 0 && schedule(0.5) == 0.5 && schedule(1) == 1)
        #expect(throws: OptimizerError.self) {
            try Schedule.combined([(-0.5, .constant(1)), (1.5, .constant(1))])
        }
    }

    @Test("[§1] geometric steps; one is just the end")
    func evenMultiplesTable() {
        expectClose(evenMultiples(1e-4, 1e-2, 3), [1e-4, 1e-3, 1e-2], relative: 1e-12)
        #expect(evenMultiples(1e-4, 1e-2, 1) == [1e-2])
    }
}
