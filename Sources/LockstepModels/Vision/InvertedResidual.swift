// SPDX-License-Identifier: Apache-2.0
// What mobile networks are made of: a block beside a shortcut, and the weighing of channels.

public import LockstepNN
public import LockstepTensor

/// Layers, with a shortcut around them where they keep the shape: `x + dropPath(layers(x))`.
///
/// Sandler et al., *MobileNetV2* (2018), figure 3: a wide depthwise convolution between two 1×1 ones. The layers say what they are.
///
/// - Shape: what the layers make of their input; the same, with a shortcut.
/// - Note: torchvision: `InvertedResidual` and `MBConv`, whose layers are called `conv` or `block`.
public final class InvertedResidual: Module, UnaryLayer {
    @Submodule private var layers: Sequential
    /// The name of the layers in saved files.
    public let name: String
    /// Whether the input is added to what the layers make of it.
    public let hasShortcut: Bool
    private let dropPath: DropPath

    /// - Parameters:
    ///   - layers: What is beside the shortcut.
    ///   - name: Their name in saved files.
    ///   - hasShortcut: Whether the input is added.
    ///   - dropPath: The probability that an item has only its shortcut, in training.
    public init(
        _ layers: Sequential, name: String = "block", hasShortcut: Bool, dropPath: Double = 0,
        file: StaticString = #fileID, line: UInt = #line
    ) {
        _layers = Submodule(wrappedValue: layers, name)
        (self.name, self.hasShortcut) = (name, hasShortcut)
        self.dropPath = DropPath(dropPath, file: file, line: line)
        super.init()
    }

    /// What the layer makes of its input.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        let y = layers(x)
        return observed(hasShortcut ? dropPath(y) + x : y)
    }
}

extension InvertedResidual: UnaryOutlining {
    package func outline(of x: Outline, in trial: OutlineTrial) throws(ModelMismatch) -> Outline {
        let y = try trial.output(layers, x)
        return hasShortcut ? try trial.sum(y, x, self) : y
    }
}

extension InvertedResidual: Configurable {
    public static let configuration = Configuration(InvertedResidual.self) {
        Field(part: "layers", \.layers)
        Field("name", \.name)
        Field("hasShortcut", \.hasShortcut, python: "use_res_connect")
        Field("dropPath", \.dropPath.p, .within(0...1), python: "stochastic_depth_prob")
    } make: { fields in
        let name: String = try fields("name")
        try fields.check(["block", "conv"].contains(name), "its layers are called “\(name)”")
        return InvertedResidual(
            try fields.part("layers"), name: name, hasShortcut: try fields("hasShortcut"),
            dropPath: try fields("dropPath"))
    }
}

/// Weighs the channels of an image by what all of it shows: `x · scale(fc2(activation(fc1(mean(x)))))`.
///
/// Hu et al., *Squeeze-and-Excitation Networks* (2017).
///
/// - Shape: `[N, inputs, H, W]`; unchanged.
/// - Note: torchvision: `torchvision.ops.SqueezeExcitation`, with its names `fc1` and `fc2`.
public final class SqueezeExcitation: Module, UnaryLayer {
    private let avgpool = AdaptiveAvgPool2d(1)
    private let fc1, fc2: Conv2d
    private let activation: any UnaryLayer
    @Submodule private var scale: any UnaryLayer
    package let (inputs, squeezed): (Int, Int)

    /// - Parameters:
    ///   - inputs: Channels of the image.
    ///   - squeezed: Channels in between.
    ///   - activation: Of those in between.
    ///   - scale: Makes the weights.
    public init(
        _ inputs: Int, _ squeezed: Int, activation: any UnaryLayer = ReLU(), scale: any UnaryLayer = Sigmoid(),
        file: StaticString = #fileID, line: UInt = #line
    ) {
        (self.inputs, self.squeezed, self.activation) = (inputs, squeezed, activation)
        _scale = Submodule(wrappedValue: scale, "scale_activation")
        fc1 = Conv2d(inputs, squeezed, kernelSize: 1, file: file, line: line)
        fc2 = Conv2d(squeezed, inputs, kernelSize: 1, file: file, line: line)
        super.init()
    }

    public override var describeExtra: String { "\(inputs), \(squeezed)" }

    /// What the layer makes of its input.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        observed(x * scale(fc2(activation(fc1(avgpool(x))))))
    }
}

extension SqueezeExcitation: UnaryOutlining {
    package func outline(of x: Outline, in trial: OutlineTrial) throws(ModelMismatch) -> Outline {
        _ = try trial.chain([avgpool, fc1, activation, fc2, scale], x)
        return try trial.made(x.axes == nil ? Outline([nil, inputs, nil, nil], kind: .real) : x.real, by: self)
    }
}

extension SqueezeExcitation: Configurable {
    public static let configuration = Configuration(SqueezeExcitation.self) {
        Field("inputs", \.inputs, .size, python: "input_channels")
        Field("squeezed", \.squeezed, .size, python: "squeeze_channels")
        Field(part: "activation", \.activation)
        Field(part: "scale", \.scale)
    } make: { fields in
        let (inputs, squeezed): (Int, Int) = (try fields("inputs"), try fields("squeezed"))
        try fields.claim(2, inputs, squeezed)
        return SqueezeExcitation(
            inputs, squeezed, activation: try fields.part("activation"), scale: try fields.part("scale"))
    }
}
