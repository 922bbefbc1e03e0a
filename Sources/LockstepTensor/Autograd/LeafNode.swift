// SPDX-License-Identifier: Apache-2.0
// The end of the graph: where a parameter's gradient is kept.

/// Holds the gradient of a leaf, in memory of its own or in a place (an arena's range) it was given.
package final class LeafNode: GradientNode {
    /// Where the gradient lives when it has a fixed place: contiguous, shaped as the parameter.
    package private(set) var place: Tensor?
    /// Whether a gradient has arrived since the last reset. A place that is untouched holds no meaning yet.
    package private(set) var isTouched = false
    private var loose: Tensor?
    /// What must happen before the place can be read.
    private var debt: GradientDebt?

    package init(_ name: StaticString) { super.init(name, nil, rule: .leaf) }

    /// The gradient, or nil when none has arrived.
    package var gradient: Tensor? {
        get {
            debt?.settle()
            return isTouched ? place ?? loose : nil
        }
        set {
            debt?.settleForWriting()
            guard let newValue else { return reset() }
            if let place { Tensor.copy(newValue.detached, into: place) } else { loose = newValue.detached }
            isTouched = true
        }
    }

    /// Forgets the gradient. Its memory is not written: the next arrival overwrites it.
    package func reset() {
        isTouched = false
        loose = nil
    }

    /// Declares that `place` now holds the gradient (written by a reduction, or zeros for an unused parameter).
    package func markTouched() { isTouched = place != nil || loose != nil }

    /// Moves the gradient into `memory`, part of an arena with `debt`; what has arrived so far is kept.
    package func move(to memory: Tensor?, debt: GradientDebt? = nil) {
        let held = gradient
        self.debt = debt
        place = memory
        loose = nil
        isTouched = false
        if let held { gradient = memory == nil ? held.contiguous() : held }
    }

    /// The place and beta for a kernel that adds into it; nil when the gradient has no fixed place.
    func beginAccumulation() -> (Tensor, Float)? {
        guard let place else { return nil }
        debt?.settleForWriting()
        defer { isTouched = true }
        return (place, isTouched ? 1 : 0)
    }

    override func receive(_ gradient: Tensor) {
        if let (place, beta) = beginAccumulation() {
            if beta == 0 {
                Tensor.copy(gradient.detached, into: place)
            } else {
                Tensor.add(gradient.detached, into: place)
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
