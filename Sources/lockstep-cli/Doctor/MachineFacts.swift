// SPDX-License-Identifier: Apache-2.0
// What can be read off this machine and this build.

import CLockstepKernels
import Foundation
import Lockstep

enum MachineFacts {
    /// The compiler this program was built with.
    static var swift: String {
        #if compiler(>=6.5)
            "6.5 or later"
        #elseif compiler(>=6.4)
            "6.4"
        #elseif compiler(>=6.3)
            "6.3"
        #else
            "6.2 or earlier"
        #endif
    }

    /// Name and release of the kernel, and what the processor is called by it.
    static var system: String {
        var names = utsname()
        guard uname(&names) == 0 else { return "unknown" }
        func text(_ field: some Any) -> String {
            withUnsafeBytes(of: field) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        }
        return "\(text(names.sysname)) \(text(names.release)) \(text(names.machine))"
    }

    /// The model's name.
    static var processor: String {
        let lines = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8))?.split(separator: "\n") ?? []
        let name = lines.first { $0.hasPrefix("model name") }?.split(separator: ":").last
        return name.map { $0.trimmingCharacters(in: .whitespaces) } ?? "unknown"
    }

    static var hasOneDNN: Bool { lsk_has_onednn() != 0 }

    /// What the environment says about who started this process.
    static var launcher: String {
        do {
            switch try Launch.decide(ProcessInfo.processInfo.environment) {
            case .solo(let hint): return hint ?? "none: one process, and MPI is not started"
            case .mpi(let size): return "MPI" + (size.map { " of \($0) ranks" } ?? "")
            }
        } catch {
            return "\(error)"
        }
    }

    /// Where shared windows live.
    struct SharedMemory: Codable {
        var directory = "/dev/shm"
        /// -1 when it is not there.
        var freeMebibytes: Int
    }

    static var sharedMemory: SharedMemory {
        let free = (try? TransportReport.collect(over: SoloCommunicator()))?.sharedMemoryFreeBytes ?? -1
        return SharedMemory(freeMebibytes: free < 0 ? -1 : free >> 20)
    }
}
