// SPDX-License-Identifier: Apache-2.0
// Residual networks for images, with torchvision's names: ResNet, ResNeXt, Wide ResNet.

public import LockstepNN
public import LockstepTensor

/// A residual network for images.
///
/// He et al., *Deep Residual Learning for Image Recognition* (2015); with `groups` ResNeXt (Xie et al., 2016), with a larger
/// `groupWidth` Wide ResNet (Zagoruyko and Komodakis, 2016). The stride of a bottleneck lies in its 3×3 convolution, as in
/// torchvision.
///
/// ```swift
/// let model = ResNet(.basic, layers: [2, 2, 2, 2], classes: 10)       // ResNet-18
/// ```
///
/// - Shape: `[N, channels, H, W]` → `[N, classes]`; any height and width from 1.
/// - Note: torchvision: `torchvision.models.ResNet`, with its names (`conv1`, `layer1.0.conv1`, `fc`, …) and initialisation.
public final class ResNet: Module, UnaryLayer {
    /// What a network is made of.
    public enum Block: String, Codable, Sendable {
        /// Two 3×3 convolutions: ``BasicBlock``.
        case basic
        /// 1×1, 3×3, 1×1: ``Bottleneck``.
        case bottleneck

        /// Channels put out, in units of a block's `planes`.
        var expansion: Int { self == .basic ? 1 : 4 }
    }

    private let conv1: Conv2d
    private let bn1: BatchNorm2d
    private let relu = ReLU()
    private let maxpool = MaxPool2d(3, stride: 2, padding: 1)
    private let layer1, layer2, layer3, layer4: Sequential
    private let avgpool = AdaptiveAvgPool2d(1)
    private let fc: Linear
    package let (block, layers, classes, channels): (Block, [Int], Int, Int)
    package let (width, groups, groupWidth): (Int, Int, Int)

    /// - Parameters:
    ///   - block: What it is made of.
    ///   - layers: Numbers of blocks at the four sizes.
    ///   - classes: Size of the output.
    ///   - channels: Channels of the images.
    ///   - width: Channels behind the first convolution.
    ///   - groups: Groups of the bottlenecks' 3×3 convolutions.
    ///   - groupWidth: Channels of one group there, for blocks of 64 planes.
    /// - Precondition: four numbers of layers, all sizes positive; groups and their width are for bottlenecks.
    public init(
        _ block: Block, layers: [Int], classes: Int = 1000, channels: Int = 3, width: Int = 64, groups: Int = 1,
        groupWidth: Int = 64, file: StaticString = #fileID, line: UInt = #line
    ) {
        require(
            layers.count == 4 && layers.allSatisfy { $0 > 0 } && classes > 0 && channels > 0 && width > 0,
            "ResNet: layers \(layers), \(classes) classes, \(channels) channels, width \(width): four numbers of layers, all positive",
            file: file, line: line)
        require(
            block == .bottleneck || groups == 1 && groupWidth == 64,
            "ResNet: \(groups) groups of width \(groupWidth) are for bottlenecks", file: file, line: line)
        (self.block, self.layers, self.classes, self.channels) = (block, layers, classes, channels)
        (self.width, self.groups, self.groupWidth) = (width, groups, groupWidth)
        conv1 = Conv2d(
            channels, width, kernelSize: 7, stride: 2, padding: 3, bias: false, file: file, line: line)
        bn1 = BatchNorm2d(width)
        var stages: [Sequential] = []
        var inputs = width
        for (index, count) in layers.enumerated() {
            let planes = width << index
            let blocks = (0..<count).map { place -> any UnaryLayer in
                defer { inputs = planes * block.expansion }
                let stride = place == 0 && index > 0 ? 2 : 1
                return block == .basic
                    ? BasicBlock(inputs, planes, stride: stride, file: file, line: line)
                    : Bottleneck(
                        inputs, planes, stride: stride, groups: groups, groupWidth: groupWidth, file: file, line: line)
            }
            stages.append(Sequential(blocks))
        }
        (layer1, layer2, layer3, layer4) = (stages[0], stages[1], stages[2], stages[3])
        fc = Linear(inputs, classes, file: file, line: line)
        super.init()
        initializeConvolutions()
    }

    public override var describeExtra: String { "\(channels), \(classes), layers: \(layers)" }

    /// What the layer makes of its input.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        var y = maxpool(relu.observed(bn1(conv1(x), then: .relu)))
        for stage in [layer1, layer2, layer3, layer4] { y = stage(y) }
        return observed(fc(avgpool(y).flattened(from: 1)))
    }

    /// Everything before the pooling of the last features, in order: fastai's `create_body`.
    package var body: [any UnaryLayer] { [conv1, bn1, relu, maxpool, layer1, layer2, layer3, layer4] }
}

extension ResNet: UnaryOutlining {
    package func outline(of x: Outline, in trial: OutlineTrial) throws(ModelMismatch) -> Outline {
        try trial.chain(body + [avgpool, Flatten(), fc], x)
    }
}

extension ResNet: Configurable {
    public static let configuration = Configuration(ResNet.self) {
        Field("block", \.block)
        Field("layers", \.layers)
        Field("classes", \.classes, .size, python: "num_classes")
        Field("channels", \.channels, .size)
        Field("width", \.width, .size)
        Field("groups", \.groups, .size)
        Field("groupWidth", \.groupWidth, .size, python: "width_per_group")
    } make: { fields in
        let (block, layers): (Block, [Int]) = (try fields("block"), try fields("layers"))
        let (classes, channels, width): (Int, Int, Int) = (
            try fields("classes"), try fields("channels"), try fields("width")
        )
        let (groups, groupWidth): (Int, Int) = (try fields("groups"), try fields("groupWidth"))
        try fields.check(
            layers.count == 4 && layers.allSatisfy { (1...1024).contains($0) }, "\(layers) are not four numbers")
        try fields.check(block == .bottleneck || groups == 1 && groupWidth == 64, "groups are for bottlenecks")
        try fields.check(width < 1 << 24, "a width of \(width) is no width")
        try fields.claim(parts: layers.reduce(0, +), 12)
        try fields.claim(width, channels, 7, 7)
        var inputs = width
        for (index, count) in layers.enumerated() {
            let planes = width << index
            for _ in 0..<count {
                switch block {
                case .basic: try BasicBlock.claim(inputs, planes, in: fields)
                case .bottleneck: try Bottleneck.claim(inputs, planes, groups, groupWidth, in: fields)
                }
                inputs = planes * block.expansion
            }
        }
        try fields.claim(classes, inputs)
        return ResNet(
            block, layers: layers, classes: classes, channels: channels, width: width, groups: groups,
            groupWidth: groupWidth)
    }
}
