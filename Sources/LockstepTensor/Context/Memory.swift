// SPDX-License-Identifier: Apache-2.0
// The memory behind tensors, for those who have to share a machine.

import CLockstepKernels

/// The memory behind tensors, of all threads of this process.
///
/// ```swift
/// print(Memory.report)        // 412.0 MiB for tensors, in use or kept, asked for in 231 pieces
/// Memory.trim()               // before something else needs it
/// ```
/// What a step of training gives back is kept for the next: a warm step asks the system for nothing. Large blocks are kept
/// up to what was in use at once, an eighth more and 32 MiB; more where steps that repeat miss what was given back.
public enum Memory {
    /// Gives what is kept, by the calling thread or for all, back to the system. The next step asks for it again.
    public static func trim() { lsk_trim() }

    /// How much there is now.
    public static var report: MemoryStatistics {
        let s = lsk_get_memory_statistics()
        return MemoryStatistics(
            systemRequests: Int(s.system_requests), systemBytes: Int(s.system_bytes), liveBlocks: Int(s.live_blocks))
    }

    /// Says that the calling thread's next step of training begins: where it asks for what this one did, it is to find it.
    package static func endStep() { lsk_end_step() }
}

/// What the caching allocator has done so far.
public struct MemoryStatistics: Sendable, CustomStringConvertible {
    /// Blocks ever requested from the system, by all threads. Stands still once training is warm.
    public let systemRequests: Int
    /// Bytes held from the system, in use or kept, by all threads.
    public let systemBytes: Int
    /// Blocks allocated minus blocks released by the calling thread.
    public let liveBlocks: Int

    public var description: String {
        let tenths = (systemBytes * 10 + 524_288) / 1_048_576
        return "\(tenths / 10).\(tenths % 10) MiB for tensors, in use or kept, asked for in \(systemRequests) pieces"
    }
}
