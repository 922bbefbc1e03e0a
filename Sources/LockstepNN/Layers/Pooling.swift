// SPDX-License-Identifier: Apache-2.0
// Pooling layers for images and sequences.

public import LockstepTensor

/// The largest value of each window of an image.
///
/// - Shape: `[N, C, H, W]` → `[N, C, H′, W′]`, `H′ = (H + 2·padding − k) / stride + 1`.
/// - Note: PyTorch: `torch.nn.MaxPool2d`; the stride is the window's size unless given.
public final class MaxPool2d: Module, UnaryLayer {
    /// The size of the window.
    public let kernelSize: Pair
    /// How far the window moves.
    public let stride: Pair
    /// What is added around the input.
    public let padding: Pair
    /// Whether a window that does not fit counts.
    public let ceilMode: Bool

    /// A layer with these windows; `stride` is the window's size when nil.
    public init(_ kernelSize: Pair, stride: Pair? = nil, padding: Pair = 0, ceilMode: Bool = false) {
        self.kernelSize = kernelSize
        self.stride = stride ?? kernelSize
        self.padding = padding
        self.ceilMode = ceilMode
        super.init()
    }

    public override var describeExtra: String { describeWindow(kernelSize, stride, padding, ceilMode: ceilMode) }
    /// What the layer makes of its input.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        observed(x.maxPool2d(kernelSize: kernelSize, stride: stride, padding: padding, ceilMode: ceilMode))
    }
}

extension MaxPool2d: Configurable {
    public static let configuration = Configuration(MaxPool2d.self) {
        Field("kernel", \.kernelSize, .sizes, python: "kernel_size")
        Field("stride", \.stride, .sizes)
        Field("padding", \.padding, .lengths)
        Field("ceilMode", \.ceilMode)
    } make: {
        MaxPool2d(
            try $0("kernel"), stride: try $0("stride"), padding: try $0("padding"), ceilMode: try $0("ceilMode"))
    }
}

/// The mean of each window of an image.
///
/// - Shape: `[N, C, H, W]` → `[N, C, H′, W′]`, `H′ = (H + 2·padding − k) / stride + 1`.
/// - Note: PyTorch: `torch.nn.AvgPool2d`; zeros of the padding count unless `countIncludePad` is false.
public final class AvgPool2d: Module, UnaryLayer {
    /// The size of the window.
    public let kernelSize: Pair
    /// How far the window moves.
    public let stride: Pair
    /// What is added around the input.
    public let padding: Pair
    /// Whether a window that does not fit counts.
    public let ceilMode: Bool
    /// Whether averages count the padding.
    public let countIncludePad: Bool

    /// A layer with these windows; `stride` is the window's size when nil.
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

    public override var describeExtra: String {
        describeWindow(kernelSize, stride, padding, ceilMode: ceilMode, countIncludePad: countIncludePad)
    }
    /// What the layer makes of its input.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        observed(
            x.avgPool2d(
                kernelSize: kernelSize, stride: stride, padding: padding, ceilMode: ceilMode,
                countIncludePad: countIncludePad))
    }
}

extension AvgPool2d: Configurable {
    public static let configuration = Configuration(AvgPool2d.self) {
        Field("kernel", \.kernelSize, .sizes, python: "kernel_size")
        Field("stride", \.stride, .sizes)
        Field("padding", \.padding, .lengths)
        Field("ceilMode", \.ceilMode)
        Field("countIncludePad", \.countIncludePad)
    } make: {
        AvgPool2d(
            try $0("kernel"), stride: try $0("stride"), padding: try $0("padding"), ceilMode: try $0("ceilMode"),
            countIncludePad: try $0("countIncludePad"))
    }
}

