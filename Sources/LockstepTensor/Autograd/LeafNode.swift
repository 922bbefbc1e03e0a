// SPDX-License-Identifier: Apache-2.0
// The end of the graph: where a parameter's gradient is kept.

/// Holds the gradient of a leaf, in memory of its own or in a destination (an arena's range) it was given.
package final class LeafNode: GradientNode {
    /// Where the gradient lives when it has a destination: contiguous, shaped as the parameter.
    @exclusivity(unchecked) package private(set) var destination: Tensor?
    /// Whether a gradient has arrived since the last reset. A destination that is untouched holds no meaning yet.
    @exclusivity(unchecked) package private(set) var isTouched = false
    @exclusivity(unchecked) private var loose: Tensor?
    /// What must happen before the destination can be read.
    @exclusivity(unchecked) private var deferred: DeferredGradients?

    package init(_ name: StaticString) { super.init(name, nil, rule: .leaf) }

    /// The gradient, or nil when none has arrived.
    package var gradient: Tensor? {
        get {
            deferred?.materialize()
            return isTouched ? destination ?? loose : nil
        }
        set {
            deferred?.materializeForWriting()
            guard let newValue else { return reset() }
            if let destination { Tensor.copy(newValue.detached, into: destination) } else { loose = newValue.detached }
            isTouched = true
        }
    }

    /// Forgets the gradient. Its memory is not written: the next arrival overwrites it.
    package func reset() {
        isTouched = false
        loose = nil
    }

    /// Declares that `destination` now holds the gradient (written by a reduction, or zeros for an unused parameter).
    package func markTouched() { isTouched = destination != nil || loose != nil }

    /// Moves the gradient into `memory`, part of an arena with `deferred` work; what has arrived so far is kept.
    package func move(to memory: Tensor?, deferred: DeferredGradients? = nil) {
        let held = gradient
        self.deferred = deferred
        destination = memory
        loose = nil
        isTouched = false
        if let held { gradient = memory == nil ? held.contiguous() : held }
    }

    /// The destination and beta for a kernel that adds into it; nil when the gradient has no fixed destination.
    func beginAccumulation() -> (Tensor, Float)? {
        guard let destination else { return nil }
        deferred?.materializeForWriting()
        defer { isTouched = true }
        return (destination, isTouched ? 1 : 0)
    }

    override func receive(_ gradient: Tensor) {
        if let (destination, beta) = beginAccumulation() {
            if beta == 0 {
                Tensor.copy(gradient.detached, into: destination)
            } else {
                Tensor.add(gradient.detached, into: destination)
            }
        } else {
            isTouched = true
            guard let held = loose.take() else {
                loose = gradient.detached
                return
            }
            loose = Tensor.sum(consuming: consume held, gradient)
        }
    }

    override func propagate(_ queue: inout BackwardQueue, keepingGraph: Bool) {}
}
