// SPDX-License-Identifier: Apache-2.0
// Axes into one.

public import LockstepTensor

/// Makes one axis of several: from the second to the last, unless told otherwise.
///
/// - Shape: `[N, C, H, W]` → `[N, C·H·W]`.
/// - Note: PyTorch: `torch.nn.Flatten`.
public final class Flatten: Module, UnaryLayer {
    /// The first axis to merge.
    public let from: Int
    /// The last axis to merge.
    public let to: Int

    /// A layer that joins the axes from `from` to `to`; negative ones count from the end.
    public init(from: Int = 1, to: Int = -1) {
        self.from = from
        self.to = to
        super.init()
    }

    public override var describeExtra: String { from == 1 && to == -1 ? "" : "from: \(from), to: \(to)" }
    /// What the layer makes of its input.
    public func callAsFunction(_ x: Tensor) -> Tensor { observed(x.flattened(from: from, to: to)) }
}

extension Flatten: Configurable {
    public static let configuration = Configuration(Flatten.self) {
        Field("from", \.from, python: "start_dim")
        Field("to", \.to, python: "end_dim")
    } make: {
        Flatten(from: try $0("from"), to: try $0("to"))
    }
}
