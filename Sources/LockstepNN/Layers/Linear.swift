// SPDX-License-Identifier: Apache-2.0
// The affine layer.

public import LockstepTensor

/// Multiplies with a weight and adds an offset: `y = x · weightᵀ + bias`.
///
/// ```swift
/// let y = Linear(20, 30)(Tensor.zeros([128, 20]))
/// y.shape          // [128, 30]
/// ```
///
/// - Shape:
///   - Input: `[*, inputs]`, where `*` is any number of leading axes.
///   - Output: `[*, outputs]`.
/// - Note: PyTorch: `torch.nn.Linear`, with its initialisation: both evenly within `±1/√inputs`.
public final class Linear: Module, UnaryLayer {
    /// `[outputs, inputs]`.
    @Parameter public var weight: Tensor
    private let _bias: Parameter?

    /// - Parameters:
    ///   - inputs: Size of the last axis of the input.
    ///   - outputs: Size of the last axis of the output.
    ///   - bias: Whether to add a learned offset. The default is `true`.
    /// - Precondition: `inputs` and `outputs` are positive.
    public init(
        _ inputs: Int, _ outputs: Int, bias: Bool = true, file: StaticString = #fileID, line: UInt = #line
    ) {
        require(
            inputs > 0 && outputs > 0, "Linear(\(inputs), \(outputs)): sizes must be positive", file: file, line: line)
        _weight = Parameter(wrappedValue: Initializer.withinInverseRoot(of: inputs)([outputs, inputs]))
        _bias = bias ? Parameter(wrappedValue: Initializer.withinInverseRoot(of: inputs)([outputs])) : nil
        super.init()
    }

    /// `[outputs]`; nil without a bias. Assigning keeps the parameter.
    public var bias: Tensor? {
        get { _bias?.wrappedValue }
        set { assign(newValue, to: _bias, "bias") }
    }

    /// Size of the last axis of the input.
    public var inputs: Int { $weight.value.shape[1] }
    /// Size of the last axis of the output.
    public var outputs: Int { $weight.value.shape[0] }

    public override var describeExtra: String { "\(inputs), \(outputs)" + (_bias == nil ? ", bias: false" : "") }

    /// What the layer makes of its input.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        require(
            x.rank > 0 && x.shape[x.rank - 1] == $weight.value.shape[1],
            "\(label): an input of shape \(x.shape) does not end in \(inputs)")
        return observed(x.linear(weight, _bias?.wrappedValue))
    }

    /// `activation(x · weightᵀ + bias + shortcut)` in one pass; step by step when somebody observes this layer, who then
    /// sees the affine map alone.
    ///
    /// - Parameters:
    ///   - activation: Applied last; none by default.
    ///   - shortcut: Of the output's shape: the other branch of a residual connection.
    public func callAsFunction(
        _ x: Tensor, then activation: LinearActivation = .none, adding shortcut: Tensor? = nil
    ) -> Tensor {
        if observers.isEmpty {
            require(
                x.rank > 0 && x.shape[x.rank - 1] == $weight.value.shape[1],
                "\(label): an input of shape \(x.shape) does not end in \(inputs)")
            return x.linear(weight, _bias?.wrappedValue, then: activation, adding: shortcut)
        }
        return activation(shortcut.map { $0 + self(x) } ?? self(x))
    }
}

extension Linear: Configurable {
    public static let configuration = Configuration(Linear.self) {
        Field("inputs", \.inputs, .size, python: "in_features")
        Field("outputs", \.outputs, .size, python: "out_features")
        Field("bias", { $0.bias != nil })
    } make: { fields in
        let (inputs, outputs): (Int, Int) = (try fields("inputs"), try fields("outputs"))
        try fields.claim(outputs, inputs)
        return Linear(inputs, outputs, bias: try fields("bias"))
    }
}

extension Module {
    /// Assigns to a parameter that a layer may have been made without.
    func assign(_ value: Tensor?, to parameter: Parameter?, _ name: String) {
        require(
            (value == nil) == (parameter == nil),
            "\(typeName): \(name) cannot be \(value == nil ? "taken away" : "added") after the layer was made")
        if let value { parameter?.wrappedValue = value }
    }
}
