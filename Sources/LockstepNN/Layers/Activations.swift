// SPDX-License-Identifier: Apache-2.0
// Element-wise functions as layers.

public import LockstepTensor

/// `max(x, 0)`. PyTorch: `torch.nn.ReLU`.
///
/// - Shape: any; unchanged.
public final class ReLU: Module, UnaryLayer {
    /// What the layer makes of its input.
    public func callAsFunction(_ x: Tensor) -> Tensor { observed(x.relu()) }
}

extension ReLU: Configurable {
    public static let configuration = Configuration(ReLU.self) { _ in ReLU() }
}

/// `x` where positive, `slope·x` elsewhere. PyTorch: `torch.nn.LeakyReLU`.
///
/// - Shape: any; unchanged.
public final class LeakyReLU: Module, UnaryLayer {
    /// The slope for negative values.
    public let slope: Double
    /// A layer with this slope below 0.
    public init(_ slope: Double = 0.01) {
        self.slope = slope
        super.init()
    }
    public override var describeExtra: String { "\(slope)" }
    /// What the layer makes of its input.
    public func callAsFunction(_ x: Tensor) -> Tensor { observed(x.leakyRelu(slope: slope)) }
}

extension LeakyReLU: Configurable {
    public static let configuration = Configuration(LeakyReLU.self) {
        Field("slope", \.slope, python: "negative_slope")
    } make: {
        LeakyReLU(try $0("slope"))
    }
}

/// `x·Φ(x)` with the normal distribution's Φ. Hendrycks and Gimpel (2016). PyTorch: `torch.nn.GELU`.
///
/// - Shape: any; unchanged.
public final class GELU: Module, UnaryLayer {
    /// What stands for Φ; itself by default.
    public let approximation: GELUApproximation
    /// A layer that takes Φ itself, or what GPT-2 and others take for it: `GELU(.tanh)`.
    public init(_ approximation: GELUApproximation = .none) {
        self.approximation = approximation
        super.init()
    }
    public override var describeExtra: String { approximation == .none ? "" : ".\(approximation)" }
    /// What the layer makes of its input.
    public func callAsFunction(_ x: Tensor) -> Tensor { observed(x.gelu(approximation: approximation)) }
}

extension GELU: Configurable {
    public static let configuration = Configuration(GELU.self) {
        Field("approximation", \.approximation, absent: GELUApproximation.none, python: "approximate")
    } make: {
        GELU(try $0("approximation"))
    }
}

/// `min(max(x, 0), 6)`. PyTorch: `torch.nn.ReLU6`.
///
/// - Shape: any; unchanged.
public final class ReLU6: Module, UnaryLayer {
    /// What the layer makes of its input.
    public func callAsFunction(_ x: Tensor) -> Tensor { observed(x.relu6()) }
}

extension ReLU6: Configurable {
    public static let configuration = Configuration(ReLU6.self) { _ in ReLU6() }
}

/// `relu6(x + 3) / 6`. PyTorch: `torch.nn.Hardsigmoid`.
///
/// - Shape: any; unchanged.
public final class Hardsigmoid: Module, UnaryLayer {
    /// What the layer makes of its input.
    public func callAsFunction(_ x: Tensor) -> Tensor { observed(x.hardsigmoid()) }
}

extension Hardsigmoid: Configurable {
    public static let configuration = Configuration(Hardsigmoid.self) { _ in Hardsigmoid() }
}

/// `x · relu6(x + 3) / 6`. Howard et al., *Searching for MobileNetV3* (2019). PyTorch: `torch.nn.Hardswish`.
///
/// - Shape: any; unchanged.
public final class Hardswish: Module, UnaryLayer {
    /// What the layer makes of its input.
    public func callAsFunction(_ x: Tensor) -> Tensor { observed(x.hardswish()) }
}

extension Hardswish: Configurable {
    public static let configuration = Configuration(Hardswish.self) { _ in Hardswish() }
}

/// `x·σ(x)`, also called swish. PyTorch: `torch.nn.SiLU`.
///
/// - Shape: any; unchanged.
public final class SiLU: Module, UnaryLayer {
    /// What the layer makes of its input.
    public func callAsFunction(_ x: Tensor) -> Tensor { observed(x.silu()) }
}

extension SiLU: Configurable {
    public static let configuration = Configuration(SiLU.self) { _ in SiLU() }
}

/// `1 / (1 + e^(−x))`. PyTorch: `torch.nn.Sigmoid`.
///
/// - Shape: any; unchanged.
public final class Sigmoid: Module, UnaryLayer {
    /// What the layer makes of its input.
    public func callAsFunction(_ x: Tensor) -> Tensor { observed(x.sigmoid()) }
}

extension Sigmoid: Configurable {
    public static let configuration = Configuration(Sigmoid.self) { _ in Sigmoid() }
}

/// The hyperbolic tangent. PyTorch: `torch.nn.Tanh`.
///
/// - Shape: any; unchanged.
public final class Tanh: Module, UnaryLayer {
    /// What the layer makes of its input.
    public func callAsFunction(_ x: Tensor) -> Tensor { observed(x.tanh()) }
}

extension Tanh: Configurable {
    public static let configuration = Configuration(Tanh.self) { _ in Tanh() }
}

/// `log(1 + e^x)`. PyTorch: `torch.nn.Softplus` with β = 1.
///
/// - Shape: any; unchanged.
public final class Softplus: Module, UnaryLayer {
    /// What the layer makes of its input.
    public func callAsFunction(_ x: Tensor) -> Tensor { observed(x.softplus()) }
}

extension Softplus: Configurable {
    public static let configuration = Configuration(Softplus.self) { _ in Softplus() }
}

/// Exponentials that sum to 1 along an axis. PyTorch: `torch.nn.Softmax`.
///
/// Not in front of ``CrossEntropyFlat``, which takes raw scores.
///
/// - Shape: any; unchanged.
public final class Softmax: Module, UnaryLayer {
    /// The axis that sums to 1.
    public let axis: Int
    /// A layer that sums to one along `axis`; negative ones count from the end.
    public init(axis: Int = -1) {
        self.axis = axis
        super.init()
    }
    public override var describeExtra: String { "axis: \(axis)" }
    /// What the layer makes of its input.
    public func callAsFunction(_ x: Tensor) -> Tensor { observed(x.softmax(axis: axis)) }
}

extension Softmax: Configurable {
    public static let configuration = Configuration(Softmax.self) {
        Field("axis", \.axis, python: "dim")
    } make: {
        Softmax(axis: try $0("axis"))
    }
}

/// The logarithm of ``Softmax``, computed stably. PyTorch: `torch.nn.LogSoftmax`.
///
/// - Shape: any; unchanged.
public final class LogSoftmax: Module, UnaryLayer {
    /// The axis whose exponentials sum to 1.
    public let axis: Int
    /// A layer that sums to one along `axis`; negative ones count from the end.
    public init(axis: Int = -1) {
        self.axis = axis
        super.init()
    }
    public override var describeExtra: String { "axis: \(axis)" }
    /// What the layer makes of its input.
    public func callAsFunction(_ x: Tensor) -> Tensor { observed(x.logSoftmax(axis: axis)) }
}

extension LogSoftmax: Configurable {
    public static let configuration = Configuration(LogSoftmax.self) {
        Field("axis", \.axis, python: "dim")
    } make: {
        LogSoftmax(axis: try $0("axis"))
    }
}
