// SPDX-License-Identifier: Apache-2.0
// `.adam()`, `.sgd(mom: 0.9)`: how a learner is told which optimizer to make.

public import LockstepTensor

/// Makes optimizers: a rule with its options, waiting for parameters.
///
/// ```swift
/// Learner(dls: dls, model: model, loss: .crossEntropy, optimizer: .sgd(mom: 0.9))
/// ```
public struct OptimizerFactory: Sendable {
    /// A learning rate of its own, which wins over the learner's.
    public var lr: Double?
    private let rule: any UpdateRule
    private let lookahead: (k: Int, alpha: Double)?
    /// Makes a foreign optimizer, when it is one.
    private let foreign: (@Sendable ([[Parameter]], Double) -> OptimizerWrapper)?

    /// A factory for `rule`; the way to use a rule of your own.
    public init(_ rule: any UpdateRule, lr: Double? = nil) {
        (self.rule, self.lr, lookahead, foreign) = (rule, lr, nil, nil)
    }

    init(
        _ rule: any UpdateRule, lr: Double? = nil,
        foreign: @escaping @Sendable ([[Parameter]], Double) -> OptimizerWrapper
    ) {
        (self.rule, self.lr, lookahead, self.foreign) = (rule, lr, nil, foreign)
    }

    private init(_ base: OptimizerFactory, k: Int, alpha: Double) {
        (rule, lr, lookahead, foreign) = (base.rule, base.lr, (k, alpha), nil)
    }

    /// An optimizer over `groups`.
    public func callAsFunction(
        _ groups: [[Parameter]], lr: Double, file: StaticString = #fileID, line: UInt = #line
    ) -> Optimizer {
        if let foreign { return Optimizer(wrapping: foreign(groups, self.lr ?? lr), file: file, line: line) }
        let optimizer = Optimizer(groups, rule: rule, lr: self.lr ?? lr, file: file, line: line)
        optimizer.lookahead = lookahead.map { LookaheadState(k: $0.k, alpha: $0.alpha) }
        return optimizer
    }

    /// The rule's name, for printing.
    public var name: String {
        if foreign != nil { return rule is WrappedRule ? rule.name : "wrapped" }
        return lookahead == nil ? rule.name : "lookahead(\(rule.name))"
    }

    /// ``SGDRule``.
    public static func sgd(
        mom: Double = 0, wd: Double = 0, nesterov: Bool = false, decoupleWD: Bool = true, lr: Double? = nil,
        file: StaticString = #fileID, line: UInt = #line
    ) -> Self {
        Self(
            SGDRule(mom: mom, wd: wd, nesterov: nesterov, decouplesDecay: decoupleWD, file: file, line: line), lr: lr)
    }
    /// ``RMSPropRule``.
    public static func rmsProp(
        mom: Double = 0, sqrMom: Double = 0.99, eps: Double = 1e-8, wd: Double = 0, decoupleWD: Bool = true,
        lr: Double? = nil
    ) -> Self { Self(RMSPropRule(mom: mom, sqrMom: sqrMom, eps: eps, wd: wd, decouplesDecay: decoupleWD), lr: lr) }
    /// ``AdamRule`` with fastai's defaults.
    public static func adam(
        mom: Double = 0.9, sqrMom: Double = 0.99, eps: Double = 1e-5, wd: Double = 0.01, amsgrad: Bool = false,
        decoupleWD: Bool = true, lr: Double? = nil
    ) -> Self {
        Self(
            AdamRule(mom: mom, sqrMom: sqrMom, eps: eps, wd: wd, amsgrad: amsgrad, decouplesDecay: decoupleWD), lr: lr)
    }
    /// ``AdamRule`` with PyTorch's AdamW defaults: β₂ 0.999, ε 1e-8, decay 0.01.
    public static func adamW(
        mom: Double = 0.9, sqrMom: Double = 0.999, eps: Double = 1e-8, wd: Double = 0.01, amsgrad: Bool = false,
        lr: Double? = nil
    ) -> Self { Self(AdamRule(mom: mom, sqrMom: sqrMom, eps: eps, wd: wd, amsgrad: amsgrad), lr: lr) }
    /// ``RAdamRule``.
    public static func radam(
        mom: Double = 0.9, sqrMom: Double = 0.99, eps: Double = 1e-5, wd: Double = 0, beta: Double = 0,
        decoupleWD: Bool = true, lr: Double? = nil
    ) -> Self {
        Self(RAdamRule(mom: mom, sqrMom: sqrMom, eps: eps, wd: wd, beta: beta, decouplesDecay: decoupleWD), lr: lr)
    }
    /// ``QHAdamRule``.
    public static func qhadam(
        mom: Double = 0.999, sqrMom: Double = 0.999, nu1: Double = 0.7, nu2: Double = 1, eps: Double = 1e-8,
        wd: Double = 0,
        decoupleWD: Bool = true, lr: Double? = nil
    ) -> Self {
        Self(
            QHAdamRule(mom: mom, sqrMom: sqrMom, nu1: nu1, nu2: nu2, eps: eps, wd: wd, decouplesDecay: decoupleWD),
            lr: lr)
    }
    /// ``LarcRule``; `clips: false` is LARS.
    public static func larc(
        mom: Double = 0.9, clips: Bool = true, trust: Double = 0.02, eps: Double = 1e-8, wd: Double = 0,
        decoupleWD: Bool = true, lr: Double? = nil
    ) -> Self {
        Self(LarcRule(mom: mom, clips: clips, trust: trust, eps: eps, wd: wd, decouplesDecay: decoupleWD), lr: lr)
    }
    /// ``LambRule``.
    public static func lamb(
        mom: Double = 0.9, sqrMom: Double = 0.99, eps: Double = 1e-5, wd: Double = 0, decoupleWD: Bool = true,
        lr: Double? = nil
    ) -> Self { Self(LambRule(mom: mom, sqrMom: sqrMom, eps: eps, wd: wd, decouplesDecay: decoupleWD), lr: lr) }
    /// Slow weights over another optimizer: every `k` steps they move `alpha` of the way and the fast ones return to them.
    public static func lookahead(_ base: OptimizerFactory, k: Int = 6, alpha: Double = 0.5) -> Self {
        Self(base, k: k, alpha: alpha)
    }
    /// Lookahead over RAdam.
    public static func ranger(
        mom: Double = 0.95, wd: Double = 0.01, eps: Double = 1e-6, k: Int = 6, alpha: Double = 0.5, lr: Double? = nil
    ) -> Self { lookahead(.radam(mom: mom, eps: eps, wd: wd, lr: lr), k: k, alpha: alpha) }
}
