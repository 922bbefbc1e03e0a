// SPDX-License-Identifier: Apache-2.0
// What a rule is: names of its hyper-parameters and state, and one pass over a stretch of memory.

import LockstepTensor

/// An optimizer's formula. Write one to train with an optimizer of your own; every built-in one is such a rule.
///
/// A rule is a value that says what it needs, by name, and updates elements one by one. Parameter groups, freezing, weight
/// decay, clipping, saved files, and ranks that each update a part of the parameters, are the optimizer's work:
///
/// ```swift
/// /// `u = sign(β₁m + (1−β₁)g); p ← p − lr·u; m ← β₂m + (1−β₂)g`. Chen et al., arXiv 2302.06675.
/// struct Lion: UpdateRule {
///     let name = "lion"
///     var defaults: [(name: String, value: Double)] { [("wd", 0.01), ("mom", 0.9), ("sqr_mom", 0.99)] }
///     let stateNames = ["grad_avg"]
///
///     func update<Scalar>(_ stretch: Stretch<Scalar>) {
///         let (lr, β1, β2) = (stretch.lr, stretch["mom"], stretch["sqr_mom"])
///         let average = stretch.state("grad_avg")
///         stretch.forEach { index, value, gradient in
///             let direction = β1 * average[index] + (1 - β1) * gradient
///             value -= direction > 0 ? lr : direction < 0 ? -lr : 0
///             average[index] = β2 * average[index] + (1 - β2) * gradient
///         }
///     }
/// }
/// ```
/// Train with it by `Learner(…, optimizer: OptimizerFactory(Lion()))`.
///
/// The same elements may come in one stretch or in several, on one rank or on another: what becomes of an element must depend on
/// its own value, gradient and state, on the hyper-parameters and on the step, and on nothing else. A rule that uses the norms of
/// whole parameters says so (``isPerParameter``). Ranks compare their rules by what these print: one with a dictionary or a set says
/// itself what that is (`CustomStringConvertible`), for their order differs from process to process.
public protocol UpdateRule: Sendable {
    /// For printing and saved files: "adam".
    var name: String { get }
    /// The hyper-parameters it has besides `lr`, with their defaults. The one called `wd` is weight decay, which the optimizer
    /// applies; a rule without it does not decay. `mom` and `sqr_mom` are the names that schedules and fastai use.
    ///
    /// - Precondition: no name twice, none empty, `lr`, or with spaces, `=` or `/`; values are finite.
    var defaults: [(name: String, value: Double)] { get }
    /// Names of its per-element state, in any number: each as large as the parameters and zero at first.
    ///
    /// - Precondition: no name twice, none empty, `slow` (Lookahead's), or with a `/`.
    var stateNames: [String] { get }
    /// Whether it needs whole parameters one at a time, for their norms; then every rank updates all of them. The default is no.
    var isPerParameter: Bool { get }
    /// Whether weight decay shrinks parameters directly, by `lr · wd`, instead of being added to gradients. The default is yes.
    var decouplesDecay: Bool { get }
    /// Updates one stretch, by ``Stretch/forEach(_:)``. Compiled for `Float` and for `Double`, whichever the parameters are;
    /// those kept as bfloat16 come as `Float`.
    func update<Scalar>(_ stretch: Stretch<Scalar>)

    /// Calls ``update(_:)`` with the type the elements have. Not to be written: the default is compiled where the rule is, so
    /// that its loop is compiled for each type.
    func update(untyped stretch: UntypedStretch)
}

extension UpdateRule {
    /// Whether it looks at whole parameters, as for norms.
    public var isPerParameter: Bool { false }
    /// Whether weight decay shrinks the values by themselves, and is no part of the gradient.
    public var decouplesDecay: Bool { true }

    /// Updates elements of either type.
    @inlinable
    public func update(untyped stretch: UntypedStretch) {
        if stretch.isDouble {
            update(Stretch<Double>(stretch))
        } else {
            update(Stretch<Float>(stretch))
        }
    }
}

/// What a rule has said of itself, looked up once.
@usableFromInline
final class RuleNames: Sendable {
    let rule: String
    let type: ObjectIdentifier
    /// `lr`, then the rule's own.
    let hypers: [String]
    let states: [String]
    /// Where weight decay stands among ``hypers``; nil for a rule that does not decay.
    let decay: Int?

    /// What an optimizer from elsewhere has, which steps by itself: whatever it says.
    init(wrapped rule: WrappedRule) {
        (self.rule, type) = (rule.name, ObjectIdentifier(WrappedRule.self))
        (hypers, states, decay) = (["lr"] + rule.defaults.map(\.name), [], nil)
    }

    /// - Precondition: the names can be told apart, and stand in files.
    init(_ rule: any UpdateRule, file: StaticString, line: UInt) {
        let defaults = rule.defaults
        type = ObjectIdentifier(Swift.type(of: rule))
        (self.rule, hypers, states) = (rule.name, ["lr"] + defaults.map(\.name), rule.stateNames)
        decay = hypers.firstIndex(of: "wd")
        require(
            Set(hypers).count == hypers.count
                && hypers.allSatisfy { name in
                    !name.isEmpty && !name.contains { $0.isWhitespace || $0 == "=" || $0 == "/" }
                },
            "UpdateRule: \(rule.name) has hyper-parameters \(hypers.dropFirst()); each wants a name of its own without spaces, = and /, and none is lr",
            file: file, line: line)
        require(
            defaults.allSatisfy { $0.value.isFinite }, "UpdateRule: \(rule.name) has defaults \(defaults.map(\.value))",
            file: file, line: line)
        require(
            Set(states).count == states.count
                && states.allSatisfy { !$0.isEmpty && !$0.contains("/") && $0 != "slow" },
            "UpdateRule: \(rule.name) has states \(states); each wants a name of its own, without / and not slow",
            file: file,
            line: line)
    }
}
