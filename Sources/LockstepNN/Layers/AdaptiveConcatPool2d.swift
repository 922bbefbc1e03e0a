// SPDX-License-Identifier: Apache-2.0
// Largest and mean values of an image side by side: what fastai's heads begin with.

public import LockstepTensor

/// The largest values and, behind them, the means of image regions chosen so that the result has the given size.
///
/// - Shape: `[N, C, H, W]` → `[N, 2·C, outputSize…]`.
/// - Note: fastai: `AdaptiveConcatPool2d`.
public final class AdaptiveConcatPool2d: Module, UnaryLayer {
    /// The size of the output.
    public let outputSize: Pair
    /// A layer with outputs of this size.
    public init(_ outputSize: Pair = 1) {
        self.outputSize = outputSize
        super.init()
    }
    public override var describeExtra: String { "\(outputSize)" }
    /// What the layer makes of its input.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        observed(.concatenated([x.adaptiveMaxPool2d(outputSize), x.adaptiveAvgPool2d(outputSize)], axis: 1))
    }
}

extension AdaptiveConcatPool2d: Configurable {
    public static let configuration = Configuration(AdaptiveConcatPool2d.self) {
        Field("outputSize", \.outputSize, .sizes, python: "size")
    } make: {
        AdaptiveConcatPool2d(try $0("outputSize"))
    }
}
