// SPDX-License-Identifier: Apache-2.0
// An affine layer of several members that share its weight.

public import LockstepTensor

/// The affine maps of several members: one weight for all of them, and for each a factor of every input, a factor of every
/// output and an offset. Member i gives `yᵢ = ((x ∘ rᵢ) · weightᵀ) ∘ sᵢ + biasᵢ`.
///
/// Wen et al., *BatchEnsemble: An Alternative Approach to Efficient Ensemble and Lifelong Learning* (2020), eq. 5.
///
/// ```swift
/// let layer = LinearBatchEnsemble(20, 30, members: 4, randomSigns: true)
/// layer(Tensor.zeros([128, 20])).shape         // [128, 4, 30]
/// layer(Tensor.zeros([128, 4, 20])).shape      // [128, 4, 30]
/// ```
///
/// - Shape:
///   - Input: `[N, members, inputs]`, or `[N, inputs]`, which every member gets.
///   - Output: `[N, members, outputs]`.
/// - Note: `LinearBatchEnsemble` of Python's `tabm`, with its names and initialisation: the weight evenly within `±1/√inputs`; the
///   offsets, too, and alike for all members.
public final class LinearBatchEnsemble: Module, UnaryLayer {
    /// `[outputs, inputs]`, of all members.
    @Parameter public var weight: Tensor
    /// `[members, inputs]`: each member's factors of the inputs.
    @Parameter public var r: Tensor
    /// `[members, outputs]`: each member's factors of the outputs.
    @Parameter public var s: Tensor
    /// `[members, outputs]`: each member's offsets.
    @Parameter public var bias: Tensor

    /// - Parameters:
    ///   - inputs: Size of the last axis of the input.
    ///   - outputs: Size of the last axis of the output.
    ///   - members: How many there are.
    ///   - randomSigns: Whether ``r`` starts as 1 or −1 at random, which makes the members differ, and not as 1.
    /// - Precondition: `inputs`, `outputs` and `members` are positive.
    public init(
        _ inputs: Int, _ outputs: Int, members: Int, randomSigns: Bool = false, file: StaticString = #fileID,
        line: UInt = #line
    ) {
        require(
            inputs > 0 && outputs > 0 && members > 0,
            "LinearBatchEnsemble(\(inputs), \(outputs), members: \(members)): sizes must be positive", file: file,
            line: line)
        let within = Initializer.withinInverseRoot(of: inputs)
        _weight = Parameter(wrappedValue: within([outputs, inputs]))
        _r = Parameter(wrappedValue: (randomSigns ? Initializer.signs : .ones)([members, inputs]))
        _s = Parameter(wrappedValue: .ones([members, outputs]))
        _bias = Parameter(wrappedValue: within([1, outputs]).repeated([members, 1]))
        super.init()
    }

    /// Size of the last axis of the input.
    public var inputs: Int { $weight.value.shape[1] }
    /// Size of the last axis of the output.
    public var outputs: Int { $weight.value.shape[0] }
    /// How many members there are.
    public var memberCount: Int { $r.value.shape[0] }

    public override var describeExtra: String { "\(inputs), \(outputs), members: \(memberCount)" }

    /// What the layer makes of its input.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        require(
            x.shape.fits(members: memberCount, width: inputs),
            "\(label): an input of shape \(x.shape) is neither [N, \(inputs)] nor [N, \(memberCount), \(inputs)]")
        let own = x.rank == 2 ? x.unsqueezed(axis: 1) : x
        return observed((own * r).linear(weight) * s + bias)
    }
}

extension Shape {
    /// Whether these are items of one row for all members, or of one for each.
    func fits(members: Int, width: Int) -> Bool {
        (rank == 2 || rank == 3 && self[1] == members) && self[rank - 1] == width
    }
}

extension Initializer {
    /// Every value 1 or −1, at random.
    static var signs: Initializer {
        Initializer { .bernoulli($0, probability: 0.5, dtype: .float32, using: &$1) * 2 - 1 }
    }
}

extension LinearBatchEnsemble: Configurable {
    public static let configuration = Configuration(LinearBatchEnsemble.self) {
        Field("inputs", \.inputs, .size, python: "in_features")
        Field("outputs", \.outputs, .size, python: "out_features")
        Field("members", \.memberCount, .size, python: "k")
    } make: { fields in
        let (inputs, outputs): (Int, Int) = (try fields("inputs"), try fields("outputs"))
        let members: Int = try fields("members")
        for sizes in [[outputs, inputs], [members, inputs], [members, outputs], [members, outputs]] {
            try fields.claim(sizes)
        }
        // How the factors start is of no account: the weights come from the file.
        return LinearBatchEnsemble(inputs, outputs, members: members)
    }
}
