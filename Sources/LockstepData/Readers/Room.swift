// SPDX-License-Identifier: Apache-2.0
// Whether there is memory for what a file becomes: asked before, because running out of it ends the program.

import Glibc

/// How much memory this process may still have.
enum Room {
    /// Less than this is not asked about.
    private static let small = 16 << 20

    /// Whether `bytes` more could be had: of the address space, of the machine's memory and of the process's group.
    static func exists(for bytes: Int) -> Bool {
        guard bytes > small else { return true }
        let base = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let base, base != MAP_FAILED else { return false }
        munmap(base, bytes)
        return bytes <= mostOfMachine && bytes <= mostOfGroup
    }

    /// - Throws: `DataError` (`.tooLarge`) where they could not.
    static func require(_ bytes: Int, for what: @autoclosure () -> String, file: String) throws(DataError) {
        guard !exists(for: bytes) else { return }
        throw DataError(.tooLarge, file: file, "\(what()): there is no memory for \(bytes >> 20) MiB more")
    }

    /// The memory of the machine, or of the control group where that is less.
    static var total: Int {
        let (pages, size) = (sysconf(Int32(_SC_PHYS_PAGES)), sysconf(Int32(_SC_PAGESIZE)))
        return min(pages > 0 && size > 0 ? pages * size : 1 << 33, mostOfGroup)
    }

    /// What the kernel thinks could be had without swapping, and what could be swapped.
    private static var mostOfMachine: Int {
        guard let text = firstBytes(of: "/proc/meminfo") else { return .max }
        let sizes = text.split(separator: "\n").filter { $0.hasPrefix("MemAvailable:") || $0.hasPrefix("SwapFree:") }
            .compactMap { line in line.split(separator: " ").dropFirst().first.flatMap { Int($0) } }
        return sizes.isEmpty ? .max : sizes.reduce(0, +) * 1024
    }

    /// The limit of the control group, as containers and batch systems set it.
    private static var mostOfGroup: Int {
        groupFiles.compactMap { firstBytes(of: $0)?.split(separator: "\n").first.flatMap { Int($0) } }.min() ?? .max
    }

    /// The files that may hold it: of the group that this process is in, and of those around it.
    private static var groupFiles: [String] {
        var files = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"]
        // 4:memory:/job/step, or 0::/job/step where there is one hierarchy only.
        for line in (firstBytes(of: "/proc/self/cgroup") ?? "").split(separator: "\n") {
            let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3 else { continue }
            let isMemory = parts[1].split(separator: ",").contains("memory")
            guard isMemory || parts[1].isEmpty else { continue }
            var path = ""
            for name in parts[2].split(separator: "/") {
                path += "/" + name
                files.append(
                    isMemory
                        ? "/sys/fs/cgroup/memory\(path)/memory.limit_in_bytes" : "/sys/fs/cgroup\(path)/memory.max")
            }
        }
        return files
    }

    private static func firstBytes(of path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: 8192)
        let count = read(descriptor, &buffer, buffer.count)
        return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : nil
    }
}
