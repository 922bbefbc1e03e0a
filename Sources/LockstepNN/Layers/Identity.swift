// SPDX-License-Identifier: Apache-2.0
// Layers without parameters of their own: identity, a closure as a layer, a shortcut around layers.

public import LockstepTensor

/// Returns its input. PyTorch: `torch.nn.Identity`.
public final class Identity: Module, UnaryLayer {
    /// What the layer makes of its input.
    public func callAsFunction(_ x: Tensor) -> Tensor { observed(x) }
}

extension Identity: Configurable {
    public static let configuration = Configuration(Identity.self) { _ in Identity() }
}

/// A function as a layer: for a reshape or a slice in the middle of a ``Sequential``.
///
/// ```swift
/// Sequential { Apply("as images") { $0.reshaped([-1, 1, 28, 28]) }; Conv2d(1, 8, kernelSize: 3) }
/// ```
///
/// It has no parameters: tensors captured by the closure are neither trained nor saved.
public final class Apply: Module, UnaryLayer {
    package let name: String
    private let body: (Tensor) -> Tensor

    /// - Parameters:
    ///   - name: What the printed model calls the function.
    ///   - body: The function; autograd goes through it.
    public init(_ name: String = "", _ body: @escaping (Tensor) -> Tensor) {
        self.name = name
        self.body = body
        super.init()
    }

    public override var describeExtra: String { name.isEmpty ? "" : "\"\(name)\"" }
    /// What the layer makes of its input.
    public func callAsFunction(_ x: Tensor) -> Tensor { observed(body(x)) }
}

/// Adds its input to what its layers make of it: `y = shortcut(x) + layers(x)`.
///
/// He et al., *Deep Residual Learning for Image Recognition* (2015), eq. 1 and 2.
///
/// - Shape: output as the layers' output; without a shortcut it equals the input's.
public final class Residual: Module, UnaryLayer {
    /// What is added to the shortcut.
    public let layers: Sequential
    /// What the input goes through on its way around; nil for nothing.
    public let shortcut: Sequential?

    /// A layer around the layers of the block, one after the other.
    public init(@LayerBuilder _ layers: () -> [any UnaryLayer]) {
        self.layers = Sequential(layers)
        shortcut = nil
        super.init()
    }

    /// - Parameter shortcut: Layers that give the input the shape of the output, such as a convolution of size 1.
    public init(@LayerBuilder _ layers: () -> [any UnaryLayer], @LayerBuilder shortcut: () -> [any UnaryLayer]) {
        self.layers = Sequential(layers)
        self.shortcut = Sequential(shortcut)
        super.init()
    }

    /// What the layer makes of its input.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        let y = layers(x)
        let around = shortcut.map { $0(x) } ?? x
        require(
            around.shape == y.shape,
            "Residual: the layers turn \(x.shape) into \(y.shape), the shortcut into \(around.shape); both must be equal"
        )
        return observed(around + y)
    }
}

extension Residual: Configurable {
    public static let configuration = Configuration(Residual.self) {
        Field(parts: "layers") { $0.layers.layers }
        Field(parts: "shortcut") { $0.shortcut?.layers }
    } make: { fields in
        let layers: [any UnaryLayer] = try fields.parts("layers")
        guard let shortcut = try fields.partsIfAny("shortcut", as: (any UnaryLayer).self) else {
            return Residual { layers }
        }
        return Residual {
            layers
        } shortcut: {
            shortcut
        }
    }
}
