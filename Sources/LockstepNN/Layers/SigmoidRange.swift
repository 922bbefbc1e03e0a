// SPDX-License-Identifier: Apache-2.0
// A sigmoid with bounds of one's own, and gates.

public import LockstepTensor

/// `σ(x)` between two bounds: for regression within a range.
///
/// - Note: fastai: `SigmoidRange`.
public final class SigmoidRange: Module, UnaryLayer {
    /// The bounds.
    public let range: ClosedRange<Double>
    /// A layer with these bounds.
    public init(_ range: ClosedRange<Double>) {
        self.range = range
        super.init()
    }
    public override var describeExtra: String { "\(range)" }
    /// What the layer makes of its input.
    public func callAsFunction(_ x: Tensor) -> Tensor { observed(x.sigmoid(within: range)) }
}

extension Tensor {
    func sigmoid(within range: ClosedRange<Double>) -> Tensor {
        sigmoid() * (range.upperBound - range.lowerBound) + range.lowerBound
    }
}

extension SigmoidRange: Configurable {
    public static let configuration = Configuration(SigmoidRange.self) {
        Field("range", { [$0.range.lowerBound, $0.range.upperBound] })
    } make: { fields in
        let range: [Double] = try fields("range")
        try fields.check(range.count == 2 && range[0] <= range[1], "\(range) is no range")
        return SigmoidRange(range[0]...range[1])
    }
}

/// The first half of an axis times the sigmoid of the second. Dauphin et al. (2017). PyTorch: `torch.nn.GLU`.
///
/// - Shape: `[*, 2·n, *]` → `[*, n, *]`.
public final class GLU: Module, UnaryLayer {
    /// The axis that is halved.
    public let axis: Int
    /// A layer that halves `axis`; negative ones count from the end.
    public init(axis: Int = -1) {
        self.axis = axis
        super.init()
    }
    public override var describeExtra: String { "axis: \(axis)" }
    /// What the layer makes of its input.
    public func callAsFunction(_ x: Tensor) -> Tensor { observed(x.glu(axis: axis)) }
}

extension GLU: Configurable {
    public static let configuration = Configuration(GLU.self) {
        Field("axis", \.axis, python: "dim")
    } make: {
        GLU(axis: try $0("axis"))
    }
}