/// The mean of image regions chosen so that the result has the given size.
///
/// - Shape: `[N, C, H, W]` → `[N, C, outputSize…]`.
/// - Note: PyTorch: `torch.nn.AdaptiveAvgPool2d`.
public final class AdaptiveAvgPool2d: Module, UnaryLayer {
    /// The size of the output.
    public let outputSize: Pair
    /// A layer with outputs of this size.
    public init(_ outputSize: Pair) {
        self.outputSize = outputSize
        super.init()
    }
    public override var describeExtra: String { "\(outputSize)" }
    /// What the layer makes of its input.
    public func callAsFunction(_ x: Tensor) -> Tensor { observed(x.adaptiveAvgPool2d(outputSize)) }
}

extension AdaptiveAvgPool2d: Configurable {
    public static let configuration = Configuration(AdaptiveAvgPool2d.self) {
        Field("size", \.outputSize, .sizes, python: "output_size")
    } make: {
        AdaptiveAvgPool2d(try $0("size"))
    }
}

/// The largest value of image regions chosen so that the result has the given size.
///
/// - Shape: `[N, C, H, W]` → `[N, C, outputSize…]`.
/// - Note: PyTorch: `torch.nn.AdaptiveMaxPool2d`.
public final class AdaptiveMaxPool2d: Module, UnaryLayer {
    /// The size of the output.
    public let outputSize: Pair
    /// A layer with outputs of this size.
    public init(_ outputSize: Pair) {
        self.outputSize = outputSize
        super.init()
    }
    public override var describeExtra: String { "\(outputSize)" }
    /// What the layer makes of its input.
    public func callAsFunction(_ x: Tensor) -> Tensor { observed(x.adaptiveMaxPool2d(outputSize)) }
}

extension AdaptiveMaxPool2d: Configurable {
    public static let configuration = Configuration(AdaptiveMaxPool2d.self) {
        Field("size", \.outputSize, .sizes, python: "output_size")
    } make: {
        AdaptiveMaxPool2d(try $0("size"))
    }
}

/// The largest value of each window of a sequence.
///
/// - Shape: `[N, C, L]` → `[N, C, L′]`, `L′ = (L + 2·padding − k) / stride + 1`.
/// - Note: PyTorch: `torch.nn.MaxPool1d`.
public final class MaxPool1d: Module, UnaryLayer {
    /// The size of the window.
    public let kernelSize: Int
    /// How far the window moves.
    public let stride: Int
    /// What is added around the input.
    public let padding: Int
    /// Whether a window that does not fit counts.
    public let ceilMode: Bool
    /// A layer with these windows; `stride` is the window's size when nil.
    public init(_ kernelSize: Int, stride: Int? = nil, padding: Int = 0, ceilMode: Bool = false) {
        self.kernelSize = kernelSize
        self.stride = stride ?? kernelSize
        self.padding = padding
        self.ceilMode = ceilMode
        super.init()
    }
    public override var describeExtra: String {
        describeWindow(Pair(kernelSize), Pair(stride), Pair(padding), ceilMode: ceilMode)
    }
    /// What the layer makes of its input.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        observed(x.maxPool1d(kernelSize: kernelSize, stride: stride, padding: padding, ceilMode: ceilMode))
    }
}

extension MaxPool1d: Configurable {
    public static let configuration = Configuration(MaxPool1d.self) {
        Field("kernel", \.kernelSize, .size, python: "kernel_size")
        Field("stride", \.stride, .size)
        Field("padding", \.padding, .length)
        Field("ceilMode", \.ceilMode, absent: false)
    } make: {
        MaxPool1d(
            try $0("kernel"), stride: try $0("stride"), padding: try $0("padding"), ceilMode: try $0("ceilMode"))
    }
}

