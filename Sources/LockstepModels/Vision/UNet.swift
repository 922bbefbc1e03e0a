// SPDX-License-Identifier: Apache-2.0
// A U-Net on any network for images: a class, or a number, for every pixel.

public import LockstepNN
public import LockstepTensor

/// The body of a network for images as an encoder, and a decoder that goes back up to the image's size beside it.
///
/// Ronneberger, Fischer and Brox, *U-Net* (2015), as fastai has it: wherever the encoder makes the image smaller, what was there
/// before goes to a ``UNetBlock``.
///
/// ```swift
/// let encoder = Sequential {
///     Conv2d(1, 8, kernelSize: 3, padding: 1); ReLU(); MaxPool2d(2)
///     Conv2d(8, 16, kernelSize: 3, padding: 1); ReLU(); MaxPool2d(2)
/// }
/// let model = UNet(encoder, outputs: 2, channels: 1, imageSize: 24)
/// ```
///
/// - Shape: `[N, channels, H, W]` → `[N, outputs, H, W]`; any size that the encoder takes.
/// - Note: fastai: `DynamicUnet`, with its names `layers.0.…`; it has no self-attention here.
public final class UNet: Module, UnaryLayer {
    /// What makes images smaller: transfer learning freezes it first.
    @Submodule public private(set) var encoder: Sequential
    @Submodule private var bottom: BatchNorm2d
    @Submodule private var middle: Sequential
    private let blocks: [Submodule<UNetBlock>]
    private let enlarging: Submodule<PixelShuffleICNR>?
    private let cross: Submodule<ResBlock>?
    private let last: Submodule<ConvLayer>
    package let plan: UNetPlan
    package let (blurs, lastCross): (Bool, Bool)
    package let norm: ConvLayer.Norm

    /// - Parameters:
    ///   - encoder: Layers whose images get smaller, and nothing behind them: what `createBody` makes.
    ///   - outputs: Channels put out: the number of classes.
    ///   - channels: Channels of the images.
    ///   - imageSize: A size of images that shows where the encoder makes them smaller; others are taken, too.
    ///   - blurs: Whether enlarged images are smoothed.
    ///   - lastCross: Whether the image itself goes to the last layers.
    ///   - norm: What normalises behind the decoder's convolutions.
    /// - Precondition: sizes are positive, and the encoder makes images smaller.
    public convenience init(
        _ encoder: Sequential, outputs: Int, channels: Int = 3, imageSize: Pair = 224, blurs: Bool = false,
        lastCross: Bool = true, norm: ConvLayer.Norm = .none, file: StaticString = #fileID, line: UInt = #line
    ) {
        require(
            outputs > 0 && channels > 0 && imageSize.height > 0 && imageSize.width > 0,
            "UNet: \(outputs) outputs of images [\(channels), \(imageSize.height), \(imageSize.width)]: all must be positive",
            file: file, line: line)
        let plan = UNetPlan(encoder, outputs: outputs, channels: channels, imageSize: imageSize)
        require(!plan.taps.isEmpty, "UNet: the encoder makes no image smaller", file: file, line: line)
        self.init(encoder, plan, blurs: blurs, lastCross: lastCross, norm: norm)
    }

    private init(_ encoder: Sequential, _ plan: UNetPlan, blurs: Bool, lastCross: Bool, norm: ConvLayer.Norm) {
        (self.plan, self.blurs, self.lastCross, self.norm) = (plan, blurs, lastCross, norm)
        let features = plan.features
        let middle = Sequential([
            ConvLayer(features, 2 * features, norm: norm), ConvLayer(2 * features, features, norm: norm),
        ])
        middle.initializeConvolutions { _ in .kaimingNormal() }
        _encoder = Submodule(wrappedValue: encoder, "layers.0")
        _bottom = Submodule(wrappedValue: BatchNorm2d(features).startingAsInFastai(), "layers.1")
        _middle = Submodule(wrappedValue: middle, "layers.3")
        // fastai counts what has no parameters, too: a rectifier, the last resizing, the image's joining.
        var place = 4
        func placed<Layer>(_ layer: Layer, skipping count: Int = 0) -> Submodule<Layer> {
            place += count
            defer { place += 1 }
            return Submodule(wrappedValue: layer, "layers.\(place)")
        }
        blocks = plan.blocks.map {
            placed(UNetBlock(below: $0.below, beside: $0.beside, isFinal: $0.isFinal, blurs: blurs, norm: norm))
        }
        enlarging = plan.enlarges ? placed(PixelShuffleICNR(plan.width, norm: norm)) : nil
        var width = plan.width
        place += 1
        if lastCross {
            width += plan.channels
            let block = ResBlock(width, width, norm: norm)
            block.initializeConvolutions { _ in .kaimingNormal() }
            cross = placed(block, skipping: 1)
        } else {
            cross = nil
        }
        last = placed(ConvLayer(width, plan.outputs, kernelSize: 1, norm: norm, activation: nil))
        super.init()
    }

