// SPDX-License-Identifier: Apache-2.0
// Convolutions of images and of sequences.

public import LockstepTensor

/// A two-dimensional convolution (cross-correlation) with learned kernels.
///
/// `y[n, o, i, j] = bias[o] + Σ x[n, c, i·stride + u·dilation − padding, …] · weight[o, c, u, v]`
///
/// ```swift
/// Conv2d(1, 8, kernelSize: 3, padding: 1)(Tensor.zeros([64, 1, 28, 28])).shape    // [64, 8, 28, 28]
/// ```
///
/// - Shape: `[N, inputs, H, W]` → `[N, outputs, H′, W′]`, `H′ = (H + 2·padding − dilation·(k − 1) − 1) / stride + 1`.
/// - Note: PyTorch: `torch.nn.Conv2d`, with its initialisation: both evenly within `±1/√(inputs/groups · kernel)`.
public final class Conv2d: Module, UnaryLayer {
    /// `[outputs, inputs / groups, kH, kW]`.
    @Parameter public var weight: Tensor
    private let _bias: Parameter?
    /// How far the window moves.
    public let stride: Pair
    /// What is added around the input.
    public let padding: Padding
    /// The distance of the kernel's elements.
    public let dilation: Pair
    /// Into how many groups the channels are divided.
    public let groups: Int

    /// - Parameters:
    ///   - inputs: Channels of the input.
    ///   - outputs: Channels of the output.
    ///   - kernelSize: `3`, or `[3, 5]` for height and width.
    ///   - padding: Zeros around the image, or `.same`.
    ///   - groups: Channels are split into this many independent convolutions; `groups: inputs` is depthwise.
    /// - Precondition: `groups` divides both channel counts.
    public init(
        _ inputs: Int, _ outputs: Int, kernelSize: Pair, stride: Pair = 1, padding: Padding = 0, dilation: Pair = 1,
        groups: Int = 1, bias: Bool = true, file: StaticString = #fileID, line: UInt = #line
    ) {
        checkChannels("Conv2d", inputs, outputs, groups, file, line)
        let initial = Initializer.withinInverseRoot(of: inputs / groups * kernelSize.height * kernelSize.width)
        _weight = Parameter(wrappedValue: initial([outputs, inputs / groups, kernelSize.height, kernelSize.width]))
        _bias = bias ? Parameter(wrappedValue: initial([outputs])) : nil
        self.stride = stride
        self.padding = padding
        self.dilation = dilation
        self.groups = groups
        super.init()
    }

    /// `[outputs]`; nil without a bias. Assigning keeps the parameter.
    public var bias: Tensor? {
        get { _bias?.wrappedValue }
        set { assign(newValue, to: _bias, "bias") }
    }

    public override var describeExtra: String {
        let s = $weight.value.shape
        return "\(s[1] * groups), \(s[0]), kernelSize: \(Pair(s[2], s[3]))" + option("stride", stride) + option(padding)
            + option("dilation", dilation) + (groups == 1 ? "" : ", groups: \(groups)")
            + (_bias == nil ? ", bias: false" : "")
    }

    /// What the layer makes of its input.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        let kernel = $weight.value.shape
        require(
            x.rank == 4 && x.shape[1] == kernel[1] * groups,
            "\(label): needs an input [N, \(kernel[1] * groups), H, W], not \(x.shape)")
        return observed(
            x.conv2d(
                weight, bias: _bias?.wrappedValue, stride: stride, padding: padding, dilation: dilation, groups: groups)
        )
    }
}

extension Conv2d: Configurable {
    public static let configuration = Configuration(Conv2d.self) {
        Field("inputs", { $0.weight.shape[1] * $0.groups }, .size, python: "in_channels")
        Field("outputs", { $0.weight.shape[0] }, .size, python: "out_channels")
        Field("kernel", { Pair($0.weight.shape[2], $0.weight.shape[3]) }, .sizes, python: "kernel_size")
        Field("stride", \.stride, .sizes)
        Field("padding", \.padding, .lengths)
        Field("dilation", \.dilation, .sizes)
        Field("groups", \.groups, .size)
        Field("bias", { $0.bias != nil })
    } make: { fields in
        let (inputs, outputs, groups) = try fields.channels()
        let kernel: Pair = try fields("kernel")
        try fields.claim(outputs, inputs / groups, kernel.height, kernel.width)
        return Conv2d(
            inputs, outputs, kernelSize: kernel, stride: try fields("stride"), padding: try fields("padding"),
            dilation: try fields("dilation"), groups: groups, bias: try fields("bias"))
    }
}

