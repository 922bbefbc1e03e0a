// SPDX-License-Identifier: Apache-2.0
// Layers one after another.

public import LockstepTensor

/// Applies its layers one after another.
///
/// ```swift
/// let (depth, usesDropout) = (3, true)
/// let model = Sequential {
///     Linear(784, 50); ReLU()
///     for _ in 0..<depth { Residual { Linear(50, 50); ReLU() } }
///     if usesDropout { Dropout(0.1) }
///     Linear(50, 10)
/// }
/// ```
///
/// - Shape: the input is what the first layer takes, the output what the last one gives.
/// - Note: PyTorch: `torch.nn.Sequential`, with its names: `0.weight`, `0.bias`, `3.weight`, …
public final class Sequential: Module, UnaryLayer {
    /// The layers in order. May be changed before an optimizer is made.
    @Submodule("") public var layers: [any UnaryLayer] = []

    /// A model of the layers that the block lists.
    public init(@LayerBuilder _ layers: () -> [any UnaryLayer]) {
        super.init()
        self.layers = layers()
    }

    /// A model of the given layers.
    public init(_ layers: [any UnaryLayer]) {
        super.init()
        self.layers = layers
    }

    /// What the layer makes of its input.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        var (y, index) = (x, 0)
        while index < layers.count {
            if let (output, count) = fused(at: index, y) {
                (y, index) = (output, index + count)
            } else {
                (y, index) = (layers[index](y), index + 1)
            }
        }
        return observed(y)
    }

    /// Number of layers.
    public var count: Int { layers.count }

    /// The layer at `index`; negative indices count from the back.
    public subscript(index: Int, file: StaticString = #fileID, line: UInt = #line) -> any UnaryLayer {
        get { layers[position(index, file, line)] }
        set { layers[position(index, file, line)] = newValue }
    }

    /// The layers in `range`, shared with this model.
    public subscript(range: some RangeExpression<Int>) -> Sequential { Sequential(Array(layers[range])) }

    /// Adds a layer at the end.
    public func append(_ layer: any UnaryLayer) { layers.append(layer) }

    private func position(_ index: Int, _ file: StaticString, _ line: UInt) -> Int {
        let positive = index < 0 ? index + layers.count : index
        require(
            layers.indices.contains(positive), "Sequential: layer \(index) does not exist; there are \(layers.count)",
            file: file, line: line)
        return positive
    }
}

extension Sequential: Configurable {
    public static let configuration = Configuration(Sequential.self) {
        Field(parts: "layers") { $0.layers }
    } make: {
        Sequential(try $0.parts("layers"))
    }
}
