// SPDX-License-Identifier: Apache-2.0
// ConvNeXt: a convolutional network with the proportions of a transformer.

public import LockstepNN
public import LockstepTensor

/// A depthwise 7×7 convolution, layer norm and two linear layers over the channels, beside a shortcut.
///
/// Liu et al., *A ConvNet for the 2020s* (2022), figure 4: `x + dropPath(scale · linear₂(gelu(linear₁(norm(depthwise(x))))))`.
///
/// - Shape: `[N, channels, H, W]`; unchanged.
/// - Note: torchvision: `CNBlock`, with its names: `block.0.weight`, `block.3.weight`, `layer_scale`.
public final class ConvNeXtBlock: Module, UnaryLayer {
    @Parameter private var scale: Tensor
    @Submodule private var depthwise: Conv2d
    @Submodule private var norm: LayerNorm
    @Submodule private var expansion: Linear
    @Submodule private var projection: Linear
    private let dropPath: DropPath
    package let channels: Int

    /// - Parameters:
    ///   - channels: Channels of the image.
    ///   - scale: What the branch is multiplied with at first.
    ///   - dropPath: The probability that an item has only its shortcut, in training.
    public init(
        _ channels: Int, scale: Double = 1e-6, dropPath: Double = 0, file: StaticString = #fileID, line: UInt = #line
    ) {
        self.channels = channels
        _scale = Parameter(wrappedValue: .full([channels, 1, 1], scale), "layer_scale")
        let depthwise = Conv2d(
            channels, channels, kernelSize: 7, padding: 3, groups: channels, file: file, line: line)
        _depthwise = Submodule(wrappedValue: depthwise, "block.0")
        _norm = Submodule(wrappedValue: LayerNorm(channels, epsilon: 1e-6), "block.2")
        _expansion = Submodule(wrappedValue: Linear(channels, 4 * channels, file: file, line: line), "block.3")
        _projection = Submodule(wrappedValue: Linear(4 * channels, channels, file: file, line: line), "block.5")
        self.dropPath = DropPath(dropPath, file: file, line: line)
        super.init()
    }

    public override var describeExtra: String { "\(channels)" }

    /// What the layer makes of its input.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        // Channels lie together in memory: a view puts them last.
        let y = norm(depthwise(x).permuted([0, 2, 3, 1]))
        let branch = projection(expansion(y, then: .gelu)).permuted([0, 3, 1, 2])
        return observed(dropPath(branch * scale) + x)
    }
}

extension ConvNeXtBlock: UnaryOutlining {
    package func outline(of x: Outline, in trial: OutlineTrial) throws(ModelMismatch) -> Outline {
        let y = try trial.output(depthwise, x)
        _ = try trial.made(
            Outline([y[0], y[2], y[3], 4 * channels], kind: .real), by: self, work: 2 * Double(channels))
        return try trial.sum(y, x, self)
    }
}

extension ConvNeXtBlock: Configurable {
    public static let configuration = Configuration(ConvNeXtBlock.self) {
        Field("channels", \.channels, .size, python: "dim")
        Field("dropPath", \.dropPath.p, .within(0...1), python: "stochastic_depth_prob")
    } make: { fields in
        let channels: Int = try fields("channels")
        try fields.claim(channels, 7, 7)
        try fields.claim(8, channels, channels)
        return ConvNeXtBlock(channels, dropPath: try fields("dropPath"))
    }
}

extension FeatureClassifier {
    /// torchvision: `convnext_tiny`.
    static func convNeXtTiny(classes: Int, channels: Int) -> FeatureClassifier {
        let (widths, counts) = ([96, 192, 384, 768], [3, 3, 9, 3])
        var layers: [any UnaryLayer] = [
            Sequential([Conv2d(channels, widths[0], kernelSize: 4, stride: 4), LayerNorm2d(widths[0])])
        ]
        var index = 0
        for (stage, width) in widths.enumerated() {
            if stage > 0 {
                let before = widths[stage - 1]
                layers.append(
                    Sequential([LayerNorm2d(before), Conv2d(before, width, kernelSize: 2, stride: 2)]))
            }
            let blocks = (0..<counts[stage]).map { _ in
                defer { index += 1 }
                return ConvNeXtBlock(width, dropPath: 0.1 * Double(index) / 17)
            }
            layers.append(Sequential(blocks))
        }
        let network = FeatureClassifier(
            features: Sequential(layers),
            classifier: Sequential([LayerNorm2d(768), Flatten(), Linear(768, classes)]), flattens: false)
        let initial = Initializer.normal(standardDeviation: 0.02)
        network.initializeConvolutions { _ in initial }
        network.initializeLinear { _ in initial }
        return network
    }
}
