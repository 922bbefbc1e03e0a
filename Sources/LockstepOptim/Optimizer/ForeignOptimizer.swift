// SPDX-License-Identifier: Apache-2.0
// Optimizers written elsewhere, driven as if they were ours.

public import LockstepTensor

/// An optimizer that is not a rule of this package: it holds parameters in groups, has hyper-parameters under names of its
/// own, and steps. Wrap it with `OptimizerFactory.wrapping` to train a learner with it.
///
/// ```swift
/// final class SignSGD: ForeignOptimizer {
///     let groups: [[Parameter]]
///     private var lrs: [Double]
///     init(_ groups: [[Parameter]], lr: Double) {
///         (self.groups, lrs) = (groups, groups.map { _ in lr })
///     }
///     var hyperNames: [String] { ["lr"] }
///     func hyper(_ name: String, group: Int) -> Double { lrs[group] }
///     func setHyper(_ name: String, group: Int, _ value: Double) { lrs[group] = value }
///     func step(_ parameters: [Parameter], group: Int) {
///         for p in parameters { if let g = p.gradient { p.wrappedValue = p.value - g.sign() * lrs[group] } }
///     }
///     func clearState() {}
/// }
/// ```
public protocol ForeignOptimizer: AnyObject {
    /// What printing and saved files call it. The default is the type's name.
    var name: String { get }
    /// The parameters, group by group.
    var groups: [[Parameter]] { get }
    /// Names of its hyper-parameters, its own: `lr`, `momentum`, `weight_decay`.
    var hyperNames: [String] { get }
    /// One of them, of one group.
    func hyper(_ name: String, group: Int) -> Double
    /// Sets one of them, of one group.
    func setHyper(_ name: String, group: Int, _ value: Double)
    /// Updates these parameters of a group: those that are trainable and have a gradient.
    func step(_ parameters: [Parameter], group: Int)
    /// Forgets its moments.
    func clearState()
    /// What it remembers of a parameter, for saved files. The default is nothing.
    func state(of parameter: Parameter) -> [(name: String, tensor: Tensor)]
    /// Takes back what ``state(of:)`` gave. The default ignores it.
    func setState(_ state: [(name: String, tensor: Tensor)], of parameter: Parameter)
}

extension ForeignOptimizer {
    /// The type's name.
    public var name: String { String(describing: type(of: self)) }
    /// Nothing to save.
    public func state(of parameter: Parameter) -> [(name: String, tensor: Tensor)] { [] }
    /// Nothing to bring back.
    public func setState(_ state: [(name: String, tensor: Tensor)], of parameter: Parameter) {}
}

/// A foreign optimizer under our names of hyper-parameters.
///
/// Schedules, freezing and saving work through it. What only our rules know does not: parameters' weight-decay flags, and
/// updates of parts of a parameter. On several ranks each steps on the reduced gradients.
/// - Note: fastai: `OptimWrapper`.
public struct OptimizerWrapper {
    let optimizer: any ForeignOptimizer
    /// Our names, `lr` first, and beside each the optimizer's own.
    let names: [(ours: String, theirs: String)]

    /// PyTorch's names and ours.
    public static let pytorchNames = [
        "momentum": "mom", "weight_decay": "wd", "alpha": "sqr_mom", "beta1": "mom", "beta2": "sqr_mom",
    ]

    /// - Parameter hyperNames: Our name for each of its own; those that are missing keep their own.
    /// - Precondition: one of its hyper-parameters is the learning rate.
    public init(
        _ optimizer: any ForeignOptimizer, hyperNames: [String: String] = pytorchNames, file: StaticString = #fileID,
        line: UInt = #line
    ) {
        self.optimizer = optimizer
        let all = optimizer.hyperNames.map { (ours: hyperNames[$0] ?? $0, theirs: $0) }
        require(
            all.contains { $0.ours == "lr" },
            "OptimizerWrapper: \(optimizer.name) has no learning rate among \(optimizer.hyperNames); map its name to lr",
            file: file, line: line)
        names = all.filter { $0.ours == "lr" } + all.filter { $0.ours != "lr" }
    }

    /// Our values, group by group, in the order of ``names``.
    var values: [[Double]] {
        optimizer.groups.indices.map { group in names.map { optimizer.hyper($0.theirs, group: group) } }
    }

    /// Lets the optimizer step those of its parameters that `isDue` lets through, with the hyper-parameters given.
    func step(_ values: [[Double]], where isDue: (Parameter) -> Bool) {
        for (group, parameters) in optimizer.groups.enumerated() {
            for (index, name) in names.enumerated() {
                optimizer.setHyper(name.theirs, group: group, values[group][index])
            }
            let due = parameters.filter(isDue)
            if !due.isEmpty { optimizer.step(due, group: group) }
        }
    }
}

/// Stands for a foreign optimizer's formula: its name and its hyper-parameters.
struct WrappedRule: UpdateRule {
    let name: String
    let defaults: [(name: String, value: Double)]
    var stateNames: [String] { [] }
    /// It cannot be cut: what it does with a parameter is not known.
    var isPerParameter: Bool { true }
    var decouplesDecay: Bool { true }

    init(_ wrapper: OptimizerWrapper) {
        name = wrapper.optimizer.name
        let values = wrapper.values.first ?? []
        defaults = Array(zip(wrapper.names, values).dropFirst()).map { (name: $0.ours, value: $1) }
    }

    func update<Scalar>(_ stretch: Stretch<Scalar>) {
        stop("WrappedRule: \(name) steps by itself", file: #fileID, line: #line)
    }
}

extension OptimizerFactory {
    /// An optimizer that exists already. It is used as it is, after its state was cleared; its groups take the place of the
    /// learner's splitter.
    public static func wrapping(
        _ optimizer: any ForeignOptimizer, hyperNames: [String: String] = OptimizerWrapper.pytorchNames,
        file: StaticString = #fileID, line: UInt = #line
    ) -> Self {
        let wrapper = OptimizerWrapper(optimizer, hyperNames: hyperNames, file: file, line: line)
        // A learner works on one thread, and so does its optimizer.
        nonisolated(unsafe) let ready = wrapper
        return Self(
            WrappedRule(wrapper),
            foreign: { _, _ in
                ready.optimizer.clearState()
                return ready
            })
    }

    /// A foreign optimizer made over the learner's parameter groups when it is first needed.
    ///
    /// - Parameter make: Makes the optimizer over groups, with a learning rate.
    public static func wrapping(
        lr: Double? = nil, hyperNames: [String: String] = OptimizerWrapper.pytorchNames,
        _ make: @escaping @Sendable (_ groups: [[Parameter]], _ lr: Double) -> any ForeignOptimizer
    ) -> Self {
        // What it is called is not known before it is made.
        Self(SGDRule(), lr: lr, foreign: { OptimizerWrapper(make($0, $1), hyperNames: hyperNames) })
    }
}
