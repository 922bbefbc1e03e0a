// SPDX-License-Identifier: Apache-2.0
// The only owner of tensor memory.

import CLockstepKernels

/// A block of memory that tensors view. 64-byte aligned when it comes from the allocator.
///
/// Either the caching allocator's (given back when the last tensor lets go) or foreign (a shared window, a mapped file),
/// kept alive by `owner`.
package final class Storage {
    package let pointer: UnsafeMutableRawPointer
    package let byteCount: Int
    /// What keeps foreign memory.
    package let owner: AnyObject?

    /// Takes uninitialised memory from the calling thread's cache.
    package init(byteCount: Int) {
        self.byteCount = byteCount
        pointer = lsk_allocate(byteCount)
        owner = nil
    }

    /// Views memory that `owner` keeps alive.
    package init(foreign pointer: UnsafeMutableRawPointer, byteCount: Int, owner: AnyObject) {
        self.pointer = pointer
        self.byteCount = byteCount
        self.owner = owner
    }

    /// Whether the memory belongs to someone else.
    package var isForeign: Bool { owner != nil }

    deinit {
        if owner == nil { lsk_release(pointer) }
    }
}