/// The mean of each window of a sequence.
///
/// - Shape: `[N, C, L]` → `[N, C, L′]`, `L′ = (L + 2·padding − k) / stride + 1`.
/// - Note: PyTorch: `torch.nn.AvgPool1d`; zeros of the padding count unless `countIncludePad` is false.
public final class AvgPool1d: Module, UnaryLayer {
    /// The size of the window.
    public let kernelSize: Int
    /// How far the window moves.
    public let stride: Int
    /// What is added around the input.
    public let padding: Int
    /// Whether a window that does not fit counts.
    public let ceilMode: Bool
    /// Whether averages count the padding.
    public let countIncludePad: Bool
    /// A layer with these windows; `stride` is the window's size when nil.
    public init(
        _ kernelSize: Int, stride: Int? = nil, padding: Int = 0, ceilMode: Bool = false, countIncludePad: Bool = true
    ) {
        self.kernelSize = kernelSize
        self.stride = stride ?? kernelSize
        self.padding = padding
        self.ceilMode = ceilMode
        self.countIncludePad = countIncludePad
        super.init()
    }
    public override var describeExtra: String {
        describeWindow(
            Pair(kernelSize), Pair(stride), Pair(padding), ceilMode: ceilMode, countIncludePad: countIncludePad)
    }
    /// What the layer makes of its input.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        observed(
            x.avgPool1d(
                kernelSize: kernelSize, stride: stride, padding: padding, ceilMode: ceilMode,
                countIncludePad: countIncludePad))
    }
}

extension AvgPool1d: Configurable {
    public static let configuration = Configuration(AvgPool1d.self) {
        Field("kernel", \.kernelSize, .size, python: "kernel_size")
        Field("stride", \.stride, .size)
        Field("padding", \.padding, .length)
        Field("ceilMode", \.ceilMode, absent: false)
        Field("countIncludePad", \.countIncludePad, absent: true)
    } make: {
        AvgPool1d(
            try $0("kernel"), stride: try $0("stride"), padding: try $0("padding"), ceilMode: try $0("ceilMode"),
            countIncludePad: try $0("countIncludePad"))
    }
}

/// The mean of stretches of a sequence chosen so that the result has the given length.
///
/// - Shape: `[N, C, L]` → `[N, C, outputSize]`.
/// - Note: PyTorch: `torch.nn.AdaptiveAvgPool1d`.
public final class AdaptiveAvgPool1d: Module, UnaryLayer {
    /// The size of the output.
    public let outputSize: Int
    /// A layer with outputs of this size.
    public init(_ outputSize: Int) {
        self.outputSize = outputSize
        super.init()
    }
    public override var describeExtra: String { "\(outputSize)" }
    /// What the layer makes of its input.
    public func callAsFunction(_ x: Tensor) -> Tensor { observed(x.adaptiveAvgPool1d(outputSize)) }
}

extension AdaptiveAvgPool1d: Configurable {
    public static let configuration = Configuration(AdaptiveAvgPool1d.self) {
        Field("size", \.outputSize, .size, python: "output_size")
    } make: {
        AdaptiveAvgPool1d(try $0("size"))
    }
}

/// The largest value of stretches of a sequence chosen so that the result has the given length.
///
/// - Shape: `[N, C, L]` → `[N, C, outputSize]`.
/// - Note: PyTorch: `torch.nn.AdaptiveMaxPool1d`.
public final class AdaptiveMaxPool1d: Module, UnaryLayer {
    /// The size of the output.
    public let outputSize: Int
    /// A layer with outputs of this size.
    public init(_ outputSize: Int) {
        self.outputSize = outputSize
        super.init()
    }
    public override var describeExtra: String { "\(outputSize)" }
    /// What the layer makes of its input.
    public func callAsFunction(_ x: Tensor) -> Tensor { observed(x.adaptiveMaxPool1d(outputSize)) }
}

extension AdaptiveMaxPool1d: Configurable {
    public static let configuration = Configuration(AdaptiveMaxPool1d.self) {
        Field("size", \.outputSize, .size, python: "output_size")
    } make: {
        AdaptiveMaxPool1d(try $0("size"))
    }
}

private func describeWindow(
    _ kernelSize: Pair, _ stride: Pair, _ padding: Pair, ceilMode: Bool, countIncludePad: Bool = true
) -> String {
    "\(kernelSize)" + (stride == kernelSize ? "" : ", stride: \(stride)")
        + (padding == 0 ? "" : ", padding: \(padding)") + (ceilMode ? ", ceilMode: true" : "")
        + (countIncludePad ? "" : ", countIncludePad: false")
}
