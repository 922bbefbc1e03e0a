// SPDX-License-Identifier: Apache-2.0
// fastai's blocks: a convolution with normalisation and activation, a linear layer with both and dropout.

public import LockstepTensor

/// A convolution, a normalisation and an activation.
///
/// - Shape: `[N, inputs, H, W]` → `[N, outputs, H′, W′]`.
/// - Note: fastai: `ConvLayer`, with its initialisation and its names: `0.weight`, `1.weight`, …
public final class ConvLayer: Module, UnaryLayer {
    /// What normalises a ``ConvLayer``.
    public enum Norm: String, Sendable, Codable, CaseIterable {
        /// The batch; the convolution then has no bias.
        case batch
        /// The batch, with weights that start at 0: at the end of a residual branch.
        case batchZero
        /// Each image; the convolution then has no bias.
        case instance
        /// Nothing.
        case none
    }

    /// The convolution and what follows.
    @Submodule public var layers: Sequential

    /// - Parameters:
    ///   - padding: Half of the kernel when nil, so that the size stays where the kernel is odd and the stride 1; nothing
    ///     when transposed.
    ///   - bias: Whether the convolution has one; where nothing normalises when nil.
    ///   - normFirst: Whether the normalisation comes before the activation.
    ///   - activation: The last layer, or nil for none. It decides how the weights start: `kaimingUniform` before ``ReLU``,
    ///     ``ReLU6``, ``LeakyReLU`` and ``SiLU``, `xavierUniform` before ``Sigmoid`` and ``Tanh``, otherwise the
    ///     convolution's own.
    ///   - transposed: Whether the convolution is a ``ConvTranspose2d``.
    public init(
        _ inputs: Int, _ outputs: Int, kernelSize: Pair = 3, stride: Pair = 1, padding: Pair? = nil, groups: Int = 1,
        bias: Bool? = nil, norm: Norm = .batch, normFirst: Bool = true, activation: (any UnaryLayer)? = ReLU(),
        transposed: Bool = false, file: StaticString = #fileID, line: UInt = #line
    ) {
        let hasBias = bias ?? (norm == .none)
        let initial = ConvLayer.initializer(before: activation)
        let offset = hasBias ? Initializer.normal(standardDeviation: 0.01)([outputs]) : nil
        var layers: [any UnaryLayer] = []
        if transposed {
            let layer = ConvTranspose2d(
                inputs, outputs, kernelSize: kernelSize, stride: stride, padding: padding ?? 0, groups: groups,
                bias: hasBias, file: file, line: line)
            if let offset { layer.bias = offset }
            if let initial { layer.weight = initial(layer.weight.shape) }
            layers.append(layer)
        } else {
            let half = Pair((kernelSize.height - 1) / 2, (kernelSize.width - 1) / 2)
            let layer = Conv2d(
                inputs, outputs, kernelSize: kernelSize, stride: stride, padding: .zeros(padding ?? half),
                groups: groups,
                bias: hasBias, file: file, line: line)
            if let offset { layer.bias = offset }
            if let initial { layer.weight = initial(layer.weight.shape) }
            layers.append(layer)
        }
        var rest: [any UnaryLayer] = []
        switch norm {
        case .batch, .batchZero:
            let layer = BatchNorm2d(outputs).startingAsInFastai()
            if norm == .batchZero { layer.weight = .zeros([outputs]) }
            rest.append(layer)
        case .instance:
            let layer = InstanceNorm2d(outputs, affine: true)
            layer.bias = .full([outputs], 1e-3)
            rest.append(layer)
        case .none: break
        }
        if let activation { rest.append(activation) }
        _layers = Submodule(wrappedValue: Sequential(layers + (normFirst ? rest : rest.reversed())), "")
        super.init()
    }

    /// What fastai's `init_linear` draws weights from whose products an activation gets; nil where it leaves them alone.
    private static func initializer(before activation: (any UnaryLayer)?) -> Initializer? {
        switch activation {
        case is ReLU, is ReLU6, is LeakyReLU, is SiLU: Initializer.kaimingUniform()
        case is Sigmoid, is Tanh: Initializer.xavierUniform()
        default: nil
        }
    }

    private init(parts: [any UnaryLayer]) {
        _layers = Submodule(wrappedValue: Sequential(parts), "")
        super.init()
    }

    /// What the layer makes of its input.
    public func callAsFunction(_ x: Tensor) -> Tensor { observed(layers(x)) }
}

extension ConvLayer: Configurable {
    public static let configuration = Configuration(ConvLayer.self) {
        Field(parts: "layers") { $0.layers.layers }
    } make: {
        ConvLayer(parts: try $0.parts("layers"))
    }
}

/// A normalisation, dropout and a linear layer with its activation.
///
/// - Shape: `[N, inputs]` → `[N, outputs]`.
/// - Note: fastai: `LinBnDrop`, with its names: `0.weight`, `2.weight`, …
public final class LinBnDrop: Module, UnaryLayer {
    /// The layers in order.
    @Submodule public var layers: Sequential

    /// - Parameters:
    ///   - batchNorm: Whether the batch is normalised; the linear layer then has no bias.
    ///   - dropout: The probability of dropping a value; 0 for no layer.
    ///   - activation: Behind the linear layer, or nil for none.
    ///   - linearFirst: Whether the linear layer and its activation come first.
    public init(
        _ inputs: Int, _ outputs: Int, batchNorm: Bool = true, dropout: Double = 0, activation: (any UnaryLayer)? = nil,
        linearFirst: Bool = false, file: StaticString = #fileID, line: UInt = #line
    ) {
        var before: [any UnaryLayer] = []
        if batchNorm {
            let width = linearFirst ? outputs : inputs
            before.append(BatchNorm1d(width, file: file, line: line).startingAsInFastai())
        }
        if dropout != 0 { before.append(Dropout(dropout, file: file, line: line)) }
        var linear: [any UnaryLayer] = [Linear(inputs, outputs, bias: !batchNorm, file: file, line: line)]
        if let activation { linear.append(activation) }
        _layers = Submodule(wrappedValue: Sequential(linearFirst ? linear + before : before + linear), "")
        super.init()
    }

    private init(parts: [any UnaryLayer]) {
        _layers = Submodule(wrappedValue: Sequential(parts), "")
        super.init()
    }

    /// What the layer makes of its input.
    public func callAsFunction(_ x: Tensor) -> Tensor { observed(layers(x)) }
}

extension LinBnDrop: Configurable {
    public static let configuration = Configuration(LinBnDrop.self) {
        Field(parts: "layers") { $0.layers.layers }
    } make: {
        LinBnDrop(parts: try $0.parts("layers"))
    }
}
