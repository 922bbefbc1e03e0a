// SPDX-License-Identifier: Apache-2.0
// The list of layers and models: files find them by it, and what must hold for all of them is tried with its examples.

package import LockstepTensor

/// A layer or model of the package: a value of it, with options other than the usual ones, and what that takes.
///
/// Swift finds no type by itself, so each has a line in ``all``; one that is missing fails `ListedTypesTests` by name.
package struct LayerExample: Sendable {
    /// What a layer takes, in words that tests turn into tensors.
    package enum Inputs: Sendable {
        /// Random numbers.
        case numbers(Shape)
        /// Numbers of words, of which there are five.
        case tokens(Shape)
        /// Numbers of words, of which there are five, a mask under which the last text is the longest, and types.
        case texts(Shape)
        /// Categories of rows, and as many rows of random numbers.
        case table(categories: [[Int]], numbers: Shape)
    }

    /// The type's name.
    package let type: String
    /// What files know it by; nil when they do not hold it.
    package let configuration: Configuration?
    package let inputs: Inputs
    package let make: @Sendable () -> Module

    package init<Layer: Module>(_ inputs: Inputs, _ make: @escaping @Sendable () -> Layer) {
        (type, configuration) = ("\(Layer.self)", Configuration.made(Layer.self))
        (self.inputs, self.make) = (inputs, make)
    }

    package init<Layer: Module>(_ shape: Shape, _ make: @escaping @Sendable () -> Layer) {
        self.init(.numbers(shape), make)
    }

    /// Every layer and model; some with several examples.
    package static let all: [LayerExample] = pointwise + windows + norms + sequences + models

    private static let pointwise: [LayerExample] = [
        Self([5, 3, 7]) { Identity() },
        Self([5, 3, 7]) { ReLU() },
        Self([5, 3, 7]) { LeakyReLU(0.3) },
        Self([5, 3, 7]) { GELU() },
        Self([5, 3, 7]) { GELU(.tanh) },
        Self([5, 3, 7]) { SiLU() },
        Self([5, 3, 7]) { ReLU6() },
        Self([5, 3, 7]) { Hardsigmoid() },
        Self([5, 3, 7]) { Hardswish() },
        Self([5, 3, 7]) { Sigmoid() },
        Self([5, 3, 7]) { Tanh() },
        Self([5, 3, 7]) { Softplus() },
        Self([5, 3, 7]) { Softmax(axis: 1) },
        Self([5, 3, 7]) { LogSoftmax(axis: -2) },
        Self([5, 4, 7]) { GLU(axis: 1) },
        Self([5, 3, 7]) { SigmoidRange(-1...2.5) },
        Self([5, 3, 7]) { Flatten(from: 1, to: 2) },
        Self([5, 3, 7]) { Dropout(0.7) },
        Self([5, 3, 7]) { DropPath(0.3) },
        Self([5, 3]) { Linear(3, 7) },
        Self([5, 1]) { Linear(1, 1, bias: false) },
        Self([5, 3]) { LinearBatchEnsemble(3, 7, members: 4, randomSigns: true) },
        Self([5, 4, 3]) { LinearBatchEnsemble(3, 7, members: 4) },
        Self([5, 4, 3]) { LinearEnsemble(3, 2, members: 4) },
        Self(.tokens([5, 3])) { Embedding(7, 3, paddingIndex: 2) },
        Self([5, 3]) { Apply("double") { $0 * 2 } },
    ]

    private static let windows: [LayerExample] = [
        Self([5, 6, 11]) { Conv1d(6, 9, kernelSize: 3, stride: 2, padding: 1, groups: 3) },
        Self([5, 6, 11, 7]) { Conv2d(6, 9, kernelSize: [3, 5], padding: .same, groups: 3, bias: false) },
        Self([5, 6, 5, 7]) { ConvTranspose2d(6, 9, kernelSize: [2, 3], stride: 2, padding: 1, groups: 3) },
        Self([5, 6, 11]) { ConvTranspose1d(6, 9, kernelSize: 3, stride: 2, padding: 1, outputPadding: 1, groups: 3) },
        Self([5, 6, 4, 5, 3]) {
            Conv3d(
                6, 9, kernelSize: [1, 3, 2], stride: [2, 1, 1], padding: [0, 1, 2], dilation: [1, 2, 1], groups: 3)
        },
        Self([5, 3, 9, 7]) { MaxPool2d([2, 3], stride: 1, padding: [1, 0], ceilMode: true) },
        Self([5, 3, 9, 7]) { AvgPool2d(2, stride: 3, padding: 1, ceilMode: true, countIncludePad: false) },
        Self([5, 3, 5, 5]) { AvgPool2d(3, padding: 1, ceilMode: true) },
        Self([5, 3, 8]) { MaxPool1d(3, stride: 2, padding: 1, ceilMode: true) },
        Self([5, 3, 9]) { AvgPool1d(2, stride: 3, padding: 1, ceilMode: true, countIncludePad: false) },
        Self([5, 3, 9, 7]) { AdaptiveConcatPool2d([2, 3]) },
        Self([5, 3, 9, 7]) { Dropout2d(0.4) },
        Self([5, 3, 4, 3]) { Upsample(1.5, mode: .bilinear, alignCorners: true) },
        Self([5, 3, 4]) { Upsample(2) },
        Self([5, 8, 4, 3]) { PixelShuffle(2) },
        Self([5, 3, 9, 7]) { ConvLayer(3, 6, stride: 2, groups: 3, norm: .batchZero, normFirst: false) },
        Self([5, 3, 4, 3]) {
            ConvLayer(3, 6, kernelSize: 2, stride: 2, norm: .none, activation: GELU(), transposed: true)
        },
        Self([5, 3, 9, 7]) { AdaptiveAvgPool2d([2, 3]) },
        Self([5, 3, 9, 7]) { AdaptiveMaxPool2d(2) },
        Self([5, 3, 9]) { AdaptiveAvgPool1d(4) },
        Self([5, 3, 9]) { AdaptiveMaxPool1d(5) },
    ]

    private static let norms: [LayerExample] = [
        Self([5, 3, 2]) { BatchNorm(3) },
        Self([5, 3]) { BatchNorm1d(3, momentum: nil) },
        Self([5, 3, 2, 7]) { BatchNorm2d(3, affine: false) },
        Self([5, 3, 2, 3, 4]) { BatchNorm3d(3, epsilon: 1e-3) },
        Self([5, 3, 2, 7]) { InstanceNorm2d(3, affine: true, trackRunningStats: true) },
        Self([5, 3, 2]) { BatchNorm(3, bias: false) },
        Self([5, 3, 2, 7]) { InstanceNorm2d(3, affine: true, bias: false) },
        Self([5, 9, 2]) { GroupNorm(3, 9) },
        Self([5, 9, 2]) { GroupNorm(3, 9, bias: false) },
        Self([5, 3, 2, 7]) { LayerNorm2d(3, epsilon: 1e-5, bias: false) },
        Self([5, 3, 7]) { RMSNorm([3, 7], epsilon: 1e-6) },
        Self([5, 3, 7]) { LayerNorm([3, 7]) },
        Self([5, 7]) { LinBnDrop(7, 3, dropout: 0.2, activation: ReLU(), linearFirst: true) },
        Self([5, 3, 7]) { Residual { Linear(7, 7) } },
        Self([5, 3, 7]) {
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

    private static let sequences: [LayerExample] = [
        Self([2, 5, 3]) { LSTM(3, 4, layers: 2, batchFirst: true, carriesState: true) },
        Self([2, 5, 7]) { LSTM(7, 3, bias: false, bidirectional: true) },
        Self([2, 5, 3]) { GRU(3, 4, batchFirst: true, carriesState: true) },
        Self([2, 5, 7]) { GRU(7, 3, layers: 2, bidirectional: true) },
        Self([2, 5, 6]) { MultiheadAttention(6, 2, bias: false, causal: true) },
        Self([2, 5, 6]) { TransformerBlock(6, 2, hidden: 5, dropout: 0.2) },
    ]

    private static let models: [LayerExample] = [
        Self([2, 3, 16, 12]) { SimpleCNN([3, 4, 5], kernelSizes: [3, 1], strides: [2, 1]) },
        Self(.tokens([3, 2])) { EmbeddingDotBias(factors: 4, users: 6, items: 5, range: 0...5.5) },
        Self(.tokens([2, 9])) {
            RecurrentLanguageModel(vocabulary: 5, width: 4, hidden: 6, layers: 2, carriesState: true)
        },
        Self(.tokens([2, 7])) { GPT(vocabulary: 5, context: 9, width: 6, layers: 2, heads: 2, dropout: 0.3) },
        Self(.table(categories: [[1, 8], [0, 3]], numbers: [2, 3])) {
            TabularModel(
                embeddings: [(3, 2), (9, 4)], continuous: 3, outputs: 1, layers: [7, 1], dropout: [0.1, 0.2],
                outputRange: -1...2.5)
        },
        Self(.table(categories: [[1], [2]], numbers: [2, 1])) {
            TabularModel(embeddings: [(3, 2)], continuous: 1, outputs: 1, layers: [4], outputScale: (120, 7.5))
        },
        Self(.table(categories: [[1, 8], [0, 3]], numbers: [2, 3])) {
            TabM(
                embeddings: [(3, 2), (9, 4)], continuous: 3, outputs: 3, averages: .probabilities, layers: [7, 5],
                members: 4, dropout: [0.1, 0], embeddingDropout: 0.2)
        },
        Self(.table(categories: [[1], [2]], numbers: [2, 1])) {
            TabM(
                embeddings: [(3, 2)], continuous: 1, outputs: 1, averages: .numbers, layers: [4], members: 2,
                outputScale: (120, 7.5))
        },
        Self(.table(categories: [[1], [2]], numbers: [2, 1])) {
            TabM(
                embeddings: [(3, 2)], continuous: 1, outputs: 2, averages: .numbers, layers: [4], members: 3,
                outputRange: -1...2.5)
        },
    ]
}

extension Module: SharedPart {}
