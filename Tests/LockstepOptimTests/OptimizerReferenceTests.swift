// SPDX-License-Identifier: Apache-2.0
// Every rule over 50 steps on given gradients, as fastai and PyTorch took them.

import LockstepChecks
import LockstepOptim
import LockstepTensor
import LockstepTesting
import Testing

/// A rule and the name under which the reference keeps its steps.
struct RuleCase: Sendable, CustomTestStringConvertible {
    let name: String
    let lr: Double
    let factory: OptimizerFactory
    var testDescription: String { name }

    init(_ name: String, lr: Double, _ factory: OptimizerFactory) {
        (self.name, self.lr, self.factory) = (name, lr, factory)
    }
}

@Suite("Optimizers as fastai's and PyTorch's") struct OptimizerReferenceTests {
    static let cases = [
        RuleCase("sgd", lr: 0.1, .sgd()), RuleCase("sgd.momentum", lr: 0.05, .sgd(mom: 0.9)),
        RuleCase("sgd.momentum.decay", lr: 0.05, .sgd(mom: 0.9, wd: 0.1)),
        RuleCase("sgd.momentum.l2", lr: 0.05, .sgd(mom: 0.9, wd: 0.1, decoupleWD: false)),
        RuleCase("rmsprop", lr: 0.01, .rmsProp()), RuleCase("rmsprop.momentum", lr: 0.01, .rmsProp(mom: 0.9)),
        RuleCase("adam", lr: 0.01, .adam()), RuleCase("adam.plain", lr: 0.01, .adam(wd: 0)),
        RuleCase("adam.l2", lr: 0.01, .adam(wd: 0.1, decoupleWD: false)),
        RuleCase("adam.options", lr: 0.02, .adam(mom: 0.8, sqrMom: 0.999, eps: 1e-8, wd: 0.05)),
        RuleCase("radam", lr: 0.01, .radam()), RuleCase("qhadam", lr: 0.01, .qhadam()),
        RuleCase("larc", lr: 0.1, .larc()), RuleCase("lars", lr: 0.1, .larc(clips: false, wd: 0.1)),
        RuleCase("lamb", lr: 0.01, .lamb()), RuleCase("lookahead.sgd", lr: 0.1, .lookahead(.sgd())),
        RuleCase("ranger", lr: 0.01, .ranger()), RuleCase("torch.sgd", lr: 0.1, .sgd()),
        RuleCase("torch.sgd.momentum", lr: 0.05, .sgd(mom: 0.9, wd: 0.1, decoupleWD: false)),
        RuleCase("torch.adam", lr: 0.01, .adam(sqrMom: 0.999, eps: 1e-8, wd: 0)),
        RuleCase("torch.adamw", lr: 0.01, .adamW(wd: 0.05)),
    ]

    @Test("50 steps on given gradients", arguments: cases, [DType.float64, .float32])
    func fiftySteps(_ rule: RuleCase, dtype: DType) throws {
        let reference = try Reference.load("optimizers")
        let parameters = try ["a", "b"].map { key in
            Parameter(wrappedValue: try reference.tensor("start/\(key)").to(dtype))
        }
        let gradients = try ["a", "b"].map { try reference.tensor("gradients/\($0)").to(dtype) }
        let expected = try ["a", "b"].map { try reference.tensor("\(rule.name)/\($0)") }
        let optimizer = rule.factory([parameters], lr: rule.lr)
        // The reference was computed in float64 and rounded to float32.
        let tolerance = dtype == .float64 ? 2e-7 : 2e-5
        for step in 0..<50 {
            for (parameter, gradient) in zip(parameters, gradients) { parameter.gradient = gradient[step] }
            optimizer.step()
            optimizer.zeroGradients()
            for (parameter, wanted) in zip(parameters, expected) {
                expectClose(
                    parameter.value.doubles, wanted[step].doubles, "\(rule.name), step \(step + 1)",
                    relative: tolerance, absolute: tolerance)
            }
        }
    }

    @Test("every rule of the reference is checked")
    func complete() throws {
        let known = Set(try Reference.load("optimizers").cases).subtracting(["start", "gradients"])
        #expect(known == Set(Self.cases.map(\.name)))
    }

    @Test("bfloat16 parameters take float32 steps that are rounded, with moments in float32", arguments: cases)
    func storageType(_ rule: RuleCase) throws {
        let reference = try Reference.load("optimizers")
        func parameters(_ dtype: DType) throws -> [Parameter] {
            try ["a", "b"].map { Parameter(wrappedValue: try reference.tensor("start/\($0)").to(.bfloat16).to(dtype)) }
        }
        let (stored, wide) = (try parameters(.bfloat16), try parameters(.float32))
        let gradients = try ["a", "b"].map { try reference.tensor("gradients/\($0)") }
        let optimizers = (rule.factory([stored], lr: rule.lr), rule.factory([wide], lr: rule.lr))
        // Slow weights follow what is stored, or what is about to be.
        let tolerance = rule.name.contains("lookahead") || rule.name == "ranger" ? 0.02 : 0
        for step in 0..<12 {
            for (parameters, optimizer) in [(stored, optimizers.0), (wide, optimizers.1)] {
                for (parameter, gradient) in zip(parameters, gradients) { parameter.gradient = gradient[step] }
                #expect(optimizer.arena.gradientNorm().isFinite && optimizer.arena.gradientNorm(order: 1) > 0)
                optimizer.arena.scaleGradients(by: 0.5)
                optimizer.step()
                optimizer.zeroGradients()
            }
            for parameter in wide { parameter.wrappedValue = parameter.value.to(.bfloat16) }
            for (a, b) in zip(stored, wide) {
                #expect(a.value.dtype == .bfloat16)
                expectClose(
                    a.value.floats, b.value.floats, "\(rule.name), step \(step)", relative: tolerance,
                    absolute: tolerance)
            }
        }
        // What is remembered goes through a saved state.
        let again = rule.factory([try parameters(.bfloat16)], lr: rule.lr)
        try again.loadStateDictionary(optimizers.0.stateDictionary)
        for (a, b) in zip(again.stateDictionary.entries, optimizers.0.stateDictionary.entries) {
            for (x, y) in zip(a.tensors, b.tensors) {
                #expect(x.tensor.dtype == .float32 && x.tensor.floats == y.tensor.floats)
            }
        }
    }
}
