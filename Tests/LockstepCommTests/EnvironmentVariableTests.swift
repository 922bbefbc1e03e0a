// SPDX-License-Identifier: Apache-2.0
// Variables of the environment are what they can be, or a sentence; and docs, scripts and sources know the same ones.

import Foundation
import LockstepComm
import Testing

@Suite("Environment variables")
struct EnvironmentVariableTests {
    @Test(
        "what a variable cannot be is one sentence that names it, the value and what it can be",
        arguments: [
            ("LOCKSTEP_THREADS", "x"), ("LOCKSTEP_THREADS", "0"), ("LOCKSTEP_THREADS", "-1"),
            ("LOCKSTEP_THREADS", "4,2"),
            ("LOCKSTEP_THREADS", "99999999999999999999"), ("LOCKSTEP_CONV", "fast"), ("LOCKSTEP_CONV", "BLAS"),
            ("LOCKSTEP_STALL_TIMEOUT", "0"), ("LOCKSTEP_STALL_TIMEOUT", "-3"), ("LOCKSTEP_ABORT_TIMEOUT", "nan"),
            ("LOCKSTEP_ABORT_TIMEOUT", "inf"), ("LOCKSTEP_ABORT_TIMEOUT", "soon"), ("LOCKSTEP_SHARED_MEMORY", "no"),
            ("LOCKSTEP_RANKS_PER_NODE", "0"), ("LOCKSTEP_RANKS_PER_NODE", "2.5"), ("LOCKSTEP_PRODUCTS", "mkl"),
            ("LOCKSTEP_BACKTRACE", "yes"),
        ])
    func refused(name: String, value: String) throws {
        let problem = try #require(EnvironmentVariable.problem(in: [name: value, "HOME": "/root"]))
        #expect(problem.hasPrefix("\(name) is “\(value)”; it must be "))
    }

    @Test(
        "what it can be, and nothing, are no problem",
        arguments: [
            ("LOCKSTEP_THREADS", "4"), ("LOCKSTEP_CONV", "direct"), ("LOCKSTEP_STALL_TIMEOUT", "0.5"),
            ("LOCKSTEP_ABORT_TIMEOUT", "86400"), ("LOCKSTEP_SHARED_MEMORY", "off"), ("LOCKSTEP_RANKS_PER_NODE", "1"),
            ("LOCKSTEP_PRODUCTS", "openblas"), ("LOCKSTEP_THREADS", ""), ("LOCKSTEP_OF_ANOTHER", "anything"),
        ])
    func accepted(name: String, value: String) { #expect(EnvironmentVariable.problem(in: [name: value]) == nil) }

    @Test("a value of a megabyte is not quoted whole")
    func long() {
        let problem = EnvironmentVariable.problem(in: ["LOCKSTEP_CONV": String(repeating: "x", count: 1 << 20)])
        #expect(problem.map { $0.count < 200 } == true)
    }

    @Test("a program with one that cannot be says so and has no ranks")
    func world() async {
        await #expect(processExitsWith: .success) {
            setenv("LOCKSTEP_STALL_TIMEOUT", "never", 1)
            do {
                _ = try World.current()
                exit(1)
            } catch let error as CommunicatorError {
                exit(error.code == .environment && error.message.contains("LOCKSTEP_STALL_TIMEOUT") ? 0 : 2)
            } catch { exit(3) }
        }
    }

    @Test("every variable that sources read is declared, and every declared one is in the documentation")
    func declared() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let known = Set(EnvironmentVariable.all.map(\.name))
        // Those of the build and of scripts are no program's.
        let others: Set = [
            "LOCKSTEP_NO_ONEDNN", "LOCKSTEP_NO_IMAGES", "LOCKSTEP_COMMIT", "LOCKSTEP_PYTHON", "LOCKSTEP_BENCH_ROWS",
            "LOCKSTEP_ONEDNN",
            "LOCKSTEP_READERS",
        ]
        let files = FileManager.default.enumerator(at: root.appending(path: "Sources"), includingPropertiesForKeys: nil)
        for case let file as URL in try #require(files) where ["swift", "c", "h"].contains(file.pathExtension) {
            let text = try String(contentsOf: file, encoding: .utf8)
            for match in text.matches(of: /"(LOCKSTEP_[A-Z_]+)/) where !others.contains(String(match.1)) {
                #expect(known.contains(String(match.1)), "\(file.lastPathComponent)")
            }
        }
        let page = try String(contentsOf: root.appending(path: "docs/distributed.md"), encoding: .utf8)
        for name in known.sorted() {
            #expect(page.components(separatedBy: "| `\(name)` |").count == 2, "\(name): one row")
        }
    }
}
