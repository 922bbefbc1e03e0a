// SPDX-License-Identifier: Apache-2.0
// Memory that parameters and state are copied to before they are written.

/// A stretch of memory that ranks fill, each its share, and that the writing rank writes out.
public struct SnapshotMemory {
    /// All of it, as this rank sees it; nil on a rank that has no part in it.
    public let bytes: UnsafeMutableRawBufferPointer?
    /// Which share this rank fills.
    public let share: Int
    /// How many shares there are.
    public let shareCount: Int
    /// Keeps the memory alive.
    public let owner: AnyObject?

    /// No memory: this rank copies nothing.
    public init() { (bytes, share, shareCount, owner) = (nil, 0, 0, nil) }

    /// Memory of several ranks.
    public init(_ bytes: UnsafeMutableRawBufferPointer, share: Int, of shareCount: Int, owner: AnyObject) {
        (self.bytes, self.share, self.shareCount, self.owner) = (bytes, share, shareCount, owner)
    }

    /// Memory of this rank alone, whose pages are there already.
    public init(privateBytes byteCount: Int) {
        let memory = PrivateMemory(byteCount)
        self.init(memory.bytes, share: 0, of: 1, owner: memory)
    }
}

/// Given back to the system when the last user lets go: unlike tensors', which are kept for the next one.
private final class PrivateMemory {
    let bytes: UnsafeMutableRawBufferPointer

    init(_ byteCount: Int) {
        bytes = .allocate(byteCount: max(1, byteCount), alignment: 4096)
        bytes.initializeMemory(as: UInt8.self, repeating: 0)
    }

    deinit { bytes.deallocate() }
}

/// From where parameters and optimizer state are written.
enum TensorSource {
    /// Where they lie: nobody changes them until they are written.
    case inPlace
    /// From a copy that the ranks have just made; without one, from copies made now.
    case copy(SnapshotMemory?)
}
