// SPDX-License-Identifier: Apache-2.0
// Looking at the outputs of layers.

public import LockstepNN
public import LockstepTensor

/// Runs a function on every output of a layer, and keeps what it returned last.
///
/// ```swift
/// let hook = Hook(on: model.body) { _, output in output.detached }
/// defer { hook.remove() }
/// ```
/// Layers of this package report their outputs; one of your own does when it returns `observed(y)`. On several ranks a
/// hook sees its own rank's parts.
/// - Note: fastai: `Hook`, `hook_output`.
public final class Hook<Value> {
    /// The layer it looks at.
    public let module: Module
    /// What the function returned for the last output; nil before the first.
    public private(set) var stored: Value?
    private var observer: OutputObserverID?

    /// Looks at `module` until ``remove()`` or the end of the hook's life.
    public init(on module: Module, _ body: @escaping (_ module: Module, _ output: Tensor) -> Value?) {
        self.module = module
        observer = module.addOutputObserver { [weak self] module, output in
            if let value = body(module, output) { self?.stored = value }
        }
    }

    /// Stops looking; harmless when done already.
    public func remove() {
        if let observer { module.removeOutputObserver(observer) }
        observer = nil
    }

    deinit { if let observer { module.removeOutputObserver(observer) } }
}

/// Keeps a layer's last output, cut from the graph.
public func hookOutput(of module: Module) -> Hook<Tensor> { Hook(on: module) { _, output in output.detached } }

/// Keeps the last output of each of several layers, cut from the graph.
/// - Note: fastai: `hook_outputs`.
public func hookOutputs(of modules: [Module]) -> [Hook<Tensor>] { modules.map { hookOutput(of: $0) } }
