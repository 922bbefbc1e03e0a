// SPDX-License-Identifier: Apache-2.0
// What is still to be done to an arena's gradients before anyone may read them.

import CLockstepKernels

/// Work on gradients that is put off, because usually nobody looks before the optimizer has used them.
///
/// - *Fetching*: after a reduction that left each slice with its owner only, the others' slices.
/// - *Scaling*: by clipping, say. The optimizer multiplies in passing; a pass of its own is only needed for readers.
///
/// Shared by an arena and its leaves: reading a gradient materialises what was deferred, so readers need not know.
package final class DeferredGradients {
    /// Copies what other ranks hold into this rank's memory; nil when nothing is missing.
    @exclusivity(unchecked) private var fetch: (() -> Void)?
    /// What all gradients are still to be multiplied by.
    @exclusivity(unchecked) package private(set) var scale = 1.0
    /// The square of the norm of what is in memory, where a reduction has measured it in passing.
    @exclusivity(unchecked) private(set) var squaredNorm: Double?
    /// All gradients of the arena.
    @exclusivity(unchecked) package internal(set) var memory: Tensor

    init(_ memory: Tensor) { self.memory = memory }

    package func deferFetch(with fetch: @escaping () -> Void) { self.fetch = fetch }
    package func deferScaling(by factor: Double) { scale *= factor }
    package func record(squaredNorm: Double) { self.squaredNorm = squaredNorm }

    /// Makes memory what it stands for.
    @inline(__always)
    package func materialize() {
        if fetch != nil || scale != 1 { materializeNow() }
    }

    private func materializeNow() {
        if let fetch {
            self.fetch = nil
            fetch()
        }
        guard scale != 1 else { return }
        lsk_scale(memory.dtype.kernelType, memory.count, memory.unsafePointer, scale)
        squaredNorm = squaredNorm.map { $0 * scale * scale }
        scale = 1
    }

    /// Materialises before something is written.
    @inline(__always)
    package func materializeForWriting() {
        materialize()
        squaredNorm = nil
    }

    /// Forgets it: the gradients themselves are forgotten.
    func drop() { (fetch, scale, squaredNorm) = (nil, 1, nil) }
}
