// SPDX-License-Identifier: Apache-2.0
// Layers against PyTorch's: names, outputs, gradients of every parameter, running statistics, evaluation mode.

import LockstepChecks
import LockstepNN
import LockstepTensor
import LockstepTesting
import Testing

/// A layer and the case of `layers.safetensors` that it must agree with.
struct LayerCase: Sendable, CustomTestStringConvertible {
    let name: String
    let make: @Sendable () -> any UnaryLayer
    var testDescription: String { name }

    init(_ name: String, _ make: @escaping @Sendable () -> any UnaryLayer) {
        self.name = name
        self.make = make
    }
}

/// The reference has its attention inside another module.
private final class SelfAttention: Module, UnaryLayer {
    let attention: MultiheadAttention
    init(causal: Bool) {
        attention = MultiheadAttention(8, 2, batchFirst: true, causal: causal)
        super.init()
    }
    func callAsFunction(_ x: Tensor) -> Tensor { attention(x) }
}

@Suite("Layers against PyTorch") struct LayerReferenceTests {
    static let cases = [
        LayerCase("Linear") { Linear(4, 3) },
        LayerCase("Linear.unbiased") { Linear(4, 3, bias: false) },
        LayerCase("Conv1d") { Conv1d(3, 4, kernelSize: 3, padding: 1) },
        LayerCase("Conv2d") { Conv2d(3, 4, kernelSize: 3, stride: 2, padding: 1) },
        LayerCase("Conv2d.grouped") { Conv2d(4, 6, kernelSize: 3, groups: 2, bias: false) },
        LayerCase("ConvTranspose2d") { ConvTranspose2d(3, 2, kernelSize: 3, stride: 2, outputPadding: 1) },
        LayerCase("BatchNorm1d") { BatchNorm1d(4) },
        LayerCase("BatchNorm1d.sequence") { BatchNorm1d(4, epsilon: 1e-3, momentum: 0.3) },
        LayerCase("BatchNorm2d") { BatchNorm2d(3) },
        LayerCase("BatchNorm2d.plain") { BatchNorm2d(3, affine: false) },
        LayerCase("BatchNorm2d.cumulative") { BatchNorm2d(3, momentum: nil) },
        LayerCase("BatchNorm3d") { BatchNorm3d(3) },
        LayerCase("LayerNorm") { LayerNorm(5) },
        LayerCase("LayerNorm.2axes") { LayerNorm([3, 5]) },
        LayerCase("BatchNorm2d.unbiased") { BatchNorm2d(3, bias: false) },
        LayerCase("GroupNorm.unbiased") { GroupNorm(3, 6, bias: false) },
        LayerCase("InstanceNorm2d.unbiased") { InstanceNorm2d(3, affine: true, bias: false) },
        LayerCase("LayerNorm.unbiased") { LayerNorm(5, bias: false) },
        LayerCase("LayerNorm2d") { LayerNorm2d(3) },
        LayerCase("RMSNorm") { RMSNorm(5, epsilon: 1e-6) },
        LayerCase("AdaptiveConcatPool2d") { AdaptiveConcatPool2d() },
        LayerCase("AdaptiveConcatPool2d.2") { AdaptiveConcatPool2d([2, 3]) },
        LayerCase("GELU.tanh") { GELU(.tanh) },
        LayerCase("ReLU6") { ReLU6() },
        LayerCase("Hardswish") { Hardswish() },
        LayerCase("Hardsigmoid") { Hardsigmoid() },
        LayerCase("MaxPool1d.ceil") { MaxPool1d(3, stride: 2, padding: 1, ceilMode: true) },
        LayerCase("AvgPool1d.ceil") { AvgPool1d(3, stride: 2, padding: 1, ceilMode: true, countIncludePad: false) },
        LayerCase("MaxPool2d.ceil") { MaxPool2d(3, stride: 2, ceilMode: true) },
        LayerCase("ConvTranspose1d") { ConvTranspose1d(4, 6, kernelSize: 3, stride: 2, outputPadding: 1, groups: 2) },
        LayerCase("Conv3d") {
            Conv3d(4, 6, kernelSize: [1, 3, 2], stride: [2, 1, 1], padding: [0, 1, 0], groups: 2)
        },
        LayerCase("Upsample") { Upsample(1.5, mode: .bilinear) },
        LayerCase("PixelShuffle") { PixelShuffle(2) },
        LayerCase("GLU") { GLU(axis: 1) },
        LayerCase("ConvLayer") { ConvLayer(3, 4, stride: 2) },
        LayerCase("ConvLayer.last") { ConvLayer(3, 4, kernelSize: 1, norm: .none, activation: nil) },
        LayerCase("ConvLayer.transposed") {
            ConvLayer(3, 4, kernelSize: 2, stride: 2, normFirst: false, transposed: true)
        },
        LayerCase("LinBnDrop") { LinBnDrop(5, 3, activation: ReLU()) },
        LayerCase("LinBnDrop.linearFirst") { LinBnDrop(5, 3, activation: ReLU(), linearFirst: true) },
        LayerCase("SimpleCNN") { SimpleCNN([3, 4, 5]) },
        LayerCase("SigmoidRange") { SigmoidRange(-1...2.5) },
        LayerCase("EmbeddingDotBias") { EmbeddingDotBias(factors: 3, users: 6, items: 4, range: 0...5.5) },
        LayerCase("GroupNorm") { GroupNorm(3, 6) },
        LayerCase("InstanceNorm2d") { InstanceNorm2d(3) },
        LayerCase("InstanceNorm2d.affine") { InstanceNorm2d(3, affine: true, trackRunningStats: true) },
        LayerCase("LSTM") { LSTM(3, 4, layers: 2, batchFirst: true) },
        LayerCase("LSTM.bidirectional") { LSTM(3, 4, batchFirst: true, bidirectional: true) },
        LayerCase("GRU") { GRU(3, 4, layers: 2, batchFirst: true) },
        LayerCase("GRU.bidirectional") { GRU(3, 4, batchFirst: true, bidirectional: true) },
        LayerCase("MultiheadAttention") { SelfAttention(causal: false) },
        LayerCase("MultiheadAttention.causal") { SelfAttention(causal: true) },
        LayerCase("Embedding") { Embedding(6, 3) },
        LayerCase("Embedding.padding") { Embedding(6, 3, paddingIndex: 2) },
        LayerCase("LinearBatchEnsemble") { LinearBatchEnsemble(3, 7, members: 4) },
        LayerCase("LinearBatchEnsemble.row") { LinearBatchEnsemble(3, 7, members: 4, randomSigns: true) },
        LayerCase("LinearEnsemble") { LinearEnsemble(3, 2, members: 4) },
        LayerCase("Sequential") {
            Sequential {
                Linear(4, 5); BatchNorm1d(5); ReLU(); Linear(5, 2)
            }
        },
    ]

