// SPDX-License-Identifier: Apache-2.0
// What residual networks are made of, with torchvision's names.

public import LockstepNN
public import LockstepTensor

/// Two 3×3 convolutions with batch norm beside a shortcut: `relu(bn2(conv2(relu(bn1(conv1(x))))) + shortcut(x))`.
///
/// He et al. (2015), figure 5, left. Where the block changes the shape, the shortcut is a strided 1×1 convolution with batch norm.
///
/// - Shape: `[N, inputs, H, W]` → `[N, planes, ⌈H/stride⌉, ⌈W/stride⌉]`.
/// - Note: torchvision: `torchvision.models.resnet.BasicBlock`, with its names.
public final class BasicBlock: Module, UnaryLayer {
    private let conv1: Conv2d
    private let bn1: BatchNorm2d
    private let conv2: Conv2d
    private let bn2: BatchNorm2d
    private let downsample: Sequential?
    package let (inputs, planes, stride): (Int, Int, Int)

    /// A block from `inputs` to `planes` channels.
    public init(
        _ inputs: Int, _ planes: Int, stride: Int = 1, file: StaticString = #fileID, line: UInt = #line
    ) {
        (self.inputs, self.planes, self.stride) = (inputs, planes, stride)
        func convolution(_ inputs: Int, _ stride: Int) -> Conv2d {
            Conv2d(
                inputs, planes, kernelSize: 3, stride: Pair(stride), padding: 1, bias: false, file: file, line: line)
        }
        (conv1, bn1) = (convolution(inputs, stride), BatchNorm2d(planes))
        (conv2, bn2) = (convolution(planes, 1), BatchNorm2d(planes))
        downsample = projection(inputs, planes, stride)
        super.init()
    }

    public override var describeExtra: String { "\(inputs), \(planes)" + (stride == 1 ? "" : ", stride: \(stride)") }

    /// What the layer makes of its input.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        let y = conv2(bn1(conv1(x), then: .relu))
        return observed(bn2(y, then: .relu, adding: downsample.map { $0(x) } ?? x))
    }

    static func claim(_ inputs: Int, _ planes: Int, in fields: ExportFields) throws {
        try fields.claim(planes, inputs, 3, 3)
        try fields.claim(planes, planes, 3, 3)
    }
}

extension BasicBlock: UnaryOutlining {
    package func outline(of x: Outline, in trial: OutlineTrial) throws(ModelMismatch) -> Outline {
        try trial.sum(trial.chain([conv1, bn1, conv2, bn2], x), trial.chain(downsample.map { [$0] } ?? [], x), self)
    }
}

extension BasicBlock: Configurable {
    public static let configuration = Configuration(BasicBlock.self) {
        Field("inputs", \.inputs, .size, python: "inplanes")
        Field("planes", \.planes, .size)
        Field("stride", \.stride, .size)
    } make: { fields in
        let (inputs, planes): (Int, Int) = (try fields("inputs"), try fields("planes"))
        try claim(inputs, planes, in: fields)
        return BasicBlock(inputs, planes, stride: try fields("stride"))
    }
}

/// A 3×3 convolution between two of 1×1 beside a shortcut, each with batch norm.
///
/// He et al. (2015), figure 5, right; the 3×3 convolution has the stride.
///
/// - Shape: `[N, inputs, H, W]` → `[N, 4 · planes, ⌈H/stride⌉, ⌈W/stride⌉]`.
/// - Note: torchvision: `torchvision.models.resnet.Bottleneck`, with its names.
public final class Bottleneck: Module, UnaryLayer {
    private let conv1: Conv2d
    private let bn1: BatchNorm2d
    private let conv2: Conv2d
    private let bn2: BatchNorm2d
    private let conv3: Conv2d
    private let bn3: BatchNorm2d
    private let downsample: Sequential?
    package let (inputs, planes, stride, groups, groupWidth): (Int, Int, Int, Int, Int)

