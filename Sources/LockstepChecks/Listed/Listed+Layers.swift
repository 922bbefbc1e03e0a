// SPDX-License-Identifier: Apache-2.0
// Every layer and model, with options other than the usual ones, and inputs that it takes.

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
    }

    /// Every layer and model.
    package static let layers: [Layer] = pointwise + windows + norms + sequences + models

    private static let pointwise: [Layer] = [
        Layer([5, 3, 7]) { Identity() }, Layer([5, 3, 7]) { ReLU() }, Layer([5, 3, 7]) { LeakyReLU(0.3) },
        Layer([5, 3, 7]) { GELU() }, Layer([5, 3, 7]) { SiLU() }, Layer([5, 3, 7]) { Sigmoid() },
        Layer([5, 3, 7]) { Tanh() }, Layer([5, 3, 7]) { Softplus() }, Layer([5, 3, 7]) { Softmax(axis: 1) },
        Layer([5, 3, 7]) { LogSoftmax(axis: -2) }, Layer([5, 3, 7]) { Flatten(from: 1, to: 2) },
        Layer([5, 3, 7]) { Dropout(0.7) }, Layer([5, 3]) { Linear(3, 7) }, Layer([5, 1]) { Linear(1, 1, bias: false) },
        Layer(tokens: [5, 3]) { Embedding(7, 3, paddingIndex: 2) }, Layer([5, 3]) { Apply("double") { $0 * 2 } },
    ]

    private static let windows: [Layer] = [
        Layer([5, 6, 11]) { Conv1d(6, 9, kernelSize: 3, stride: 2, padding: 1, groups: 3) },
        Layer([5, 6, 11, 7]) { Conv2d(6, 9, kernelSize: [3, 5], padding: .same, groups: 3, bias: false) },
        Layer([5, 6, 5, 7]) { ConvTranspose2d(6, 9, kernelSize: [2, 3], stride: 2, padding: 1, groups: 3) },
        Layer([5, 3, 9, 7]) { MaxPool2d([2, 3], stride: 1, padding: [1, 0], ceilMode: true) },
        Layer([5, 3, 9, 7]) { AvgPool2d(2, stride: 3, padding: 1, ceilMode: true, countIncludePad: false) },
        Layer([5, 3, 9]) { MaxPool1d(3, stride: 1, padding: 1) },
        Layer([5, 3, 9]) { AvgPool1d(2, stride: 1, padding: 1) },
        Layer([5, 3, 9, 7]) { AdaptiveAvgPool2d([2, 3]) }, Layer([5, 3, 9, 7]) { AdaptiveMaxPool2d(2) },
        Layer([5, 3, 9]) { AdaptiveAvgPool1d(4) }, Layer([5, 3, 9]) { AdaptiveMaxPool1d(5) },
    ]

    private static let norms: [Layer] = [
        Layer([5, 3, 2]) { BatchNorm(3) }, Layer([5, 3]) { BatchNorm1d(3, momentum: nil) },
        Layer([5, 3, 2, 7]) { BatchNorm2d(3, affine: false) },
        Layer([5, 3, 2, 3, 4]) { BatchNorm3d(3, epsilon: 1e-3) },
        Layer([5, 3, 2, 7]) { InstanceNorm2d(3, affine: true, trackRunningStats: true) },
        Layer([5, 9, 2]) { GroupNorm(3, 9) }, Layer([5, 3, 7]) { LayerNorm([3, 7]) },
        Layer([5, 3, 7]) { Residual { Linear(7, 7) } },
        Layer([5, 3, 7]) {
            Sequential {
                Residual {
                    Linear(7, 3)
                } shortcut: {
                    Linear(7, 3); ReLU()
                }
                Sequential { Linear(3, 1) }
            }
        },
    ]

    private static let sequences: [Layer] = [
        Layer([2, 5, 3]) { LSTM(3, 4, layers: 2, batchFirst: true, carriesState: true) },
        Layer([2, 5, 7]) { LSTM(7, 3, bias: false, bidirectional: true) },
        Layer([2, 5, 3]) { GRU(3, 4, batchFirst: true, carriesState: true) },
        Layer([2, 5, 7]) { GRU(7, 3, layers: 2, bidirectional: true) },
        Layer([2, 5, 6]) { MultiheadAttention(6, 2, bias: false, causal: true) },
        Layer([2, 5, 6]) { TransformerBlock(6, 2, hidden: 5, dropout: 0.2) },
    ]

    private static let models: [Layer] = [
        Layer(tokens: [2, 9]) {
            RecurrentLanguageModel(vocabulary: 5, width: 4, hidden: 6, layers: 2, carriesState: true)
        },
        Layer(tokens: [2, 7]) { GPT(vocabulary: 5, context: 9, width: 6, layers: 2, heads: 2, dropout: 0.3) },
        Layer {
            TabularModel(
                embeddings: [(3, 2), (9, 4)], continuous: 3, outputs: 1, layers: [7, 1], dropout: [0.1, 0.2],
                outputRange: -1...2.5)
        } _: {
            [Tensor([[1, 8], [0, 3]] as [[Int]]), sample([2, 3], dtype: $0)]
        },
    ]
}
