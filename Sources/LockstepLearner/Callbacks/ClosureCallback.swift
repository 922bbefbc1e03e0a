// SPDX-License-Identifier: Apache-2.0
// A callback made of closures, for one-offs that deserve no class.

public import LockstepTensor

/// A callback built from closures keyed by event. On several ranks each rank runs its own closures.
///
/// ```swift
/// try learner.on(.afterEpoch, order: 51) { learner in print(learner.finalRecord) }
/// ```
public final class ClosureCallback: Callback {
    /// What is run at an event.
    public typealias Handler = (_ learner: Learner) throws -> Void
    private let handlers: [Event: Handler]
    private let position: Int

    /// A callback that runs `handlers`, at `order` among the others.
    public init(_ handlers: [Event: Handler], order: Int = 0) {
        self.handlers = handlers
        position = order
    }

    public override var order: Int { position }
    public override var name: String { "callback" }

    override var surroundsLevels: Bool { false }
    override var handledEvents: EventSet { handlers.keys.reduce(into: []) { $0.insert(EventSet($1)) } }
    override func handle(_ event: Event, _ learner: Learner) throws { try handlers[event]?(learner) }
}

/// A callback that changes a batch before the model sees it.
///
/// ```swift
/// BeforeBatchCallback { learner, xb, yb in (xb + 1000, yb - 1000) }
/// ```
///
/// `xb` and `yb` are lists of tensors; arithmetic with a number applies to each. What the loader holds does not change.
/// On several ranks each changes its own shard of the batch.
public final class BeforeBatchCallback: Callback {
    private let change: (Learner, [Tensor], [Tensor]) throws -> ([Tensor], [Tensor])

    /// A callback that replaces inputs and targets by what `change` returns.
    public init(_ change: @escaping (_ learner: Learner, _ xb: [Tensor], _ yb: [Tensor]) throws -> ([Tensor], [Tensor]))
    {
        self.change = change
    }

    public override var name: String { "callback" }

    public override func beforeBatch(_ learner: Learner) throws {
        (learner.xb, learner.yb) = try change(learner, learner.xb, learner.yb)
    }
}

extension [Tensor] {
    /// Adds a number to every tensor.
    public static func + (batch: [Tensor], number: Double) -> [Tensor] { batch.map { $0 + number } }
    /// Subtracts a number from every tensor.
    public static func - (batch: [Tensor], number: Double) -> [Tensor] { batch.map { $0 - number } }
    /// Multiplies every tensor by a number.
    public static func * (batch: [Tensor], number: Double) -> [Tensor] { batch.map { $0 * number } }
    /// Divides every tensor by a number.
    public static func / (batch: [Tensor], number: Double) -> [Tensor] { batch.map { $0 / number } }
}
