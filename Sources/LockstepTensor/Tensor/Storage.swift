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
    private let owner: AnyObject?

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

/// What the caching allocator has done so far.
public struct MemoryStatistics: Sendable {
    /// Blocks ever requested from the system, by all threads. Stands still once training is warm.
    public let systemRequests: Int
    /// Bytes held from the system, in use or cached, by all threads.
    public let systemBytes: Int
    /// Blocks allocated minus blocks released by the calling thread.
    public let liveBlocks: Int

    /// Gives what is cached, by the calling thread or for all, back to the system.
    package static func trim() { lsk_trim() }

    /// Says that the calling thread's next step of training begins: where it asks for what this one did, it is to find it.
    package static func endStep() { lsk_end_step() }

    /// The statistics now.
    public static var current: MemoryStatistics {
        let s = lsk_get_memory_statistics()
        return MemoryStatistics(
            systemRequests: Int(s.system_requests), systemBytes: Int(s.system_bytes), liveBlocks: Int(s.live_blocks))
    }
}