    /// A block from `inputs` to `4 · planes` channels.
    ///
    /// - Parameters:
    ///   - groups: Groups of the 3×3 convolution.
    ///   - groupWidth: Channels of one group, for 64 planes.
    public init(
        _ inputs: Int, _ planes: Int, stride: Int = 1, groups: Int = 1, groupWidth: Int = 64,
        file: StaticString = #fileID, line: UInt = #line
    ) {
        (self.inputs, self.planes, self.stride, self.groups, self.groupWidth) = (
            inputs, planes, stride, groups, groupWidth
        )
        let (inner, outputs) = (Bottleneck.inner(planes, groups, groupWidth), 4 * planes)
        require(
            inner > 0, "Bottleneck(\(inputs), \(planes)): groups of \(groupWidth) channels leave none", file: file,
            line: line)
        conv1 = Conv2d(inputs, inner, kernelSize: 1, bias: false, file: file, line: line)
        bn1 = BatchNorm2d(inner)
        conv2 = Conv2d(
            inner, inner, kernelSize: 3, stride: Pair(stride), padding: 1, groups: groups, bias: false, file: file,
            line: line)
        bn2 = BatchNorm2d(inner)
        conv3 = Conv2d(inner, outputs, kernelSize: 1, bias: false, file: file, line: line)
        bn3 = BatchNorm2d(outputs)
        downsample = projection(inputs, outputs, stride)
        super.init()
    }

    /// Channels of the 3×3 convolution.
    private static func inner(_ planes: Int, _ groups: Int, _ groupWidth: Int) -> Int {
        Int(Double(planes) * Double(groupWidth) / 64) * groups
    }

    public override var describeExtra: String {
        "\(inputs), \(planes)" + (stride == 1 ? "" : ", stride: \(stride)") + (groups == 1 ? "" : ", groups: \(groups)")
            + (groupWidth == 64 ? "" : ", groupWidth: \(groupWidth)")
    }

    /// What the layer makes of its input.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        let y = conv3(bn2(conv2(bn1(conv1(x), then: .relu)), then: .relu))
        return observed(bn3(y, then: .relu, adding: downsample.map { $0(x) } ?? x))
    }

    static func claim(_ inputs: Int, _ planes: Int, _ groups: Int, _ groupWidth: Int, in fields: ExportFields) throws {
        try fields.check(planes < 1 << 24 && groupWidth < 1 << 24 && groups < 1 << 10, "the sizes are no sizes")
        let inner = inner(planes, groups, groupWidth)
        try fields.check(inner > 0, "groups of \(groupWidth) channels leave none")
        try fields.claim(inner, inputs)
        try fields.claim(inner, inner / groups, 3, 3)
        try fields.claim(4 * planes, inner)
    }
}

extension Bottleneck: UnaryOutlining {
    package func outline(of x: Outline, in trial: OutlineTrial) throws(ModelMismatch) -> Outline {
        try trial.sum(
            trial.chain([conv1, bn1, conv2, bn2, conv3, bn3], x), trial.chain(downsample.map { [$0] } ?? [], x), self)
    }
}

extension Bottleneck: Configurable {
    public static let configuration = Configuration(Bottleneck.self) {
        Field("inputs", \.inputs, .size, python: "inplanes")
        Field("planes", \.planes, .size)
        Field("stride", \.stride, .size)
        Field("groups", \.groups, .size)
        Field("groupWidth", \.groupWidth, .size, python: "base_width")
    } make: { fields in
        let (inputs, planes): (Int, Int) = (try fields("inputs"), try fields("planes"))
        let (groups, groupWidth): (Int, Int) = (try fields("groups"), try fields("groupWidth"))
        try claim(inputs, planes, groups, groupWidth, in: fields)
        return Bottleneck(
            inputs, planes, stride: try fields("stride"), groups: groups, groupWidth: groupWidth)
    }
}

/// A strided 1×1 convolution with batch norm, where a block changes the shape.
private func projection(_ inputs: Int, _ outputs: Int, _ stride: Int) -> Sequential? {
    if stride == 1 && inputs == outputs { return nil }
    return Sequential([
        Conv2d(inputs, outputs, kernelSize: 1, stride: Pair(stride), bias: false), BatchNorm2d(outputs),
    ])
}
