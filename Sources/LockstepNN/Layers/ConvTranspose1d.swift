// SPDX-License-Identifier: Apache-2.0
// A transposed convolution of sequences.

public import LockstepTensor

/// A transposed one-dimensional convolution: the gradient of a ``Conv1d`` with respect to its input, used to enlarge.
///
/// - Shape: `[N, inputs, L]` → `[N, outputs, L′]`, `L′ = (L − 1)·stride − 2·padding + dilation·(k − 1) + outputPadding + 1`.
/// - Note: PyTorch: `torch.nn.ConvTranspose1d`, with its initialisation: within `±1/√(outputs/groups · kernel)`.
public final class ConvTranspose1d: Module, UnaryLayer {
    /// `[inputs, outputs / groups, k]`.
    @Parameter public var weight: Tensor
    private let _bias: Parameter?
    /// How far the window moves.
    public let stride: Int
    /// What is added around the input.
    public let padding: Int
    /// What is added to the output at its far end.
    public let outputPadding: Int
    /// The distance of the kernel's elements.
    public let dilation: Int
    /// Into how many groups the channels are divided.
    public let groups: Int

    /// - Parameters:
    ///   - inputs: Channels of the input.
    ///   - outputs: Channels of the output.
    ///   - outputPadding: Positions added at the end, where several input sizes have this stride.
    public init(
        _ inputs: Int, _ outputs: Int, kernelSize: Int, stride: Int = 1, padding: Int = 0, outputPadding: Int = 0,
        groups: Int = 1, bias: Bool = true, dilation: Int = 1, file: StaticString = #fileID, line: UInt = #line
    ) {
        checkChannels("ConvTranspose1d", inputs, outputs, groups, file, line)
        let initial = Initializer.withinInverseRoot(of: outputs / groups * kernelSize)
        _weight = Parameter(wrappedValue: initial([inputs, outputs / groups, kernelSize]))
        _bias = bias ? Parameter(wrappedValue: initial([outputs])) : nil
        (self.stride, self.padding, self.outputPadding) = (stride, padding, outputPadding)
        (self.dilation, self.groups) = (dilation, groups)
        super.init()
    }

    /// `[outputs]`; nil without a bias. Assigning keeps the parameter.
    public var bias: Tensor? {
        get { _bias?.wrappedValue }
        set { assign(newValue, to: _bias, "bias") }
    }

    public override var describeExtra: String {
        let s = $weight.value.shape
        return "\(s[0]), \(s[1] * groups), kernelSize: \(s[2])" + option("stride", Pair(stride))
            + option(.zeros(Pair(padding))) + (outputPadding == 0 ? "" : ", outputPadding: \(outputPadding)")
            + (groups == 1 ? "" : ", groups: \(groups)") + (_bias == nil ? ", bias: false" : "")
            + option("dilation", Pair(dilation))
    }

    /// What the layer makes of its input.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        let inputs = $weight.value.shape[0]
        require(x.rank == 3 && x.shape[1] == inputs, "\(label): needs an input [N, \(inputs), L], not \(x.shape)")
        return observed(
            x.convTranspose1d(
                weight, bias: _bias?.wrappedValue, stride: stride, padding: padding, outputPadding: outputPadding,
                dilation: dilation, groups: groups))
    }
}

extension ConvTranspose1d: Configurable {
    public static let configuration = Configuration(ConvTranspose1d.self) {
        Field("inputs", { $0.weight.shape[0] }, .size, python: "in_channels")
        Field("outputs", { $0.weight.shape[1] * $0.groups }, .size, python: "out_channels")
        Field("kernel", { $0.weight.shape[2] }, .size, python: "kernel_size")
        Field("stride", \.stride, .size)
        Field("padding", \.padding, .length)
        Field("outputPadding", \.outputPadding, .length)
        Field("dilation", \.dilation, .size)
        Field("groups", \.groups, .size)
        Field("bias", { $0.bias != nil })
    } make: { fields in
        let (inputs, outputs, groups) = try fields.channels()
        let kernel: Int = try fields("kernel")
        try fields.claim(inputs, outputs / groups, kernel)
        return ConvTranspose1d(
            inputs, outputs, kernelSize: kernel, stride: try fields("stride"), padding: try fields("padding"),
            outputPadding: try fields("outputPadding"), groups: groups, bias: try fields("bias"),
            dilation: try fields("dilation"))
    }
}
