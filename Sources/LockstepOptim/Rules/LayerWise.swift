// SPDX-License-Identifier: Apache-2.0
// Rules whose step depends on the norm of a whole parameter: LARC/LARS and LAMB.

import CLockstepKernels

/// SGD whose rate is trimmed, parameter by parameter, to a fraction of the parameter's norm.
///
/// `local = lr·trust·‖p‖/(‖g‖ + wd‖p‖ + ε)`, capped at `lr` (LARC; LARS without the cap). You et al., arXiv 1708.03888.
/// A parameter whose norm is 0 takes plain `lr` steps: with the paper's formula it could never leave 0.
public struct LarcRule: UpdateRule {
    /// What messages and files call it.
    public let name = "larc"
    /// Whether the local rate is capped at the learning rate (LARC), or not (LARS).
    public let clips: Bool
    /// Whether it keeps a momentum sum.
    public let hasMomentum: Bool
    /// Whether weight decay shrinks the values by themselves, and is no part of the gradient.
    public let decouplesDecay: Bool
    let mom: Double, trust: Double, eps: Double, wd: Double

    /// The rule with its default hyper-parameters; groups may have others.
    public init(
        mom: Double = 0.9, clips: Bool = true, trust: Double = 0.02, eps: Double = 1e-8, wd: Double = 0,
        decouplesDecay: Bool = true
    ) {
        (self.mom, self.clips, self.trust) = (mom, clips, trust)
        (self.eps, self.wd, self.decouplesDecay) = (eps, wd, decouplesDecay)
        hasMomentum = mom != 0
    }
    /// The hyper-parameters after `lr`, with their usual values.
    public var defaults: [(name: String, value: Double)] {
        [("wd", wd), ("mom", mom), ("trust_coeff", trust), ("eps", eps)]
    }
    /// What is remembered of each element.
    public var stateNames: [String] { hasMomentum ? ["grad_avg"] : [] }
    /// Whether it looks at whole parameters, as for norms.
    public var isPerParameter: Bool { true }
    /// Updates elements by the formula above.
    public func update<Scalar>(_ stretch: Stretch<Scalar>) { update(untyped: stretch.memory) }
    /// Updates elements with the rule's kernel.
    public func update(untyped s: UntypedStretch) {
        s.begin(Self.self)
        if s.common.decay != 1 { lsk_scale(s.dtype, s.count, s.value, s.common.decay) }
        let size = lsk_sum_of_squares(s.dtype, s.count, s.value).squareRoot()
        let norm = lsk_sum_of_squares(s.dtype, s.count, s.gradient).squareRoot() * s.common.gradient_scale
        var rate = s.lr
        if size > 0 {
            rate =
                s.lr * s.hyper("trust_coeff", at: 3) * size
                / (norm + s.hyper("wd", at: 1) * size + s.hyper("eps", at: 4))
            if clips { rate = min(rate, s.lr) }
        }
        var rest = s.common
        rest.decay = 1
        lsk_sgd(s.dtype, s.count, s.value, s.gradient, s.place("grad_avg", at: 0), rest, rate, s.hyper("mom", at: 2))
    }
}

/// Adam's direction, scaled per parameter by the ratio of root mean squares.
///
/// `u = m̂/(√v̂ + ε); q = min(rms(p)/rms(u), 10)`, 1 when either is 0; `p ← p − lr·q·u`. You et al., arXiv 1904.00962.
public struct LambRule: UpdateRule {
    /// What messages and files call it.
    public let name = "lamb"
    /// Whether weight decay shrinks the values by themselves, and is no part of the gradient.
    public let decouplesDecay: Bool
    let mom: Double, sqrMom: Double, eps: Double, wd: Double

    /// The rule with its default hyper-parameters; groups may have others.
    public init(
        mom: Double = 0.9, sqrMom: Double = 0.99, eps: Double = 1e-5, wd: Double = 0, decouplesDecay: Bool = true
    ) {
        (self.mom, self.sqrMom, self.eps, self.wd, self.decouplesDecay) = (mom, sqrMom, eps, wd, decouplesDecay)
    }
    /// The hyper-parameters after `lr`, with their usual values.
    public var defaults: [(name: String, value: Double)] {
        [("wd", wd), ("mom", mom), ("sqr_mom", sqrMom), ("eps", eps)]
    }
    /// What is remembered of each element.
    public var stateNames: [String] { ["grad_avg", "sqr_avg"] }
    /// Whether it looks at whole parameters, as for norms.
    public var isPerParameter: Bool { true }
    /// Updates elements by the formula above.
    public func update<Scalar>(_ stretch: Stretch<Scalar>) { update(untyped: stretch.memory) }
    /// Updates elements with the rule's kernel.
    public func update(untyped s: UntypedStretch) {
        s.begin(Self.self)
        guard let mean = s.place("grad_avg", at: 0), let squares = s.place("sqr_avg", at: 1), s.count > 0 else {
            return
        }
        let t = Double(s.step)
        let width = s.dtype == LSK_FLOAT64 ? 8 : 4
        let direction = lsk_allocate(s.count * width)
        defer { lsk_release(direction) }
        lsk_lamb_direction(
            s.dtype, s.count, direction, s.value, s.gradient, mean, squares, s.common, s.hyper("mom", at: 2),
            s.hyper("sqr_mom", at: 3),
            s.hyper("eps", at: 4),
            1 / (1 - power(s.hyper("mom", at: 2), t)), (1 / (1 - power(s.hyper("sqr_mom", at: 3), t))).squareRoot())
        if s.common.decay != 1 { lsk_scale(s.dtype, s.count, s.value, s.common.decay) }
        let size = lsk_sum_of_squares(s.dtype, s.count, s.value).squareRoot()
        let norm = lsk_sum_of_squares(s.dtype, s.count, direction).squareRoot()
        let ratio = size == 0 || norm == 0 ? 1 : min(size / norm, 10)
        lsk_axpby(s.dtype, s.count, s.value, 1, direction, -s.lr * ratio)
    }
}
