// SPDX-License-Identifier: Apache-2.0
// A convolution of volumes.

public import LockstepTensor

/// A three-dimensional convolution (cross-correlation) with learned kernels.
///
/// - Shape: `[N, inputs, D, H, W]` → `[N, outputs, D′, H′, W′]`, `D′ = (D + 2·padding − dilation·(k − 1) − 1) / stride + 1`.
/// - Note: PyTorch: `torch.nn.Conv3d`, with its initialisation: both evenly within `±1/√(inputs/groups · kernel)`.
public final class Conv3d: Module, UnaryLayer {
    /// `[outputs, inputs / groups, kD, kH, kW]`.
    @Parameter public var weight: Tensor
    private let _bias: Parameter?
    /// How far the window moves, along depth, height and width.
    public let stride: [Int]
    /// Zeros around the volume.
    public let padding: [Int]
    /// The distance of the kernel's elements.
    public let dilation: [Int]
    /// Into how many groups the channels are divided.
    public let groups: Int

    /// - Parameters:
    ///   - inputs: Channels of the input.
    ///   - outputs: Channels of the output.
    ///   - kernelSize: `[3]`, or `[1, 3, 3]` for depth, height and width; so are the sizes that follow.
    /// - Precondition: `groups` divides both channel counts.
    public init(
        _ inputs: Int, _ outputs: Int, kernelSize: [Int], stride: [Int] = [1], padding: [Int] = [0],
        dilation: [Int] = [1], groups: Int = 1, bias: Bool = true, file: StaticString = #fileID, line: UInt = #line
    ) {
        checkChannels("Conv3d", inputs, outputs, groups, file, line)
        func three(_ name: String, _ sizes: [Int]) -> [Int] {
            threeSizes(sizes, "Conv3d(\(inputs), \(outputs)): the \(name)", file: file, line: line)
        }
        let kernel = three("kernel", kernelSize)
        let initial = Initializer.withinInverseRoot(of: kernel.reduce(inputs / groups, *))
        _weight = Parameter(wrappedValue: initial(Shape([outputs, inputs / groups] + kernel)))
        _bias = bias ? Parameter(wrappedValue: initial([outputs])) : nil
        (self.stride, self.padding) = (three("stride", stride), three("padding", padding))
        (self.dilation, self.groups) = (three("dilation", dilation), groups)
        super.init()
    }

    /// `[outputs]`; nil without a bias. Assigning keeps the parameter.
    public var bias: Tensor? {
        get { _bias?.wrappedValue }
        set { assign(newValue, to: _bias, "bias") }
    }

    public override var describeExtra: String {
        let s = $weight.value.shape
        func option(_ name: String, _ sizes: [Int], _ usual: Int) -> String {
            sizes == [usual, usual, usual] ? "" : ", \(name): \(sizes)"
        }
        return "\(s[1] * groups), \(s[0]), kernelSize: \(s.dimensions.dropFirst(2).map(\.self))"
            + option("stride", stride, 1) + option("padding", padding, 0) + option("dilation", dilation, 1)
            + (groups == 1 ? "" : ", groups: \(groups)") + (_bias == nil ? ", bias: false" : "")
    }

    /// What the layer makes of its input.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        let kernel = $weight.value.shape
        require(
            x.rank == 5 && x.shape[1] == kernel[1] * groups,
            "\(label): needs an input [N, \(kernel[1] * groups), D, H, W], not \(x.shape)")
        return observed(
            x.conv3d(
                weight, bias: _bias?.wrappedValue, stride: stride, padding: padding, dilation: dilation, groups: groups)
        )
    }
}

extension Conv3d: Configurable {
    public static let configuration = Configuration(Conv3d.self) {
        Field("inputs", { $0.weight.shape[1] * $0.groups }, .size, python: "in_channels")
        Field("outputs", { $0.weight.shape[0] }, .size, python: "out_channels")
        Field("kernel", { Array($0.weight.shape.dropFirst(2)) }, .three(from: 1), python: "kernel_size")
        Field("stride", \.stride, .three(from: 1))
        Field("padding", \.padding, .three(from: 0))
        Field("dilation", \.dilation, .three(from: 1))
        Field("groups", \.groups, .size)
        Field("bias", { $0.bias != nil })
    } make: { fields in
        let (inputs, outputs, groups) = try fields.channels()
        let kernel: [Int] = try fields("kernel")
        try fields.claim([outputs, inputs / groups] + kernel)
        return Conv3d(
            inputs, outputs, kernelSize: kernel, stride: try fields("stride"), padding: try fields("padding"),
            dilation: try fields("dilation"), groups: groups, bias: try fields("bias"))
    }
}

extension Requirement where Value == [Int] {
    fileprivate static func three(from least: Int) -> Requirement {
        Requirement("not three sizes") { $0.count == 3 && $0.allSatisfy { (least...1 << 24).contains($0) } }
    }
}
