// SPDX-License-Identifier: Apache-2.0
// Adam and its relatives RAdam and QHAdam.

import CLockstepKernels

/// `m ← β₁m + (1−β₁)g; v ← β₂v + (1−β₂)g²; p ← p − lr/(1−β₁ᵗ) · m/(√(v/(1−β₂ᵗ)) + ε)`.
///
/// Kingma & Ba, arXiv 1412.6980; with decoupled decay Loshchilov & Hutter, arXiv 1711.05101. fastai's defaults
/// (ε 1e-5, β₂ 0.99, wd 0.01) differ from PyTorch's. With `amsgrad` the greatest v so far takes v's place. Reddi et al., arXiv
/// 1904.09237.
public struct AdamRule: UpdateRule {
    /// What messages and files call it.
    public let name = "adam"
    /// Whether weight decay shrinks the values by themselves, and is no part of the gradient.
    public let decouplesDecay: Bool
    /// Whether it divides by the root of the greatest second moment so far.
    public let amsgrad: Bool
    let mom: Double, sqrMom: Double, eps: Double, wd: Double

    /// The rule with its default hyper-parameters; groups may have others.
    public init(
        mom: Double = 0.9, sqrMom: Double = 0.99, eps: Double = 1e-5, wd: Double = 0.01, amsgrad: Bool = false,
        decouplesDecay: Bool = true
    ) {
        (self.mom, self.sqrMom, self.eps, self.wd) = (mom, sqrMom, eps, wd)
        (self.amsgrad, self.decouplesDecay) = (amsgrad, decouplesDecay)
    }
    /// The hyper-parameters after `lr`, with their usual values.
    public var defaults: [(name: String, value: Double)] {
        [("wd", wd), ("mom", mom), ("sqr_mom", sqrMom), ("eps", eps)]
    }
    /// What is remembered of each element.
    public var stateNames: [String] { ["grad_avg", "sqr_avg"] + (amsgrad ? ["sqr_max"] : []) }
    /// Updates elements by the formula above.
    public func update<Scalar>(_ stretch: Stretch<Scalar>) {
        if !amsgrad { return update(untyped: stretch.memory) }
        let (mom, sqrMom, eps) = (stretch["mom"], stretch["sqr_mom"], stretch["eps"])
        let step = Double(stretch.step)
        let rate = Scalar(stretch.hyper("lr") / (1 - power(stretch.hyper("mom"), step)))
        let root = Scalar((1 / (1 - power(stretch.hyper("sqr_mom"), step))).squareRoot())
        let (rest, sqrRest) = (Scalar(1 - stretch.hyper("mom")), Scalar(1 - stretch.hyper("sqr_mom")))
        let (mean, squares) = (stretch.state("grad_avg"), stretch.state("sqr_avg"))
        let greatest = stretch.state("sqr_max")
        stretch.forEach { index, value, gradient in
            let average = mom * mean[index] + rest * gradient
            let square = sqrMom * squares[index] + sqrRest * gradient * gradient
            let most = Swift.max(greatest[index], square)
            (mean[index], squares[index], greatest[index]) = (average, square, most)
            value -= rate * average / (most.squareRoot() * root + eps)
        }
    }
    /// Updates elements with the rule's kernel.
    public func update(untyped s: UntypedStretch) {
        if amsgrad { return s.isDouble ? update(Stretch<Double>(s)) : update(Stretch<Float>(s)) }
        s.begin(Self.self)
        guard let mean = s.place("grad_avg", at: 0), let squares = s.place("sqr_avg", at: 1) else { return }
        let rate = s.lr / (1 - power(s.hyper("mom", at: 2), Double(s.step)))
        let root = (1 / (1 - power(s.hyper("sqr_mom", at: 3), Double(s.step)))).squareRoot()
        lsk_adam(
            s.dtype, s.count, s.value, s.gradient, mean, squares, s.common, rate, s.hyper("mom", at: 2),
            s.hyper("sqr_mom", at: 3),
            s.hyper("eps", at: 4),
            root)
    }
}

/// Adam that waits with adapting until the variance of its second moment is bounded.
///
/// With `r∞ = 2/(1−β₂) − 1` and `r = r∞ − 2tβ₂ᵗ/(1−β₂ᵗ)`: for `r > 5` Adam's step scaled by
/// `√((r−4)(r−2)r∞ / ((r∞−4)(r∞−2)r))`, otherwise `p ← p − lr/(1−β₁ᵗ)·m`. Liu et al., arXiv 1908.03265.
public struct RAdamRule: UpdateRule {
    /// What messages and files call it.
    public let name = "radam"
    /// Whether weight decay shrinks the values by themselves, and is no part of the gradient.
    public let decouplesDecay: Bool
    let mom: Double, sqrMom: Double, eps: Double, wd: Double, beta: Double

