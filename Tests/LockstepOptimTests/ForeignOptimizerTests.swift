// SPDX-License-Identifier: Apache-2.0
// Optimizers written elsewhere, driven like ours.

import LockstepOptim
import LockstepTensor
import LockstepTesting
import Testing

/// PyTorch's `SGD(lr, momentum, weight_decay)` in its decoupled form, kept as a program of its own would.
private final class TorchSGD: ForeignOptimizer {
    let groups: [[Parameter]]
    let hyperNames: [String]
    private var hypers: [[String: Double]]
    private var momenta: [ObjectIdentifier: Tensor] = [:]
    private(set) var clears = 0

    init(_ groups: [[Parameter]], lr: Double, momentum: Double? = 0.9) {
        self.groups = groups
        hyperNames = ["lr", "weight_decay"] + (momentum == nil ? [] : ["momentum"])
        hypers = groups.map { _ in ["lr": lr, "momentum": momentum ?? 0, "weight_decay": 0] }
    }
    func hyper(_ name: String, group: Int) -> Double { hypers[group][name] ?? .nan }
    func setHyper(_ name: String, group: Int, _ value: Double) { hypers[group][name] = value }
    func step(_ parameters: [Parameter], group: Int) {
        let (lr, mom, wd) = (
            hyper("lr", group: group), hyper("momentum", group: group), hyper("weight_decay", group: group)
        )
        for parameter in parameters {
            guard let gradient = parameter.gradient else { continue }
            let momentum = momenta[ObjectIdentifier(parameter)].map { $0 * mom + gradient } ?? gradient * 1
            momenta[ObjectIdentifier(parameter)] = momentum
            parameter.wrappedValue = parameter.value * (1 - lr * wd) - momentum * lr
        }
    }
    func clearState() {
        momenta = [:]
        clears += 1
    }
    func state(of parameter: Parameter) -> [(name: String, tensor: Tensor)] {
        momenta[ObjectIdentifier(parameter)].map { [("momentum_buffer", $0)] } ?? []
    }
    func setState(_ state: [(name: String, tensor: Tensor)], of parameter: Parameter) {
        momenta[ObjectIdentifier(parameter)] = state.first?.tensor
    }
}

@Suite("Foreign optimizers")
struct ForeignOptimizerTests {
    private func parameters() -> [[Parameter]] {
        [[Parameter(wrappedValue: Tensor([1, -2, 3]))], [Parameter(wrappedValue: Tensor([0.5]))]]
    }
    private func give(_ groups: [[Parameter]], _ step: Int) {
        for (index, parameter) in groups.joined().enumerated() {
            parameter.gradient = Tensor(
                Array(repeating: Float(0.1 * Double(step + 1) - 0.2 * Double(index)), count: parameter.value.count))
        }
    }

    @Test("[§8.7] a wrapped optimizer steps as ours of the same formula, hyper-parameters under our names included")
    func steps() throws {
        let (a, b) = (parameters(), parameters())
        let ours = OptimizerFactory.sgd(mom: 0.9)(a, lr: 0.1)
        let theirs = OptimizerFactory.wrapping { TorchSGD($0, lr: $1) }(b, lr: 0.1)
        #expect(theirs.hyperNames == ["lr", "wd", "mom"] && theirs.isWrapped && theirs.rule.name == "TorchSGD")
        for step in 0..<5 {
            if step == 2 {
                for optimizer in [ours, theirs] {
                    try optimizer.setHyper("mom", 0.5)
                    try optimizer.setHyper("wd", .perGroup([0.1, 0]))
                    try optimizer.setHyper("lr", .slice(0.01, 0.1))
                }
            }
            give(a, step)
            give(b, step)
            for optimizer in [ours, theirs] {
                optimizer.step()
                optimizer.zeroGradients()
            }
            for (x, y) in zip(a.joined(), b.joined()) { expectClose(y.value, x.value) }
        }
    }

    @Test("frozen parameters, and those without a gradient, are not stepped")
    func freezing() throws {
        let groups = parameters()
        let optimizer = OptimizerFactory.wrapping { TorchSGD($0, lr: $1) }(groups, lr: 0.1)
        try optimizer.setHyper("wd", 0.5)
        try optimizer.freeze()
        groups[1][0].gradient = Tensor([1])
        optimizer.step()
        #expect(groups[0][0].value.floats == [1, -2, 3] && groups[1][0].value.floats != [0.5])
    }

    @Test("[§8.7] a hyper-parameter it does not have is an error that lists those it has")
    func unknownHyper() throws {
        let optimizer = OptimizerFactory.wrapping { TorchSGD($0, lr: $1, momentum: nil) }(parameters(), lr: 0.1)
        #expect(optimizer.hyper("mom", group: 0) == nil)
        let error = #expect(throws: OptimizerError.self) { try optimizer.setHyper("mom", 0.9) }
        #expect(error?.code == .unknownHyper && error?.description.contains("lr, wd") == true)
    }

    @Test("state is saved and loaded, and cleared")
    func state() throws {
        let (a, b) = (parameters(), parameters())
        let first = OptimizerFactory.wrapping { TorchSGD($0, lr: $1) }(a, lr: 0.1)
        give(a, 0)
        first.step()
        let saved = first.stateDictionary
        #expect(saved.entries[0].tensors.map(\.name) == ["momentum_buffer"] && saved.entries[0].steps == 1)
        for (x, y) in zip(a.joined(), b.joined()) { y.wrappedValue = x.value }
        let second = OptimizerFactory.wrapping { TorchSGD($0, lr: $1) }(b, lr: 0.3)
        try second.loadStateDictionary(saved)
        #expect(second.hyper("lr", group: 0) == 0.1)
        for (groups, optimizer) in [(a, first), (b, second)] {
            give(groups, 1)
            optimizer.step()
        }
        for (x, y) in zip(a.joined(), b.joined()) { expectClose(y.value, x.value) }
        first.clearState()
        #expect(first.stateDictionary.entries[0].tensors.isEmpty)
    }

    @Test("[§8.7] one that exists already is used as it is, after its state was cleared")
    func ready() {
        let groups = parameters()
        let foreign = TorchSGD(groups, lr: 0.25)
        let factory = OptimizerFactory.wrapping(foreign)
        #expect(factory.name == "TorchSGD")
        let optimizer = factory([], lr: 0.1)
        #expect(optimizer.hyper("lr", group: 0) == 0.25 && foreign.clears == 1 && optimizer.groups.count == 2)
    }

    @Test("a learning rate there must be")
    func noRate() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            final class Rateless: ForeignOptimizer {
                let groups = [[Parameter(wrappedValue: Tensor([1]))]]
                let hyperNames = ["step_size"]
                func hyper(_ name: String, group: Int) -> Double { 1 }
                func setHyper(_ name: String, group: Int, _ value: Double) {}
                func step(_ parameters: [Parameter], group: Int) {}
                func clearState() {}
            }
            _ = OptimizerWrapper(Rateless())
        }
        expectTrap(result, says: "has no learning rate among [\"step_size\"]")
    }
}
