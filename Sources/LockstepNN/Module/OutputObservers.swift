// SPDX-License-Identifier: Apache-2.0
// Looking at what a layer puts out, from outside the layer.

public import LockstepTensor

/// Stands for an observer that was added to a module; hand it back to remove the observer.
public struct OutputObserverID: Hashable, Sendable {
    let number: Int
}

/// The functions that want to see a module's outputs.
struct OutputObservers {
    private var list: [(number: Int, body: (Module, Tensor) -> Void)] = []
    private var made = 0
    var isEmpty: Bool { list.isEmpty }

    mutating func add(_ body: @escaping (Module, Tensor) -> Void) -> OutputObserverID {
        made += 1
        list.append((made, body))
        return OutputObserverID(number: made)
    }

    mutating func remove(_ id: OutputObserverID) { list.removeAll { $0.number == id.number } }

    func call(_ module: Module, _ output: Tensor) {
        for entry in list { entry.body(module, output) }
    }
}

extension Module {
    /// Calls `body` with every output of this layer, recorded as it is. All layers of this package report; a layer of
    /// your own does when it returns `observed(y)`.
    @discardableResult
    public final func addOutputObserver(
        _ body: @escaping (_ module: Module, _ output: Tensor) -> Void
    ) -> OutputObserverID {
        observers.add(body)
    }

    /// Stops an observer.
    public final func removeOutputObserver(_ id: OutputObserverID) { observers.remove(id) }

    /// Shows `output` to this module's observers and returns it.
    @inline(__always)
    public final func observed(_ output: Tensor) -> Tensor {
        if !observers.isEmpty { observers.call(self, output) }
        return output
    }
}