/// A one-dimensional convolution (cross-correlation) with learned kernels.
///
/// - Shape: `[N, inputs, L]` → `[N, outputs, L′]`, `L′ = (L + 2·padding − dilation·(k − 1) − 1) / stride + 1`.
/// - Note: PyTorch: `torch.nn.Conv1d`, with its initialisation.
public final class Conv1d: Module, UnaryLayer {
    /// `[outputs, inputs / groups, k]`.
    @Parameter public var weight: Tensor
    private let _bias: Parameter?
    /// How far the window moves.
    public let stride: Int
    /// What is added around the input.
    public let padding: Padding
    /// The distance of the kernel's elements.
    public let dilation: Int
    /// Into how many groups the channels are divided.
    public let groups: Int

    /// - Parameters:
    ///   - inputs: Channels of the input.
    ///   - outputs: Channels of the output.
    ///   - padding: Zeros at both ends, or `.same`.
    ///   - groups: Channels are split into this many independent convolutions.
    public init(
        _ inputs: Int, _ outputs: Int, kernelSize: Int, stride: Int = 1, padding: Padding = 0, dilation: Int = 1,
        groups: Int = 1, bias: Bool = true, file: StaticString = #fileID, line: UInt = #line
    ) {
        checkChannels("Conv1d", inputs, outputs, groups, file, line)
        let initial = Initializer.withinInverseRoot(of: inputs / groups * kernelSize)
        _weight = Parameter(wrappedValue: initial([outputs, inputs / groups, kernelSize]))
        _bias = bias ? Parameter(wrappedValue: initial([outputs])) : nil
        self.stride = stride
        self.padding = padding
        self.dilation = dilation
        self.groups = groups
        super.init()
    }

    /// `[outputs]`; nil without a bias. Assigning keeps the parameter.
    public var bias: Tensor? {
        get { _bias?.wrappedValue }
        set { assign(newValue, to: _bias, "bias") }
    }

    public override var describeExtra: String {
        let s = $weight.value.shape
        return "\(s[1] * groups), \(s[0]), kernelSize: \(s[2])" + option("stride", Pair(stride)) + option(padding)
            + option("dilation", Pair(dilation)) + (groups == 1 ? "" : ", groups: \(groups)")
            + (_bias == nil ? ", bias: false" : "")
    }

    /// What the layer makes of its input.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        let kernel = $weight.value.shape
        require(
            x.rank == 3 && x.shape[1] == kernel[1] * groups,
            "\(label): needs an input [N, \(kernel[1] * groups), L], not \(x.shape)")
        return observed(
            x.conv1d(
                weight, bias: _bias?.wrappedValue, stride: stride, padding: padding, dilation: dilation, groups: groups)
        )
    }
}

extension Conv1d: Configurable {
    public static let configuration = Configuration(Conv1d.self) {
        Field("inputs", { $0.weight.shape[1] * $0.groups }, .size, python: "in_channels")
        Field("outputs", { $0.weight.shape[0] }, .size, python: "out_channels")
        Field("kernel", { $0.weight.shape[2] }, .size, python: "kernel_size")
        Field("stride", \.stride, .size)
        Field("padding", \.padding, .lengths)
        Field("dilation", \.dilation, .size)
        Field("groups", \.groups, .size)
        Field("bias", { $0.bias != nil })
    } make: { fields in
        let (inputs, outputs, groups) = try fields.channels()
        let kernel: Int = try fields("kernel")
        try fields.claim(outputs, inputs / groups, kernel)
        return Conv1d(
            inputs, outputs, kernelSize: kernel, stride: try fields("stride"), padding: try fields("padding"),
            dilation: try fields("dilation"), groups: groups, bias: try fields("bias"))
    }
}

/// A transposed two-dimensional convolution: the gradient of a ``Conv2d`` with respect to its input, used to enlarge.
///
/// - Shape: `[N, inputs, H, W]` → `[N, outputs, H′, W′]`,
///   `H′ = (H − 1)·stride − 2·padding + dilation·(k − 1) + outputPadding + 1`.
/// - Note: PyTorch: `torch.nn.ConvTranspose2d`, with its initialisation: within `±1/√(outputs/groups · kernel)`.
public final class ConvTranspose2d: Module, UnaryLayer {
    /// `[inputs, outputs / groups, kH, kW]`.
    @Parameter public var weight: Tensor
    private let _bias: Parameter?
    /// How far the window moves.
    public let stride: Pair
    /// What is added around the input.
    public let padding: Pair
    /// What is added to the output at its far ends.
    public let outputPadding: Pair
    /// The distance of the kernel's elements.
    public let dilation: Pair
    /// Into how many groups the channels are divided.
    public let groups: Int

