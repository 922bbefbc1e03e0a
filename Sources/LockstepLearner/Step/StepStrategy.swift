// SPDX-License-Identifier: Apache-2.0
// Who makes gradients those of the whole batch, and who updates.

public import LockstepOptim

/// The end of a training step: how the gradients of a batch become whole, and who updates the parameters with them.
///
/// ```
/// before_step   reduce     gradients become those of the whole batch, for the callbacks that look at them
/// step          update     every parameter is updated when this returns, whoever did it
/// ```
/// A learner has ``LocalStep`` unless a callback sets ``Learner/stepStrategy``; the callback then calls ``reduce(_:_:for:)`` in its
/// `before_step`, the learner ``update(_:)``.
public protocol StepStrategy: AnyObject {
    /// Makes gradients those of the whole batch, or puts that off to the update where nobody looks at them before. Collective.
    ///
    /// - Parameters:
    ///   - contribution: What this rank's gradients count.
    ///   - needs: What later callbacks want of the gradients.
    func reduce(_ optimizer: Optimizer, _ contribution: Contribution, for needs: GradientNeeds) throws

    /// Updates the parameters; on several ranks, all of them have when it returns on one. Collective.
    func update(_ optimizer: Optimizer) throws

    /// Whether no rank is in the middle of an update of parameters that this one reads: asked without the others, when one of
    /// them is gone.
    var isAtRest: Bool { get }

    /// Forgets a reduction that was put off: the step was given up.
    ///
    /// - Returns: whether there was one: the gradients are still this rank's own.
    func abandon() -> Bool
}

extension StepStrategy {
    /// The default: nobody else writes them.
    public var isAtRest: Bool { true }
}

/// What one rank's gradients count among those of all.
public struct Contribution: Equatable, Sendable {
    /// The items behind them, or what the loss counts instead; 0 takes part without contributing.
    public var weight: Double
    /// What the weighted mean over the ranks is multiplied by: their number where losses add up, otherwise 1.
    public var scale: Double

    /// A contribution of `weight`.
    public init(weight: Double, scale: Double = 1) { (self.weight, self.scale) = (weight, scale) }
}

/// One process: gradients are whole as they are.
public final class LocalStep: StepStrategy {
    /// The step of one process.
    public init() {}
    /// One process: gradients are whole.
    public func reduce(_ optimizer: Optimizer, _ contribution: Contribution, for needs: GradientNeeds) {}
    /// Updates every parameter.
    public func update(_ optimizer: Optimizer) { optimizer.step() }
    /// Nothing was put off.
    public func abandon() -> Bool { false }
}
