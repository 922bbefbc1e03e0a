// SPDX-License-Identifier: Apache-2.0
// Affine layers side by side, one for each member.

public import LockstepTensor

/// An affine map for each of several members, of which nothing is shared: `yᵢ = xᵢ · weightᵢ + biasᵢ`.
///
/// ```swift
/// LinearEnsemble(20, 3, members: 4)(Tensor.zeros([128, 4, 20])).shape     // [128, 4, 3]
/// ```
///
/// - Shape:
///   - Input: `[N, members, inputs]`.
///   - Output: `[N, members, outputs]`.
/// - Note: `LinearEnsemble` of Python's `tabm`, with its names and initialisation: all evenly within `±1/√inputs`.
public final class LinearEnsemble: Module, UnaryLayer {
    /// `[members, inputs, outputs]`.
    @Parameter public var weight: Tensor
    /// `[members, outputs]`.
    @Parameter public var bias: Tensor

    /// - Parameters:
    ///   - inputs: Size of the last axis of the input.
    ///   - outputs: Size of the last axis of the output.
    ///   - members: How many there are.
    /// - Precondition: `inputs`, `outputs` and `members` are positive.
    public init(
        _ inputs: Int, _ outputs: Int, members: Int, file: StaticString = #fileID, line: UInt = #line
    ) {
        require(
            inputs > 0 && outputs > 0 && members > 0,
            "LinearEnsemble(\(inputs), \(outputs), members: \(members)): sizes must be positive", file: file, line: line
        )
        let within = Initializer.withinInverseRoot(of: inputs)
        _weight = Parameter(wrappedValue: within([members, inputs, outputs]))
        _bias = Parameter(wrappedValue: within([members, outputs]))
        super.init()
    }

    /// Size of the last axis of the input.
    public var inputs: Int { $weight.value.shape[1] }
    /// Size of the last axis of the output.
    public var outputs: Int { $weight.value.shape[2] }
    /// How many members there are.
    public var memberCount: Int { $weight.value.shape[0] }

    public override var describeExtra: String { "\(inputs), \(outputs), members: \(memberCount)" }

    /// What the layer makes of its input.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        require(
            x.rank == 3 && x.shape.fits(members: memberCount, width: inputs),
            "\(label): an input of shape \(x.shape) is not [N, \(memberCount), \(inputs)]")
        return observed(x.transposed(0, 1).matmul(weight).transposed(0, 1) + bias)
    }
}

extension LinearEnsemble: Configurable {
    public static let configuration = Configuration(LinearEnsemble.self) {
        Field("inputs", \.inputs, .size, python: "in_features")
        Field("outputs", \.outputs, .size, python: "out_features")
        Field("members", \.memberCount, .size, python: "n")
    } make: { fields in
        let (inputs, outputs): (Int, Int) = (try fields("inputs"), try fields("outputs"))
        let members: Int = try fields("members")
        try fields.claim(members, inputs, outputs)
        try fields.claim(members, outputs)
        return LinearEnsemble(inputs, outputs, members: members)
    }
}