    /// - Parameters:
    ///   - inputs: Channels of the input.
    ///   - outputs: Channels of the output.
    ///   - outputPadding: Rows and columns added at the end, where several input sizes have this stride.
    public init(
        _ inputs: Int, _ outputs: Int, kernelSize: Pair, stride: Pair = 1, padding: Pair = 0, outputPadding: Pair = 0,
        groups: Int = 1, bias: Bool = true, dilation: Pair = 1, file: StaticString = #fileID, line: UInt = #line
    ) {
        checkChannels("ConvTranspose2d", inputs, outputs, groups, file, line)
        let initial = Initializer.withinInverseRoot(of: outputs / groups * kernelSize.height * kernelSize.width)
        _weight = Parameter(wrappedValue: initial([inputs, outputs / groups, kernelSize.height, kernelSize.width]))
        _bias = bias ? Parameter(wrappedValue: initial([outputs])) : nil
        self.stride = stride
        self.padding = padding
        self.outputPadding = outputPadding
        self.dilation = dilation
        self.groups = groups
        super.init()
    }

    /// `[outputs]`; nil without a bias. Assigning keeps the parameter.
    public var bias: Tensor? {
        get { _bias?.wrappedValue }
        set { assign(newValue, to: _bias, "bias") }
    }

    public override var describeExtra: String {
        let s = $weight.value.shape
        return "\(s[0]), \(s[1] * groups), kernelSize: \(Pair(s[2], s[3]))" + option("stride", stride)
            + option(.zeros(padding)) + (outputPadding == 0 ? "" : ", outputPadding: \(outputPadding)")
            + (groups == 1 ? "" : ", groups: \(groups)") + (_bias == nil ? ", bias: false" : "")
            + option("dilation", dilation)
    }

    /// What the layer makes of its input.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        let inputs = $weight.value.shape[0]
        require(x.rank == 4 && x.shape[1] == inputs, "\(label): needs an input [N, \(inputs), H, W], not \(x.shape)")
        return observed(
            x.convTranspose2d(
                weight, bias: _bias?.wrappedValue, stride: stride, padding: padding, outputPadding: outputPadding,
                dilation: dilation, groups: groups))
    }
}

extension ConvTranspose2d: Configurable {
    public static let configuration = Configuration(ConvTranspose2d.self) {
        Field("inputs", { $0.weight.shape[0] }, .size, python: "in_channels")
        Field("outputs", { $0.weight.shape[1] * $0.groups }, .size, python: "out_channels")
        Field("kernel", { Pair($0.weight.shape[2], $0.weight.shape[3]) }, .sizes, python: "kernel_size")
        Field("stride", \.stride, .sizes)
        Field("padding", \.padding, .lengths)
        Field("outputPadding", \.outputPadding, .lengths)
        Field("dilation", \.dilation, .sizes)
        Field("groups", \.groups, .size)
        Field("bias", { $0.bias != nil })
    } make: { fields in
        let (inputs, outputs, groups) = try fields.channels()
        let kernel: Pair = try fields("kernel")
        try fields.claim(inputs, outputs / groups, kernel.height, kernel.width)
        return ConvTranspose2d(
            inputs, outputs, kernelSize: kernel, stride: try fields("stride"), padding: try fields("padding"),
            outputPadding: try fields("outputPadding"), groups: groups, bias: try fields("bias"),
            dilation: try fields("dilation"))
    }
}

extension ExportFields {
    /// Channels and groups of a convolution, which must divide them.
    func channels() throws -> (inputs: Int, outputs: Int, groups: Int) {
        let (inputs, outputs, groups): (Int, Int, Int) = (try self("inputs"), try self("outputs"), try self("groups"))
        try check(inputs % groups == 0 && outputs % groups == 0, "groups do not divide the channels")
        return (inputs, outputs, groups)
    }
}

/// Insists on groups that divide the channels.
func checkChannels(
    _ name: String, _ inputs: Int, _ outputs: Int, _ groups: Int, _ file: StaticString, _ line: UInt
) {
    require(
        inputs > 0 && outputs > 0 && groups > 0 && inputs % groups == 0 && outputs % groups == 0,
        "\(name)(\(inputs), \(outputs)): \(groups) groups do not divide the channels", file: file, line: line)
}

/// A size as a description names it; nothing for the usual 1.
func option(_ name: String, _ value: Pair) -> String { value == 1 ? "" : ", \(name): \(value)" }

/// The padding as a description names it; nothing for none.
func option(_ padding: Padding) -> String {
    switch padding {
    case .zeros(0): ""
    case .zeros(let size): ", padding: \(size)"
    case .same: ", padding: .same"
    }
}
