// SPDX-License-Identifier: Apache-2.0
// An operation with inputs that fit it, for tests that walk all of them.

import LockstepTensor
import LockstepTesting
import Testing

/// One call of a public operation.
struct OperationCase: Sendable, CustomTestStringConvertible {
    /// An input's shape and what its elements are.
    enum Input: Sendable {
        case real(Shape, Range<Double> = -1..<1)
        case index(Shape, Int)
        case mask(Shape)
    }

    /// The operation's name, then what is special.
    let name: String
    let inputs: [Input]
    /// Whether integers may stand where real numbers do.
    let takesIntegers: Bool
    let function: @Sendable ([Tensor]) -> [Tensor]

    var testDescription: String { name }
    /// The name that the operation has in the sources.
    var operation: String { String(name.prefix { $0 != "," }) }

    init(
        _ name: String, _ inputs: Input..., integers: Bool = false,
        several function: @escaping @Sendable ([Tensor]) -> [Tensor]
    ) { (self.name, self.inputs, takesIntegers, self.function) = (name, inputs, integers, function) }

    init(
        _ name: String, _ inputs: Input..., integers: Bool = false,
        _ function: @escaping @Sendable ([Tensor]) -> Tensor
    ) { (self.name, self.inputs, takesIntegers, self.function) = (name, inputs, integers, { [function($0)] }) }

    /// Values that every floating type has: real numbers of seven bits.
    func values() -> [Tensor] {
        inputs.enumerated().map { number, input in
            switch input {
            case .real(let shape, let range):
                sample(shape, seed: UInt64(number + 1), in: range).to(.bfloat16).to(.float32)
            case .index(let shape, let limit): sampleIntegers(shape, seed: UInt64(number + 1), in: 0..<limit)
            case .mask(let shape): sampleIntegers(shape, seed: UInt64(number + 1), in: 0..<2, dtype: .bool)
            }
        }
    }

    /// Small whole numbers in place of the real ones.
    func integerValues(_ dtype: DType) -> [Tensor] {
        zip(inputs, values()).enumerated().map { number, pair in
            guard case .real(let shape, _) = pair.0 else { return pair.1 }
            return sampleIntegers(shape, seed: UInt64(number + 1), in: 1..<4, dtype: dtype)
        }
    }

    /// The results, detached, and the gradients of the floating inputs, when `gradients` arrive at the floating results.
    func run(
        _ inputs: [Tensor], arriving gradient: (Tensor, Int) -> Tensor
    ) -> (results: [Tensor], gradients: [Tensor?]) {
        let leaves = inputs.map { $0.dtype.isFloatingPoint ? $0.requiringGradient() : $0 }
        let results = function(leaves)
        let recorded = results.filter(\.requiresGradient)
        for (number, result) in recorded.enumerated() {
            result.backward(gradient: gradient(result, number), keepingGraph: number + 1 < recorded.count)
        }
        return (results.map(\.detached), leaves.map(\.gradient))
    }
}
