// SPDX-License-Identifier: Apache-2.0
// Pooling layers for images and sequences.

public import LockstepTensor

/// The largest value of each window of an image.
///
/// - Shape: `[N, C, H, W]` → `[N, C, H′, W′]`, `H′ = (H + 2·padding − k) / stride + 1`.
/// - Note: PyTorch: `torch.nn.MaxPool2d`; the stride is the window's size unless given.
public final class MaxPool2d: Module, UnaryLayer {
    public let kernelSize: Pair
    public let stride: Pair
    public let padding: Pair
    public let ceilMode: Bool

    public init(_ kernelSize: Pair, stride: Pair? = nil, padding: Pair = 0, ceilMode: Bool = false) {
        self.kernelSize = kernelSize
        self.stride = stride ?? kernelSize
        self.padding = padding
        self.ceilMode = ceilMode
        super.init()
    }

    public override var describeExtra: String { describeWindow(kernelSize, stride, padding) }
    public func callAsFunction(_ x: Tensor) -> Tensor {
        observed(x.maxPool2d(kernelSize: kernelSize, stride: stride, padding: padding, ceilMode: ceilMode))
    }
}

/// The mean of each window of an image.
///
/// - Shape: `[N, C, H, W]` → `[N, C, H′, W′]`, `H′ = (H + 2·padding − k) / stride + 1`.
/// - Note: PyTorch: `torch.nn.AvgPool2d`; zeros of the padding count unless `countIncludePad` is false.
public final class AvgPool2d: Module, UnaryLayer {
    public let kernelSize: Pair
    public let stride: Pair
    public let padding: Pair
    public let ceilMode: Bool
    public let countIncludePad: Bool

    public init(
        _ kernelSize: Pair, stride: Pair? = nil, padding: Pair = 0, ceilMode: Bool = false, countIncludePad: Bool = true
    ) {
        self.kernelSize = kernelSize
        self.stride = stride ?? kernelSize
        self.padding = padding
        self.ceilMode = ceilMode
        self.countIncludePad = countIncludePad
        super.init()
    }

    public override var describeExtra: String { describeWindow(kernelSize, stride, padding) }
    public func callAsFunction(_ x: Tensor) -> Tensor {
        observed(
            x.avgPool2d(
                kernelSize: kernelSize, stride: stride, padding: padding, ceilMode: ceilMode,
                countIncludePad: countIncludePad))
    }
}

/// The mean of image regions chosen so that the result has the given size.
///
/// - Shape: `[N, C, H, W]` → `[N, C, outputSize…]`.
/// - Note: PyTorch: `torch.nn.AdaptiveAvgPool2d`.
public final class AdaptiveAvgPool2d: Module, UnaryLayer {
    public let outputSize: Pair
    public init(_ outputSize: Pair) {
        self.outputSize = outputSize
        super.init()
    }
    public override var describeExtra: String { "\(outputSize)" }
    public func callAsFunction(_ x: Tensor) -> Tensor { observed(x.adaptiveAvgPool2d(outputSize)) }
}

/// The largest value of image regions chosen so that the result has the given size.
///
/// - Shape: `[N, C, H, W]` → `[N, C, outputSize…]`.
/// - Note: PyTorch: `torch.nn.AdaptiveMaxPool2d`.
public final class AdaptiveMaxPool2d: Module, UnaryLayer {
    public let outputSize: Pair
    public init(_ outputSize: Pair) {
        self.outputSize = outputSize
        super.init()
    }
    public override var describeExtra: String { "\(outputSize)" }
    public func callAsFunction(_ x: Tensor) -> Tensor { observed(x.adaptiveMaxPool2d(outputSize)) }
}

/// The largest value of each window of a sequence.
///
/// - Shape: `[N, C, L]` → `[N, C, L′]`, `L′ = (L + 2·padding − k) / stride + 1`.
/// - Note: PyTorch: `torch.nn.MaxPool1d`.
public final class MaxPool1d: Module, UnaryLayer {
    public let kernelSize: Int
    public let stride: Int
    public let padding: Int
    public init(_ kernelSize: Int, stride: Int? = nil, padding: Int = 0) {
        self.kernelSize = kernelSize
        self.stride = stride ?? kernelSize
        self.padding = padding
        super.init()
    }
    public override var describeExtra: String { describeWindow(Pair(kernelSize), Pair(stride), Pair(padding)) }
    public func callAsFunction(_ x: Tensor) -> Tensor {
        observed(x.maxPool1d(kernelSize: kernelSize, stride: stride, padding: padding))
    }
}

/// The mean of each window of a sequence; zeros of the padding count.
///
/// - Shape: `[N, C, L]` → `[N, C, L′]`, `L′ = (L + 2·padding − k) / stride + 1`.
/// - Note: PyTorch: `torch.nn.AvgPool1d`.
public final class AvgPool1d: Module, UnaryLayer {
    public let kernelSize: Int
    public let stride: Int
    public let padding: Int
    public init(_ kernelSize: Int, stride: Int? = nil, padding: Int = 0) {
        self.kernelSize = kernelSize
        self.stride = stride ?? kernelSize
        self.padding = padding
        super.init()
    }
    public override var describeExtra: String { describeWindow(Pair(kernelSize), Pair(stride), Pair(padding)) }
    public func callAsFunction(_ x: Tensor) -> Tensor {
        observed(x.avgPool1d(kernelSize: kernelSize, stride: stride, padding: padding))
    }
}

/// The mean of stretches of a sequence chosen so that the result has the given length.
///
/// - Shape: `[N, C, L]` → `[N, C, outputSize]`.
/// - Note: PyTorch: `torch.nn.AdaptiveAvgPool1d`.
public final class AdaptiveAvgPool1d: Module, UnaryLayer {
    public let outputSize: Int
    public init(_ outputSize: Int) {
        self.outputSize = outputSize
        super.init()
    }
    public override var describeExtra: String { "\(outputSize)" }
    public func callAsFunction(_ x: Tensor) -> Tensor { observed(x.adaptiveAvgPool1d(outputSize)) }
}

/// The largest value of stretches of a sequence chosen so that the result has the given length.
///
/// - Shape: `[N, C, L]` → `[N, C, outputSize]`.
/// - Note: PyTorch: `torch.nn.AdaptiveMaxPool1d`.
public final class AdaptiveMaxPool1d: Module, UnaryLayer {
    public let outputSize: Int
    public init(_ outputSize: Int) {
        self.outputSize = outputSize
        super.init()
    }
    public override var describeExtra: String { "\(outputSize)" }
    public func callAsFunction(_ x: Tensor) -> Tensor { observed(x.adaptiveMaxPool1d(outputSize)) }
}

private func describeWindow(_ kernelSize: Pair, _ stride: Pair, _ padding: Pair) -> String {
    "\(kernelSize)" + (stride == kernelSize ? "" : ", stride: \(stride)")
        + (padding == 0 ? "" : ", padding: \(padding)")
}
