// SPDX-License-Identifier: Apache-2.0
// Stochastic gradient descent, and RMSProp.

import CLockstepKernels
import LockstepTensor

/// `m ← mom·m + g; p ← p − lr·m`, or `p ← p − lr·g` without momentum. The choice is made when the rule is made.
///
/// fastai's form (undampened); equals `torch.optim.SGD` apart from how decay is applied. With `nesterov` the step looks ahead:
/// `p ← p − lr·(g + mom·m)`. Nesterov (1983), in the form of Sutskever et al. (2013).
public struct SGDRule: UpdateRule {
    /// What messages and files call it.
    public let name = "sgd"
    /// Whether it keeps a momentum sum.
    public let hasMomentum: Bool
    /// Whether weight decay shrinks the values by themselves, and is no part of the gradient.
    public let decouplesDecay: Bool
    /// Whether it steps along the gradient and the momentum sum to come.
    public let nesterov: Bool
    let mom: Double, wd: Double

    /// The rule with its default hyper-parameters; groups may have others.
    ///
    /// - Precondition: there is momentum where the rule is Nesterov's.
    public init(
        mom: Double = 0, wd: Double = 0, nesterov: Bool = false, decouplesDecay: Bool = true,
        file: StaticString = #fileID, line: UInt = #line
    ) {
        require(!nesterov || mom > 0, "SGDRule: nesterov needs momentum, mom is \(mom)", file: file, line: line)
        (self.mom, self.wd, self.nesterov, self.decouplesDecay) = (mom, wd, nesterov, decouplesDecay)
        hasMomentum = mom != 0
    }
    /// The hyper-parameters after `lr`, with their usual values.
    public var defaults: [(name: String, value: Double)] { [("wd", wd), ("mom", mom)] }
    /// What is remembered of each element.
    public var stateNames: [String] { hasMomentum ? ["grad_avg"] : [] }
    /// Updates elements by the formula above.
    public func update<Scalar>(_ stretch: Stretch<Scalar>) {
        if !nesterov { return update(untyped: stretch.memory) }
        let (lr, mom, sum) = (stretch.lr, stretch["mom"], stretch.state("grad_avg"))
        stretch.forEach { index, value, gradient in
            let moved = mom * sum[index] + gradient
            sum[index] = moved
            value -= lr * (gradient + mom * moved)
        }
    }
    /// Updates elements with the rule's kernel.
    public func update(untyped s: UntypedStretch) {
        if nesterov { return s.isDouble ? update(Stretch<Double>(s)) : update(Stretch<Float>(s)) }
        s.begin(Self.self)
        lsk_sgd(
            s.dtype, s.count, s.value, s.gradient, s.place("grad_avg", at: 0), s.common, s.lr, s.hyper("mom", at: 2))
    }
}

/// `v ← β₂v + (1−β₂)g²; p ← p − lr·d/(√v + ε)`, d the gradient or its undampened momentum sum. No bias correction.
///
/// Tieleman & Hinton, Lecture 6.5 (2012), in fastai's form.
public struct RMSPropRule: UpdateRule {
    /// What messages and files call it.
    public let name = "rmsprop"
    /// Whether it keeps a momentum sum.
    public let hasMomentum: Bool
    /// Whether weight decay shrinks the values by themselves, and is no part of the gradient.
    public let decouplesDecay: Bool
    let mom: Double, sqrMom: Double, eps: Double, wd: Double

    /// The rule with its default hyper-parameters; groups may have others.
    public init(mom: Double = 0, sqrMom: Double = 0.99, eps: Double = 1e-8, wd: Double = 0, decouplesDecay: Bool = true)
    {
        (self.mom, self.sqrMom, self.eps, self.wd, self.decouplesDecay) = (mom, sqrMom, eps, wd, decouplesDecay)
        hasMomentum = mom != 0
    }
    /// The hyper-parameters after `lr`, with their usual values.
    public var defaults: [(name: String, value: Double)] {
        [("wd", wd), ("mom", mom), ("sqr_mom", sqrMom), ("eps", eps)]
    }
    /// What is remembered of each element.
    public var stateNames: [String] { hasMomentum ? ["sqr_avg", "grad_avg"] : ["sqr_avg"] }
    /// Updates elements by the formula above.
    public func update<Scalar>(_ stretch: Stretch<Scalar>) { update(untyped: stretch.memory) }
    /// Updates elements with the rule's kernel.
    public func update(untyped s: UntypedStretch) {
        s.begin(Self.self)
        guard let squares = s.place("sqr_avg", at: 0) else { return }
        lsk_rmsprop(
            s.dtype, s.count, s.value, s.gradient, s.place("grad_avg", at: 1), squares, s.common, s.lr,
            s.hyper("mom", at: 2),
            s.hyper("sqr_mom", at: 3),
            s.hyper("eps", at: 4))
    }
}
