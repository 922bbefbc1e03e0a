// SPDX-License-Identifier: Apache-2.0
// The listed layers and models, with the tensors that they take.

import LockstepModels
package import LockstepNN
package import LockstepTensor
import LockstepTesting

extension Listed {
    /// A layer or model with what it is given.
    package struct Layer: Sendable, CustomStringConvertible {
        package let make: @Sendable () -> Module
        /// Inputs of the layer's element type, where they are no integers.
        package let inputs: @Sendable (DType) -> [Tensor]
        package let type: String
        package var description: String { type }

        package init(_ make: @escaping @Sendable () -> Module, _ inputs: @escaping @Sendable (DType) -> [Tensor]) {
            (self.make, self.inputs) = (make, inputs)
            type = "\(Swift.type(of: make()))"
        }

        /// A layer of one input of random numbers.
        package init(_ shape: Shape, _ make: @escaping @Sendable () -> Module) {
            self.init(make) { [sample(shape, seed: 1, dtype: $0)] }
        }

        /// A layer of tokens, of which there are five.
        package init(tokens shape: Shape, _ make: @escaping @Sendable () -> Module) {
            self.init(make) { _ in [sampleIntegers(shape, in: 0..<5)] }
        }

        /// A network of texts: tokens, of which there are five, a mask of texts that become longer, and types.
        package init(texts shape: Shape, _ make: @escaping @Sendable () -> Module) {
            self.init(make) { _ in
                let (texts, length) = (shape[0], shape[1])
                let mask = (0..<texts).flatMap { text in
                    (0..<length).map { $0 < length - (texts - 1 - text) ? 1 : 0 }
                }
                return [
                    sampleIntegers(shape, in: 0..<5), Tensor(mask, shape: shape), sampleIntegers(shape, in: 0..<2),
                ]
            }
        }

        init(_ example: LayerExample) {
            switch example.inputs {
            case .numbers(let shape): self.init(shape, example.make)
            case .tokens(let shape): self.init(tokens: shape, example.make)
            case .texts(let shape): self.init(texts: shape, example.make)
            case .table(let categories, let shape):
                self.init(example.make) { [Tensor(categories), sample(shape, dtype: $0)] }
            }
        }
    }

    /// Every layer and model.
    package static let layers: [Layer] = LayerExample.known.map { Layer($0) }
}
