// SPDX-License-Identifier: Apache-2.0
// The base class of models and layers: mode, forward, and what subclasses say about themselves.

public import LockstepTensor

/// A model, or a part of one.
///
/// Subclass it, declare trainable tensors with `@Parameter`, saved ones with `@Buffer` and parts as ordinary
/// properties (also optional, in arrays or in dictionaries with string keys). Everything is found by reflection, in the
/// order of declaration, superclass first; nothing is registered by hand.
///
/// ```swift
/// final class Regression: Module, UnaryLayer {
///     @Parameter var a = Tensor([1])
///     @Parameter var b = Tensor([0])
///     func callAsFunction(_ x: Tensor) -> Tensor { x * a + b }
/// }
/// ```
///
/// A model of several inputs or outputs overrides ``forward(_:)``; one of a single input conforms to ``UnaryLayer``.
/// Reflection happens when a model is walked (once per fit, per save, per change of mode), never in a training step.
open class Module: CustomStringConvertible {
    /// Whether the module behaves as in training: dropout drops, batch normalisation uses the batch's statistics.
    public private(set) final var isTraining = true

    final var observers = OutputObservers()
    private final var known = KnownConformance()

    /// A module without parts.
    public init() {}

    /// Computes the outputs for a batch's inputs; what a learner calls.
    ///
    /// The default calls a ``UnaryLayer``'s `callAsFunction`.
    /// - Precondition: overridden, or the module is a ``UnaryLayer`` and there is one input.
    open func forward(_ inputs: [Tensor]) -> [Tensor] {
        if known.layer == nil { known.layer = self as? any UnaryLayer }
        guard let layer = known.layer else {
            stop("\(typeName): override forward(_:) or conform to UnaryLayer", file: #fileID, line: #line)
        }
        require(
            inputs.count == 1,
            "\(typeName): a UnaryLayer takes one input, this batch has \(inputs.count): \(inputs.map(\.shape)). Override forward(_:) to take several."
        )
        return [layer(inputs[0])]
    }

    /// What the printed model says in parentheses after the type, such as `784, 10` for a `Linear(784, 10)`.
    ///
    /// The default is empty; then the shapes of the module's own parameters are printed.
    open var describeExtra: String { "" }

    /// Forgets state carried from batch to batch, such as the hidden state of a recurrent layer.
    ///
    /// The default passes the call on to the parts; an override calls `super.reset()`.
    open func reset() {
        for child in children() { child.reset() }
    }

    /// Called on every module when its mode has changed. The default does nothing.
    open func modeDidChange() {}

    /// Puts the module and all its parts into training mode, or into evaluation mode when `isOn` is false.
    public final func train(_ isOn: Bool = true) {
        for module in modules() { module.setOwnMode(isOn) }
    }

    /// Changes the mode of this module and not of its parts.
    final func setOwnMode(_ isOn: Bool) {
        if isTraining == isOn { return }
        isTraining = isOn
        modeDidChange()
    }

    /// Puts the module and all its parts into evaluation mode.
    public final func eval() { train(false) }

    /// The name of the module's type.
    public final var typeName: String { String(describing: type(of: self)) }
}

/// A module as a layer of one input, looked up once: a cast to a protocol costs as much as a small product. In a type of its
/// own, so that walking over the module's parts does not find the module among them.
private struct KnownConformance {
    unowned(unsafe) var layer: (any UnaryLayer)?
}

/// A module of one input and one output: what a ``Sequential`` is made of.
public protocol UnaryLayer: Module {
    /// The layer's output for `x`.
    func callAsFunction(_ x: Tensor) -> Tensor
}
