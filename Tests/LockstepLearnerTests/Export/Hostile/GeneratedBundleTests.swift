// SPDX-License-Identifier: Apache-2.0
// Hundreds of bundles with valid checksums that somebody has made up: an error with a type or an answer, never a trap.

import Foundation
import LockstepData
import LockstepLearner
import LockstepNN
import LockstepTensor
import LockstepTesting
import Testing

@Suite("Export: generated hostile bundles") struct GeneratedBundleTests {
    /// Where the process that uses the bundles says how far it has come: all that is left of it when it ends before its time.
    static func log(ofChildOf parent: pid_t) -> URL {
        FileManager.default.temporaryDirectory.appending(path: "lockstep-hostile-\(parent)")
    }

    /// Writes a line there at once.
    static func say(_ text: String) {
        let file = log(ofChildOf: getppid())
        if !FileManager.default.fileExists(atPath: file.path) { try? Data().write(to: file) }
        guard let handle = try? FileHandle(forWritingTo: file) else { return }
        _ = try? handle.seekToEnd()
        try? handle.write(contentsOf: Data((text + "\n").utf8))
        try? handle.close()
    }

    /// A number of the environment: HOSTILE_FIRST and HOSTILE_COUNT make other bundles, for a night.
    static func number(_ name: String, _ usual: Int) -> Int {
        ProcessInfo.processInfo.environment[name].flatMap(Int.init) ?? usual
    }

    /// Uses `count` bundles from `first` on; returns those whose errors are of no type of this package.
    static func use(_ first: Int, _ count: Int) throws -> (strange: [String], refused: Int) {
        let bases = try HostileBase.all()
        let parts = try bases.map { try $0.parts() }
        var (strange, refused): ([String], Int) = ([], 0)
        for number in first..<first + count {
            let which = number % bases.count
            let mutation = BundleMutation(parts[which].tree, parts[which].items, seed: UInt64(number))
            say("bundle \(number), \(bases[which].name): \(mutation.log.joined(separator: "; "))")
            let start = ContinuousClock.now
            let errors = bases[which].use(try mutation.bytes())
            let seconds = (.now - start) / .seconds(1)
            if seconds > 1 { say("  took \(seconds) s") }
            if !errors.isEmpty { refused += 1 }
            for error in errors {
                let known =
                    error is ExportError || error is DataError || error is StateDictionaryError || error is LearnerError
                    || error is CallbackError
                if !known { strange.append("bundle \(number): \(type(of: error)): \(error)") }
            }
        }
        say("\(refused) of \(count) are refused")
        return (strange, refused)
    }

    @Test("what is not changed loads, predicts, validates and trains") func unchanged() throws {
        for base in try HostileBase.all() {
            let (tree, items) = try base.parts()
            #expect(base.use(try BundleMutation.file(tree.text, items)).map { "\($0)" } == [], "\(base.name)")
        }
    }

    @Test("360 bundles with valid checksums end in a typed error or an answer")
    func generated() async throws {
        // In a process of its own: a trap is then a failure that says which bundle it was.
        let log = GeneratedBundleTests.log(ofChildOf: getpid())
        // Of a night's bundles one wants to read more than the last.
        let isNight = ProcessInfo.processInfo.environment["HOSTILE_COUNT"] != nil
        defer { if !isNight { try? FileManager.default.removeItem(at: log) } }
        let ended = await #expect(processExitsWith: .success) {
            let count = GeneratedBundleTests.number("HOSTILE_COUNT", 360)
            let (strange, refused) = try GeneratedBundleTests.use(
                GeneratedBundleTests.number("HOSTILE_FIRST", 0), count)
            for line in strange { GeneratedBundleTests.say("STRANGE \(line)") }
            if !strange.isEmpty || refused < count / 2 { exit(1) }
        }
        guard ended == nil else { return }
        let text = (try? String(contentsOf: log, encoding: .utf8)) ?? ""
        let strange = text.split(separator: "\n").filter { $0.hasPrefix("STRANGE") }
        let last = text.split(separator: "\n").last ?? "before the first bundle"
        Issue.record("\((strange + [last]).joined(separator: "\n"))")
    }
}
