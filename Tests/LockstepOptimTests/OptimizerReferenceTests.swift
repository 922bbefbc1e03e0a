// SPDX-License-Identifier: Apache-2.0
// Every rule over 50 steps on given gradients, as fastai and PyTorch took them.

import LockstepChecks
import LockstepOptim
import LockstepTensor
import LockstepTesting
import Testing

/// Those that PyTorch or fastai has.
private let referenced = Listed.optimizers.filter { $0.golden == nil }

@Suite("Optimizers as fastai's and PyTorch's") struct OptimizerReferenceTests {
    @Test("50 steps on given gradients", arguments: referenced, [DType.float64, .float32])
    func fiftySteps(_ rule: Listed.Optimizer, dtype: DType) throws {
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

    @Test("every optimizer of the list has a reference, and every reference an optimizer")
    func complete() throws {
        let known = Set(try Reference.load("optimizers").cases).subtracting(["start", "gradients"])
        #expect(known == Set(referenced.map(\.name)))
    }

    @Test(
        "bfloat16 parameters take float32 steps that are rounded, with moments in float32", arguments: referenced
    )
    func storageType(_ rule: Listed.Optimizer) throws {
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