    /// Everything behind the encoder.
    package var decoder: [Module] {
        [bottom, middle] + blocks.map(\.wrappedValue)
            + [enlarging?.wrappedValue, cross?.wrappedValue].compactMap(\.self)
            + [last.wrappedValue]
    }

    public override var describeExtra: String {
        "\(plan.channels), \(plan.outputs)" + (blurs ? ", blurs: true" : "") + (lastCross ? "" : ", lastCross: false")
            + (norm == .none ? "" : ", norm: .\(norm)")
    }

    /// What the layer makes of its input.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        let (sides, features) = plan.encode(x, by: encoder)
        var y = middle(bottom(features, then: .relu))
        for (block, side) in zip(blocks, sides) { y = block.wrappedValue(y, beside: side) }
        if let enlarging { y = enlarging.wrappedValue(y) }
        y = y.resized(like: x)
        if let cross { y = cross.wrappedValue(.concatenated([y, x], axis: 1)) }
        return observed(last.wrappedValue(y))
    }
}

extension UNet: UnaryOutlining {
    package func outline(of x: Outline, in trial: OutlineTrial) throws(ModelMismatch) -> Outline {
        var (sides, y): ([Outline], Outline) = ([], x)
        for (index, step) in UNetPlan.steps(of: encoder).enumerated() {
            y = try trial.output(step, y)
            if plan.taps.contains(index) { sides.insert(y, at: 0) }
        }
        y = try trial.chain([bottom, middle], y)
        for (block, side) in zip(blocks, sides) {
            y = try block.wrappedValue.outline(of: y, beside: side, in: trial)
        }
        if let enlarging { y = try trial.output(enlarging.wrappedValue, y) }
        guard x.axes != nil, y.axes != nil else { return .unknown }
        y = try trial.made(Outline([x[0], y[1], x[2], x[3]], kind: .real), by: self)
        if let cross {
            try insist(x[1] ?? plan.channels == plan.channels, "\(label): needs images of \(plan.channels) channels")
            let both = Outline([x[0], plan.width + plan.channels, x[2], x[3]], kind: .real)
            y = try trial.output(cross.wrappedValue, trial.made(both, by: self))
        }
        return try trial.output(last.wrappedValue, y)
    }
}

extension UNet: Configurable {
    public static let configuration = Configuration(UNet.self) {
        Field(part: "encoder", \.encoder)
        Field("outputs", \.plan.outputs, .size, python: "n_out")
        Field("channels", \.plan.channels, .size)
        Field("taps", \.plan.taps)
        Field("widths", \.plan.widths)
        Field("features", \.plan.features, .size)
        Field("enlarges", \.plan.enlarges)
        Field("blurs", \.blurs, python: "blur")
        Field("lastCross", \.lastCross, python: "last_cross")
        Field("norm", \.norm, python: "norm_type")
    } make: { fields in
        let encoder: Sequential = try fields.part("encoder")
        let (taps, widths): ([Int], [Int]) = (try fields("taps"), try fields("widths"))
        let (features, outputs, channels): (Int, Int, Int) = (
            try fields("features"), try fields("outputs"), try fields("channels")
        )
        let lastCross: Bool = try fields("lastCross")
        let plan = UNetPlan(
            taps: taps, widths: widths, features: features, enlarges: try fields("enlarges"), outputs: outputs,
            channels: channels)
        try plan.claim(encoder, lastCross: lastCross, in: fields)
        return UNet(encoder, plan, blurs: try fields("blurs"), lastCross: lastCross, norm: try fields("norm"))
    }
}
