// SPDX-License-Identifier: Apache-2.0
// Larger images: interpolated, or channels made into pixels.

public import LockstepTensor

/// An image, or a sequence, `scale` times as large.
///
/// - Shape: `[N, C, H, W]` → `[N, C, H·scale, W·scale]`, rounded down.
/// - Note: PyTorch: `torch.nn.Upsample`.
public final class Upsample: Module, UnaryLayer {
    /// How many times as large.
    public let scale: Double
    /// How positions are made of others.
    public let mode: InterpolationMode
    /// Whether the centres of the outermost positions fall together, instead of their edges.
    public let alignCorners: Bool

    /// - Precondition: `scale` is positive, and `alignCorners` set for lines and cubics only.
    public init(
        _ scale: Double, mode: InterpolationMode = .nearest, alignCorners: Bool = false, file: StaticString = #fileID,
        line: UInt = #line
    ) {
        require(scale > 0 && scale.isFinite, "Upsample: a scale of \(scale)", file: file, line: line)
        require(
            !alignCorners || mode.hasCorners,
            "Upsample: alignCorners is for lines and cubics, not for mode \(mode)", file: file, line: line)
        (self.scale, self.mode, self.alignCorners) = (scale, mode, alignCorners)
        super.init()
    }

    public override var describeExtra: String {
        "\(scale), mode: .\(mode)" + (alignCorners ? ", alignCorners: true" : "")
    }
    /// What the layer makes of its input.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        observed(x.interpolated(scale: scale, mode: mode, alignCorners: alignCorners))
    }
}

extension Upsample: Configurable {
    public static let configuration = Configuration(Upsample.self) {
        Field("scale", \.scale, .within(1e-6...1e6), python: "scale_factor")
        Field("mode", \.mode)
        Field("alignCorners", \.alignCorners)
    } make: { fields in
        let (mode, aligns): (InterpolationMode, Bool) = (try fields("mode"), try fields("alignCorners"))
        try fields.check(!aligns || mode.hasCorners, "alignCorners is for lines and cubics")
        return Upsample(try fields("scale"), mode: mode, alignCorners: aligns)
    }
}

/// Channels made into pixels.
///
/// Shi et al., *Real-Time Single Image and Video Super-Resolution* (2016).
///
/// - Shape: `[N, C·factor², H, W]` → `[N, C, H·factor, W·factor]`.
/// - Note: PyTorch: `torch.nn.PixelShuffle`. Start the convolution before it with ``Initializer/icnr(scale:_:)``.
public final class PixelShuffle: Module, UnaryLayer {
    /// How many times as high and wide.
    public let factor: Int
    /// - Precondition: `factor` is positive.
    public init(_ factor: Int, file: StaticString = #fileID, line: UInt = #line) {
        require(factor > 0, "PixelShuffle(\(factor)): the factor must be positive", file: file, line: line)
        self.factor = factor
        super.init()
    }
    public override var describeExtra: String { "\(factor)" }
    /// What the layer makes of its input.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        require(
            x.rank == 4 && x.shape[1] % (factor * factor) == 0,
            "\(label): needs an input [N, C·\(factor * factor), H, W], not \(x.shape)")
        return observed(x.pixelShuffle(factor))
    }
}

extension PixelShuffle: Configurable {
    public static let configuration = Configuration(PixelShuffle.self) {
        Field(
            "factor", \.factor, Requirement("not from 1 to 4096") { (1...4096).contains($0) }, python: "upscale_factor")
    } make: {
        PixelShuffle(try $0("factor"))
    }
}
