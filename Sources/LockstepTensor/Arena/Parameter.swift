// SPDX-License-Identifier: Apache-2.0
// A trainable tensor with an identity: gradients and optimizer state hang on it.

/// A trainable value of a model.
///
/// ```swift
/// final class Scale: Module {
///     @Parameter var weight = Tensor.ones([8])
/// }
/// ```
///
/// Reading gives a tensor that records into this parameter while it is trainable. Assigning a tensor of the same shape
/// writes into the same memory, so optimizers and arenas stay attached. Not `Sendable`.
@propertyWrapper
public final class Parameter {
    @exclusivity(unchecked) private var body: TensorBody
    package let leaf = LeafNode("parameter")
    /// The arena it lies in, if any.
    package weak var arena: ParameterArena?
    /// Whether training changes the value. A frozen parameter gets no gradient and is never stepped.
    @exclusivity(unchecked) public var isTrainable = true
    /// A name in saved files that differs from the property's.
    public let savedName: String?

    /// A parameter with a value of its own.
    public init(wrappedValue: Tensor, _ savedName: String? = nil) {
        body = wrappedValue.contiguous().body
        self.savedName = savedName
    }

    /// The value: read, it records into this parameter; assigned, it is copied into its memory.
    public var wrappedValue: Tensor {
        get { Tensor(body, node: isTrainable ? leaf : nil) }
        set {
            arena?.keepValues()
            if newValue.shape == body.shape {
                Tensor.copy(newValue.detached, into: Tensor(body))
            } else {
                body = newValue.contiguous().body
                arena = nil
                leaf.move(to: nil)
                leaf.reset()
            }
        }
    }

    /// The parameter itself: `$weight`.
    public var projectedValue: Parameter { self }

    /// The value, cut from the graph.
    public var value: Tensor { Tensor(body) }

    /// The gradient added up since it was last zeroed, of the value's type; nil when none has arrived.
    public var gradient: Tensor? {
        get { leaf.gradient?.to(body.dtype) }
        set { leaf.gradient = newValue }
    }

    /// Whether the next step changes it: it is trained, and a gradient has arrived.
    package var isDue: Bool { isTrainable && leaf.isTouched }

    /// Moves the value into `memory` (contiguous, same shape and type), keeping it.
    package func move(to memory: Tensor) {
        require(
            memory.shape == body.shape && memory.dtype == body.dtype && memory.isContiguous,
            "Parameter.move: memory of shape \(memory.shape) for a parameter of shape \(body.shape)")
        Tensor.copy(Tensor(body), into: memory)
        body = memory.body
    }

    /// Lends this parameter other memory: its own, and the arena's, stays as it is, whoever reads it.
    /// - Returns: what ``takeBack(_:)`` wants.
    package func lend(_ memory: Tensor) -> Lent {
        let before = Lent(body: body, arena: arena)
        (body, arena) = (memory.body, nil)
        return before
    }

    /// Ends what ``lend(_:)`` began.
    package func takeBack(_ lent: Lent) {
        (body, arena) = (lent.body, lent.arena)
        // Values may have moved in the meantime; a value of another shape has taken the gradient out of the arena.
        if let arena { arena.takeBack(self) } else if leaf.destination != nil { leaf.move(to: nil) }
    }

    /// Where a parameter's value lay.
    package struct Lent {
        fileprivate let body: TensorBody
        fileprivate weak var arena: ParameterArena?
    }

    /// Makes `memory` the value, as it is: for memory that a reduction or another rank has filled.
    package func adopt(_ memory: Tensor) { body = memory.body }
}
