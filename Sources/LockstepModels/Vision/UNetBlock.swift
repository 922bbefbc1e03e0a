// SPDX-License-Identifier: Apache-2.0
// One step up of a U-Net: what comes from below, made twice as large, beside what the encoder had at that size.

public import LockstepNN
public import LockstepTensor

/// A 1×1 convolution and a rearrangement of its channels that make an image twice as large, without patterns at the start.
///
/// Shi et al. (2016); Aitken et al., *Checkerboard Artifact Free Sub-Pixel Convolution* (2017).
///
/// - Shape: `[N, inputs, H, W]` → `[N, outputs, 2H, 2W]`.
/// - Note: fastai: `PixelShuffle_ICNR`, with its names.
public final class PixelShuffleICNR: Module, UnaryLayer {
    @Submodule("") private var layers: [any UnaryLayer] = []
    package let (inputs, outputs, blurs): (Int, Int, Bool)
    package let norm: ConvLayer.Norm

    /// - Parameters:
    ///   - outputs: Channels put out; as many as the inputs when nil.
    ///   - blurs: Whether each position is the mean of itself and those above and to the left.
    ///   - norm: What normalises behind the convolution.
    public init(
        _ inputs: Int, _ outputs: Int? = nil, blurs: Bool = false, norm: ConvLayer.Norm = .none,
        file: StaticString = #fileID, line: UInt = #line
    ) {
        (self.inputs, self.outputs, self.blurs, self.norm) = (inputs, outputs ?? inputs, blurs, norm)
        super.init()
        let wide = ConvLayer(inputs, 4 * self.outputs, kernelSize: 1, norm: norm, file: file, line: line)
        if let convolution = wide.layers[0] as? Conv2d {
            convolution.weight = Initializer.icnr()(convolution.weight.shape)
            if convolution.bias != nil { convolution.bias = .zeros([4 * self.outputs]) }
        }
        layers = [wide, PixelShuffle(2)]
    }

    public override var describeExtra: String {
        "\(inputs), \(outputs)" + (blurs ? ", blurs: true" : "") + (norm == .none ? "" : ", norm: .\(norm)")
    }

    /// What the layer makes of its input.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        var y = layers[1](layers[0](x))
        if blurs {
            y = y.padded([(1, 0), (1, 0)], mode: .replicate).avgPool2d(kernelSize: 2, stride: 1)
        }
        return observed(y)
    }
}

extension PixelShuffleICNR: UnaryOutlining {
    package func outline(of x: Outline, in trial: OutlineTrial) throws(ModelMismatch) -> Outline {
        try trial.made(trial.chain(layers, x), by: self, work: blurs ? 8 : 1)
    }
}

extension PixelShuffleICNR: Configurable {
    public static let configuration = Configuration(PixelShuffleICNR.self) {
        Field("inputs", \.inputs, .size, python: "ni")
        Field("outputs", \.outputs, .size, python: "nf")
        Field("blurs", \.blurs, python: "blur")
        Field("norm", \.norm, python: "norm_type")
    } make: { fields in
        let (inputs, outputs): (Int, Int) = (try fields("inputs"), try fields("outputs"))
        try fields.check(outputs < 1 << 24, "\(outputs) outputs")
        try fields.claim(4 * outputs, inputs)
        return PixelShuffleICNR(inputs, outputs, blurs: try fields("blurs"), norm: try fields("norm"))
    }
}

/// What comes from below made twice as large, beside what the encoder had at that size, and two convolutions over both.
///
/// Ronneberger, Fischer and Brox, *U-Net* (2015), as fastai has it.
///
/// - Shape: `[N, below, H, W]` and `[N, beside, H′, W′]` → `[N, outputs, H′, W′]`.
/// - Note: fastai: `UnetBlock`, with its names `shuf`, `bn`, `conv1`, `conv2`.
public final class UNetBlock: Module {
    private let shuf: PixelShuffleICNR
    private let bn: BatchNorm2d
    private let conv1, conv2: ConvLayer
    package let (below, beside, isFinal, blurs): (Int, Int, Bool, Bool)
    package let norm: ConvLayer.Norm

