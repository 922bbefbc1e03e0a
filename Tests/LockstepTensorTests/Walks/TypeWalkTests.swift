// SPDX-License-Identifier: Apache-2.0
// Every operation in every element type, forward and backward, beside what it gives in float32 or float64.

import LockstepTensor
import LockstepTesting
import Testing

@Suite("Operations in every element type") struct TypeWalkTests {
    private static func cotangent(_ y: Tensor, _ number: Int) -> Tensor {
        sample(y.shape, seed: UInt64(number) + 99).to(.bfloat16).to(.float32)
    }

    /// How far a type's results may be from those in float32: its own rounding, or float32's.
    private static func tolerance(_ dtype: DType) -> Double { dtype == .bfloat16 ? 0x1p-7 : 1e-4 }

    @Test(
        "an operation computes with storage types and float64 as with float32; gradients have the type of their input",
        arguments: OperationCase.all, [DType.bfloat16, .float64])
    func floating(_ operation: OperationCase, _ dtype: DType) {
        let values = operation.values()
        let expected = operation.run(values, arriving: Self.cotangent)
        let inputs = values.map { $0.dtype.isFloatingPoint ? $0.to(dtype) : $0 }
        let actual = operation.run(inputs, arriving: Self.cotangent)
        compare(operation, actual, expected, inputs, Self.tolerance(dtype))
    }

    @Test(
        "operands of different floating types meet, and each gets a gradient of its own type",
        arguments: OperationCase.all)
    func mixed(_ operation: OperationCase) {
        let values = operation.values()
        let expected = operation.run(values, arriving: Self.cotangent)
        for types in [[DType.bfloat16, .float32, .float64], [.float64, .bfloat16, .float32]] {
            let inputs = values.enumerated().map { $1.dtype.isFloatingPoint ? $1.to(types[$0 % 3]) : $1 }
            let actual = operation.run(inputs, arriving: Self.cotangent)
            compare(operation, actual, expected, inputs, Self.tolerance(.bfloat16))
        }
    }

    @Test(
        "gradients of several uses add up, loose and in an arena", arguments: OperationCase.all,
        [DType.bfloat16, .float64, .float32])
    func accumulated(_ operation: OperationCase, _ dtype: DType) {
        let values = operation.values()
        let expected = operation.run(values, arriving: Self.cotangent)
        guard expected.gradients.contains(where: { $0 != nil }) else { return }
        for placed in [false, true] {
            let parameters = values.map { $0.dtype.isFloatingPoint ? Parameter(wrappedValue: $0.to(dtype)) : nil }
            let arena = placed ? ParameterArena([parameters.compactMap(\.self)]) : nil
            for _ in 0..<2 {  // and within one graph
                let leaves = zip(parameters, values).map { $0?.wrappedValue ?? $1 }
                for (number, result) in operation.function(leaves).filter(\.requiresGradient).enumerated() {
                    let dy = Self.cotangent(result, number)
                    (result * 0.5 + result * 0.5).backward(gradient: dy, keepingGraph: true)
                }
            }
            for (number, (parameter, gradient)) in zip(parameters, expected.gradients).enumerated() {
                guard let parameter, let gradient else { continue }
                guard let actual = parameter.gradient else {
                    Issue.record("\(operation.name): input \(number) has no gradient")
                    continue
                }
                #expect(actual.dtype == dtype)
                close(
                    actual, gradient * 2, 2 * Self.tolerance(dtype), "\(operation.name) \(placed): gradient \(number)")
            }
            _ = arena
        }
    }

    @Test(
        "an operation on integers gives what it gives on the same numbers in float64",
        arguments: OperationCase.all.filter(\.takesIntegers), [DType.uint8, .int32, .int64, .bool])
    func integers(_ operation: OperationCase, _ dtype: DType) {
        let inputs = operation.integerValues(dtype)
        let actual = operation.function(inputs)
        let wide = zip(operation.inputs, inputs).map { input, value in
            if case .real = input { value.to(.float64) } else { value }
        }
        for (number, (a, b)) in zip(actual, operation.function(wide)).enumerated() {
            #expect(!a.requiresGradient)
            // Bytes count modulo 256.
            let b = a.dtype == .uint8 ? b - (b / 256).floor() * 256 : b
            expectClose(
                a.to(.float64), b.to(.float64), "\(operation.name) of \(dtype): result \(number)", relative: 1e-6,
                absolute: 1e-6, nanEqual: true)
        }
    }

    private func compare(
        _ operation: OperationCase, _ actual: (results: [Tensor], gradients: [Tensor?]),
        _ expected: (results: [Tensor], gradients: [Tensor?]), _ inputs: [Tensor], _ tolerance: Double
    ) {
        for (number, (a, b)) in zip(actual.results, expected.results).enumerated() {
            close(a, b, tolerance, "\(operation.name): result \(number)")
        }
        for (number, (a, b)) in zip(actual.gradients, expected.gradients).enumerated() {
            #expect((a == nil) == (b == nil), "\(operation.name): gradient \(number)")
            guard let a, let b else { continue }
            #expect(a.dtype == inputs[number].dtype, "\(operation.name): gradient \(number)")
            close(a, b, tolerance, "\(operation.name): gradient \(number)")
        }
    }

    /// Rounding is relative to the largest element: sums of rounded numbers may cancel.
    private func close(_ a: Tensor, _ b: Tensor, _ tolerance: Double, _ what: String) {
        let largest = b.doubles.filter(\.isFinite).map(abs).max() ?? 0
        expectClose(
            a.to(.float64), b.to(.float64), what, relative: tolerance, absolute: tolerance * (largest + 1e-6),
            nanEqual: true)
    }
}