    /// The rule with its default hyper-parameters; groups may have others.
    public init(
        mom: Double = 0.9, sqrMom: Double = 0.99, eps: Double = 1e-5, wd: Double = 0, beta: Double = 0,
        decouplesDecay: Bool = true
    ) {
        (self.mom, self.sqrMom, self.eps, self.wd) = (mom, sqrMom, eps, wd)
        (self.beta, self.decouplesDecay) = (beta, decouplesDecay)
    }
    /// The hyper-parameters after `lr`, with their usual values.
    public var defaults: [(name: String, value: Double)] {
        [("wd", wd), ("mom", mom), ("sqr_mom", sqrMom), ("eps", eps), ("beta", beta)]
    }
    /// What is remembered of each element.
    public var stateNames: [String] { ["grad_avg", "sqr_avg"] }
    /// Updates elements by the formula above.
    public func update<Scalar>(_ stretch: Stretch<Scalar>) { update(untyped: stretch.memory) }
    /// Updates elements with the rule's kernel.
    public func update(untyped s: UntypedStretch) {
        s.begin(Self.self)
        guard let mean = s.place("grad_avg", at: 0), let squares = s.place("sqr_avg", at: 1) else { return }
        let t = Double(s.step)
        let (β1, β2) = (s.hyper("mom", at: 2), s.hyper("sqr_mom", at: 3))
        let decay = power(β2, t)
        let limit = 2 / (1 - β2) - 1
        let r = limit - 2 * t * decay / (1 - decay)
        var rate = s.lr / (1 - power(β1, t))
        if r > 5 {
            rate *= ((r - 4) * (r - 2) * limit / ((limit - 4) * (limit - 2) * r)).squareRoot()
        }
        lsk_radam(
            s.dtype, s.count, s.value, s.gradient, mean, squares, s.common, rate, β1, β2, s.hyper("eps", at: 4),
            (1 / (1 - decay)).squareRoot(), s.hyper("beta", at: 5), r > 5 ? 1 : 0)
    }
}

/// Adam with the current gradient mixed into both moments.
///
/// `p ← p − lr·[(1−ν₁)g + ν₁m/(1−β₁ᵗ)] / (√((1−ν₂)g² + ν₂v/(1−β₂ᵗ)) + ε)`. Ma & Yarats, arXiv 1810.06801.
public struct QHAdamRule: UpdateRule {
    /// What messages and files call it.
    public let name = "qhadam"
    /// Whether weight decay shrinks the values by themselves, and is no part of the gradient.
    public let decouplesDecay: Bool
    let mom: Double, sqrMom: Double, nu1: Double, nu2: Double, eps: Double, wd: Double

    /// The rule with its default hyper-parameters; groups may have others.
    public init(
        mom: Double = 0.999, sqrMom: Double = 0.999, nu1: Double = 0.7, nu2: Double = 1, eps: Double = 1e-8,
        wd: Double = 0,
        decouplesDecay: Bool = true
    ) {
        (self.mom, self.sqrMom, self.nu1, self.nu2) = (mom, sqrMom, nu1, nu2)
        (self.eps, self.wd, self.decouplesDecay) = (eps, wd, decouplesDecay)
    }
    /// The hyper-parameters after `lr`, with their usual values.
    public var defaults: [(name: String, value: Double)] {
        [("wd", wd), ("mom", mom), ("sqr_mom", sqrMom), ("eps", eps), ("nu_1", nu1), ("nu_2", nu2)]
    }
    /// What is remembered of each element.
    public var stateNames: [String] { ["grad_avg", "sqr_avg"] }
    /// Updates elements by the formula above.
    public func update<Scalar>(_ stretch: Stretch<Scalar>) { update(untyped: stretch.memory) }
    /// Updates elements with the rule's kernel.
    public func update(untyped s: UntypedStretch) {
        s.begin(Self.self)
        guard let mean = s.place("grad_avg", at: 0), let squares = s.place("sqr_avg", at: 1) else { return }
        let t = Double(s.step)
        lsk_qhadam(
            s.dtype, s.count, s.value, s.gradient, mean, squares, s.common, s.lr, s.hyper("mom", at: 2),
            s.hyper("sqr_mom", at: 3),
            s.hyper("eps", at: 4),
            1 - power(s.hyper("mom", at: 2), t), 1 - power(s.hyper("sqr_mom", at: 3), t), s.hyper("nu_1", at: 5),
            s.hyper("nu_2", at: 6))
    }
}
