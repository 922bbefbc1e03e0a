// SPDX-License-Identifier: Apache-2.0
// When this process started and how much memory it has had, as the system tells.

import Glibc

enum ProcessFacts {
    /// Seconds since the kernel started this process: what loading libraries costs is in it. Zero where `/proc` is missing.
    static var secondsSinceStart: Double {
        var now = timespec()
        clock_gettime(CLOCK_BOOTTIME, &now)
        guard let ticks = startTicks else { return 0 }
        return Double(now.tv_sec) + Double(now.tv_nsec) / 1e9 - ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// The largest resident memory this process has had, in MiB.
    static var peakMebibytes: Int {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return (usage.ru_maxrss + 512) / 1024
    }

    /// The memory at present that no file is behind, in bytes: what the kernel cannot take back.
    static var privateBytes: Int {
        let descriptor = open("/proc/self/statm", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return 0 }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 128)
        let count = max(0, read(descriptor, &bytes, bytes.count))
        let pages = String(decoding: bytes[..<count], as: UTF8.self).split(separator: " ").prefix(3).map {
            Int($0) ?? 0
        }
        return pages.count == 3 ? (pages[1] - pages[2]) * sysconf(Int32(_SC_PAGESIZE)) : 0
    }

    /// The memory this process fills at present, in MiB: its own, and of what it shares with n − 1 processes the n-th part
    /// (`Pss_Anon` and `Pss_Shmem` of `/proc/self/smaps_rollup`). The code of programs and libraries, of which there is one
    /// copy whoever uses it, is not in it. Zero where the kernel does not tell (before Linux 5.4).
    static var ownMebibytes: Double {
        guard let file = fopen("/proc/self/smaps_rollup", "r") else { return 0 }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 256)
        var kibibytes = 0.0
        while fgets(&line, Int32(line.count), file) != nil {
            let words = String(decoding: line.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self).split(
                separator: " ")
            guard words.count > 1, ["Pss_Anon:", "Pss_Shmem:"].contains(words[0]) else { continue }
            kibibytes += Double(words[1]) ?? 0
        }
        return kibibytes / 1024
    }

    /// Bytes that this machine, or this network namespace, has sent over its networks; the loop back to itself is none.
    /// Zero where `/proc` is missing.
    static var sentBytes: Int {
        guard let file = fopen("/proc/self/net/dev", "r") else { return 0 }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 512)
        var sum = 0
        while fgets(&line, Int32(line.count), file) != nil {
            sum += sent(inLine: String(decoding: line.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self))
        }
        return sum
    }

    /// What a line of `/proc/net/dev` says that a network has sent; 0 for the loop, and for the lines of the heading.
    static func sent(inLine line: String) -> Int {
        let parts = line.split(separator: ":", maxSplits: 1)
        let numbers = parts.last?.split(separator: " ") ?? []
        // Eight columns of what has come, then as many of what has gone.
        guard parts.count == 2, numbers.count >= 9, parts[0].drop(while: { $0 == " " }) != "lo" else { return 0 }
        return Int(numbers[8]) ?? 0
    }

    /// Field 22 of `/proc/self/stat`, counted after the program's name, which may hold spaces.
    private static var startTicks: Double? {
        guard let file = fopen("/proc/self/stat", "r") else { return nil }
        defer { fclose(file) }
        var bytes = [CChar](repeating: 0, count: 1024)
        guard fgets(&bytes, Int32(bytes.count), file) != nil else { return nil }
        let line = String(decoding: bytes.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        guard let end = line.lastIndex(of: ")") else { return nil }
        let fields = line[line.index(after: end)...].split(separator: " ")
        return fields.count > 19 ? Double(fields[19]) : nil
    }
}
