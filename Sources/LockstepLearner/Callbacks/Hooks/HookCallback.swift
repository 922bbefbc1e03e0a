// SPDX-License-Identifier: Apache-2.0
// Hooks that are there while a model is being trained.

public import LockstepNN
public import LockstepTensor

/// The base of callbacks that look at layers' outputs during a fit: override ``hook(_:output:layer:learner:)``.
///
/// Layers are those given, or all that have parameters of their own. Hooks are taken away when the fit ends, however it
/// ends. On several ranks each looks at its own shards.
/// - Note: fastai: `HookCallback`.
open class HookCallback: Callback, Configurable {
    /// Look every so many training batches; nil always, in validation too.
    public final let every: Int?
    private let wanted: [Module]?
    private var observers: [(module: Module, id: OutputObserverID)] = []
    /// The layers looked at; empty outside of fits.
    public final var layers: [Module] { observers.map(\.module) }

    /// - Parameters:
    ///   - modules: The layers; nil for all that have parameters of their own.
    ///   - every: Look every so many training batches, and only in training; nil always.
    /// - Precondition: `every` is positive.
    public init(
        modules: [Module]? = nil, every: Int? = nil, file: StaticString = #fileID, line: UInt = #line
    ) {
        require(every ?? 1 > 0, "HookCallback: every \(every ?? 0) batches is never", file: file, line: line)
        (wanted, self.every) = (modules, every)
        super.init()
    }

    open class var configuration: Configuration { Configuration(HookCallback.self) { Field("every", \.every) } }

    /// Called with each output of each layer while it is being looked at. The default does nothing.
    open func hook(_ module: Module, output: Tensor, layer: Int, learner: Learner) {}

    /// An override calls `super`.
    open override func beforeFit(_ learner: Learner) throws {
        remove()
        let modules = wanted ?? learner.model.modules().filter { $0.children().isEmpty && !$0.parameters().isEmpty }
        observers = modules.enumerated().map { layer, module in
            let id = module.addOutputObserver { [weak self, weak learner] module, output in
                guard let self, let learner, self.isLooking(learner) else { return }
                self.hook(module, output: output, layer: layer, learner: learner)
            }
            return (module, id)
        }
    }

    private func isLooking(_ learner: Learner) -> Bool {
        guard let every else { return true }
        return learner.training && learner.trainIter % every == 0
    }

    public final override func teardown(_ learner: Learner) { remove() }

    private func remove() {
        for (module, id) in observers { module.removeOutputObserver(id) }
        observers = []
    }
}

/// Records mean, standard deviation and share of small values (≤ 0.05) of layers' outputs in training batches.
///
/// On several ranks the numbers are those of each rank's own parts.
/// - Note: fastai: `ActivationStats`.
public final class ActivationStats: HookCallback {
    /// What is recorded of one output.
    public struct Entry: Equatable, Sendable {
        /// The mean of the output's elements.
        public let mean: Double
        /// Their standard deviation, with n − 1.
        public let std: Double
        /// The share of values ≤ 0.05.
        public let nearZero: Double
    }
    /// For each layer the recorded training batches of the fit, in order.
    public private(set) var stats: [[Entry]] = []

    public override var order: Int { -20 }
    public override var takesPartInInference: Bool { false }
    /// No: it looks at a run, perhaps at certain layers of it.
    public override var isExported: Bool { false }

    public override func beforeFit(_ learner: Learner) throws {
        try super.beforeFit(learner)
        stats = Array(repeating: [], count: layers.count)
    }

    public override func hook(_ module: Module, output: Tensor, layer: Int, learner: Learner) {
        guard learner.training, output.count > 1 else { return }
        let values = output.detached.doubles
        let count = Double(values.count)
        let mean = values.reduce(0, +) / count
        let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1)
        let small = Double(values.count { $0 <= 0.05 })
        stats[layer].append(Entry(mean: mean, std: variance.squareRoot(), nearZero: small / count))
    }

    /// The values of one kind for a layer: `stats.values(of: 0, \.mean)`; none before the first fit.
    public func values(
        of layer: Int, _ kind: KeyPath<Entry, Double>, file: StaticString = #fileID, line: UInt = #line
    ) -> [Double] {
        if stats.isEmpty { return [] }
        require(
            stats.indices.contains(layer), "ActivationStats.values: there is no layer \(layer) of \(stats.count)",
            file: file, line: line)
        return stats[layer].map { $0[keyPath: kind] }
    }
}