    /// - Parameters:
    ///   - below: Channels of what is made larger.
    ///   - beside: Channels of what the encoder had.
    ///   - isFinal: Whether it is the last step, which has half of the channels.
    ///   - blurs: Whether the enlarged image is smoothed.
    ///   - norm: What normalises behind the convolutions.
    public init(
        below: Int, beside: Int, isFinal: Bool = false, blurs: Bool = false, norm: ConvLayer.Norm = .none,
        file: StaticString = #fileID, line: UInt = #line
    ) {
        require(
            below > 1 && beside > 0, "UNetBlock: \(below) channels from below, \(beside) beside", file: file, line: line
        )
        (self.below, self.beside, self.isFinal, self.blurs, self.norm) = (below, beside, isFinal, blurs, norm)
        shuf = PixelShuffleICNR(below, below / 2, blurs: blurs, norm: norm, file: file, line: line)
        bn = BatchNorm2d(beside).startingAsInFastai()
        let (inputs, outputs) = (below / 2 + beside, UNetBlock.outputs(below, beside, isFinal))
        conv1 = ConvLayer(inputs, outputs, norm: norm, file: file, line: line)
        conv2 = ConvLayer(outputs, outputs, norm: norm, file: file, line: line)
        super.init()
        for layer in [conv1, conv2] { layer.initializeConvolutions { _ in .kaimingNormal() } }
    }

    /// Channels put out.
    public var outputs: Int { UNetBlock.outputs(below, beside, isFinal) }

    static func outputs(_ below: Int, _ beside: Int, _ isFinal: Bool) -> Int {
        isFinal ? (below / 2 + beside) / 2 : below / 2 + beside
    }

    public override var describeExtra: String {
        "below: \(below), beside: \(beside)" + (isFinal ? ", isFinal: true" : "") + (blurs ? ", blurs: true" : "")
            + (norm == .none ? "" : ", norm: .\(norm)")
    }

    /// What the layer makes of what comes from below and what lies beside.
    public func callAsFunction(_ x: Tensor, beside y: Tensor) -> Tensor {
        let larger = shuf(x).resized(like: y)
        return observed(conv2(conv1(Tensor.concatenated([larger, bn(y)], axis: 1).relu())))
    }

    public override func forward(_ inputs: [Tensor]) -> [Tensor] {
        require(inputs.count == 2, "\(label): takes two inputs, not \(inputs.count)")
        return [self(inputs[0], beside: inputs[1])]
    }

    /// What it would put out.
    func outline(of x: Outline, beside side: Outline, in trial: OutlineTrial) throws(ModelMismatch) -> Outline {
        let (larger, kept) = (try trial.chain([shuf], x), try trial.chain([bn], side))
        guard larger.axes != nil, kept.axes != nil else { return .unknown }
        let both = Outline([x[0], below / 2 + beside, kept[2], kept[3]], kind: .real)
        return try trial.chain([conv1, conv2], trial.made(both, by: self))
    }

    static func claim(
        _ below: Int, _ beside: Int, _ isFinal: Bool, in fields: ExportFields
    ) throws {
        try fields.check(below > 1 && max(below, beside) < 1 << 20, "\(below) channels from below, \(beside) beside")
        let (inputs, outputs) = (below / 2 + beside, outputs(below, beside, isFinal))
        try fields.check(outputs > 0, "\(inputs) channels have no half")
        try fields.claim(4 * (below / 2), below)
        try fields.claim(outputs, inputs, 3, 3)
        try fields.claim(outputs, outputs, 3, 3)
    }
}

extension Tensor {
    /// The image, of the height and width of `other`: what lies nearest where they differ.
    func resized(like other: Tensor) -> Tensor {
        let size = [other.shape[2], other.shape[3]]
        return size == [shape[2], shape[3]] ? self : interpolated(to: size, mode: .nearest)
    }
}