    @Test("a layer has PyTorch's names, outputs, gradients and statistics", arguments: cases)
    func agrees(_ layerCase: LayerCase) throws {
        let reference = try Reference.load("layers")
        let layer = layerCase.make()
        let state = try reference.tensors(under: "\(layerCase.name)/state").map {
            (name: $0.name, tensor: scalar($0.name, $0.value))
        }
        #expect(layer.stateDictionary().map(\.name).sorted() == state.map(\.name))
        layer.convert(to: .float64)
        try layer.loadStateDictionary(state)

        let input = try reference.tensor("\(layerCase.name)/x")
        let x = input.dtype.isFloatingPoint ? input.to(.float64).requiringGradient() : input
        let y = layer(x)
        let close = { (actual: Tensor, key: String) in
            _ = expectClose(
                actual, try reference.tensor("\(layerCase.name)/\(key)").to(.float64), "\(layerCase.name)/\(key)",
                relative: 2e-6, absolute: 1e-6)
        }
        try close(y.detached, "y")
        y.backward(gradient: try reference.tensor("\(layerCase.name)/dy").to(.float64))
        if input.dtype.isFloatingPoint { try close(try #require(x.gradient), "dx") }
        for (name, parameter) in layer.namedParameters() {
            try close(try #require(parameter.gradient, "no gradient for \(name)"), "grad/\(name)")
        }
        for (name, buffer) in layer.namedBuffers() {
            try close(buffer.value.rank == 0 ? buffer.value.to(.float64).reshaped([1]) : buffer.value, "after/\(name)")
        }
        if reference.contains("\(layerCase.name)/evaluated") {
            layer.eval()
            try close(layer(x).detached, "evaluated")
        }
    }

    /// The reference layers have seen no batch yet.
    private func scalar(_ name: String, _ tensor: Tensor) -> Tensor {
        name.hasSuffix("num_batches_tracked") ? Tensor(0, dtype: .int64) : tensor
    }
}
