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
