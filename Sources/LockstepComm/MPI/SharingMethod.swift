// SPDX-License-Identifier: Apache-2.0
// Which kind of memory the ranks of a node share, and how that is decided.

/// Through what the ranks of a node share memory.
enum SharingMethod: Int, Sendable {
    /// Windows of MPI, in the memory file system.
    case windows = 2
    /// Anonymous files.
    case files = 1
    /// They do not.
    case none = 0

    var text: String {
        switch self {
        case .windows: "MPI windows in \(SharedMemory.directory)"
        case .files: "memfd"
        case .none: "none"
        }
    }
}

extension SharingMethod {
    /// What `LOCKSTEP_SHARED_MEMORY` allows: "off", "window", "memfd", or both of these.
    static func allowed(_ setting: String?) -> (windows: Bool, files: Bool) {
        switch setting {
        case "off": (false, false)
        case "window": (true, false)
        case "memfd": (false, true)
        default: (true, true)
        }
    }

    /// The best one that every rank can use, and whether files may take over from windows later. Collective over `whole`.
    /// - Parameter needed: bytes of a node's first windows.
    static func choose(
        _ whole: MPIGroup, _ node: MPIGroup, needed: Int, setting: String?
    ) throws -> (method: SharingMethod, mayUseFiles: Bool) {
        let allowed = allowed(setting)
        let hasRoom = node.size == 1 || SharedMemory.freeBytes >= needed
        let own = (allowed.windows && hasRoom ? 2 : 0) + (allowed.files ? 1 : 0)
        let common = try whole.allGather(own).reduce(3, &)
        if common & 2 != 0 { return (.windows, common & 1 != 0) }
        guard common & 1 != 0 else { return (.none, false) }
        let works = try node.size == 1 || MemoryFiles.allocate(node, ranks: [], byteCount: 1) != nil
        return try whole.allGather(works ? 1 : 0).allSatisfy { $0 == 1 } ? (.files, true) : (.none, false)
    }
}
