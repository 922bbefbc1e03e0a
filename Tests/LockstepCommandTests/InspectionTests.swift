// SPDX-License-Identifier: Apache-2.0
// Inspection without a command: damage of every kind, folders with checkpoints, memory.
import Foundation
import LockstepChecks
import LockstepData
import LockstepInspect
import LockstepLearner
import LockstepOptim
import LockstepTesting
import Testing

@Suite("Command: inspection")
struct InspectionTests {
    /// A resume point of a fit's second epoch.
    private static func resumePoint(epoch: Int = 1) throws -> [UInt8] {
        try withTemporaryFolder { (folder: URL) throws in
            let learner = synthLearner(optimizer: .adam(), path: folder.path)
            learner.logger = SilentLogger()
            try learner.fit(epoch)
            return try Files.read(learner.saveResumePoint(ResumePoint(epoch: epoch, batches: 2)))
        }
    }

    private static func write(_ bytes: [UInt8], _ path: String) throws {
        try Files.createFolder(URL(filePath: path).deletingLastPathComponent().path)
        try Files.writeAtomically([bytes], to: path)
    }

    private func content(_ found: Inspection, _ name: String) -> Fact? {
        found.content.first { $0.name == name }?.fact
    }

    @Test("a resume point says its place, its optimizer, the ranks and whose each part is")
    func place() throws {
        let bytes = try InspectionTests.resumePoint()
        try withTemporaryFolder { (folder: URL) throws in
            let path = "\(folder.path)/resume.safetensors"
            try InspectionTests.write(bytes, path)
            let found = Inspection.of(path)
            #expect(found.state == .whole && found.kind == "resume point" && found.checksum == "verified")
            #expect(content(found, "place")?["epoch"] == .number(1))
            #expect(content(found, "place")?["batches done"] == .number(2))
            #expect(content(found, "place")?["ranks it was written on"] == .number(1))
            #expect(content(found, "optimizer")?["rule"] == .text("adam"))
            guard case .text(let resumes)? = content(found, "resumes") else { throw Failure() }
            #expect(resumes.hasPrefix("epoch 1"), "\(resumes)")
            guard case .list(let parts)? = content(found, "parts") else { throw Failure() }
            #expect(parts.first?["part"] == .text("model") && parts[1]["part"] == .text("optimizer"), "\(parts)")
            // Everything is someone's.
            let total = parts.reduce(0) { if case .number(let bytes)? = $1["bytes"] { $0 + bytes } else { $0 } }
            guard case .number(let header)? = content(found, "header bytes") else { throw Failure() }
            #expect(total + header == bytes.count)
        }
    }
    private struct Failure: Error {}

    @Test("every truncation and every flipped bit of a resume point is damage")
    func everyBit() throws {
        let bytes = try InspectionTests.resumePoint()
        try withTemporaryFolder { (folder: URL) throws in
            let path = "\(folder.path)/resume.safetensors"
            func state(_ bytes: [UInt8]) throws -> Inspection.State {
                try Files.append(bytes, to: path, truncating: true)
                return Inspection.of(path).state
            }
            for count in stride(from: 0, to: bytes.count, by: 3) {
                #expect(try state(Array(bytes[..<count])) == .damaged, "cut to \(count) of \(bytes.count) bytes")
            }
            var random = SplitMix64(seed: 1)
            for _ in 0..<1000 {
                let (place, bit) = (
                    Int.random(in: 0..<bytes.count, using: &random), Int.random(in: 0..<8, using: &random)
                )
                var hurt = bytes
                hurt[place] ^= 1 << bit
                #expect(try state(hurt) == .damaged, "bit \(bit) of byte \(place)")
            }
            #expect(try state(bytes + [0]) == .damaged)
            #expect(try state(bytes) == .whole)
        }
    }

    @Test("a file of any kind, damaged anyhow, gets an answer")
    func hostile() throws {
        let target = try #require(FuzzTarget.all.first { $0.name == "inspect" })
        var random = SplitMix64(seed: 2)
        for seed in try target.seeds() {
            for count in 0..<min(seed.count, 120) { #expect(target.run(Array(seed[..<count])) == nil) }
            for _ in 0..<150 {
                var hurt = seed
                for _ in 0..<Int.random(in: 1...4, using: &random) {
                    hurt[Int.random(in: 0..<hurt.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
                }
                #expect(target.run(hurt) == nil)
            }
        }
    }

    @Test("a run's folder names its checkpoints from the newest on, and goes on from the newest that is whole")
    func generations() throws {
        let (old, new) = (try InspectionTests.resumePoint(epoch: 1), try InspectionTests.resumePoint(epoch: 2))
        try withTemporaryFolder { (folder: URL) throws in
            let run = folder.path
            func file(_ step: Int) -> String { "\(run)/checkpoints/step-00000000\(1000 + step).safetensors" }
            try InspectionTests.write(Array(#"{"recipe": "mlp"}"#.utf8), "\(run)/settings.json")
            try InspectionTests.write(Array(#"{"format": 1, "state": "running"}"#.utf8), "\(run)/run.json")
            try InspectionTests.write(old, file(5))
            try InspectionTests.write(new, file(20))
            func resumes() -> String {
                guard case .text(let text)? = content(Inspection.of(run), "resumes") else { return "" }
                return text
            }
            #expect(Inspection.of(run).state == .whole)
            #expect(resumes().hasPrefix("from checkpoints/step-000000001020.safetensors: epoch 2"), "\(resumes())")
            var hurt = new
            hurt[hurt.count / 2] ^= 4
            try InspectionTests.write(hurt, file(100))
            let found = Inspection.of(run)
            #expect(found.state == .damaged && found.problem?.contains("step-000000001100") == true, "\(found.text)")
            #expect(resumes().hasPrefix("from checkpoints/step-000000001020.safetensors: epoch 2"), "\(resumes())")
            guard case .list(let checkpoints)? = content(found, "checkpoints") else { throw Failure() }
            #expect(checkpoints.map { $0["step"] } == [.number(1100), .number(1020), .number(1005)])
            #expect(checkpoints.map { $0["state"] } == [.text("damaged"), .text("whole"), .text("whole")])
            #expect(checkpoints.map { $0["used"] } == [.flag(false), .flag(true), .flag(false)])
            // The folder of checkpoints alone says the same.
            #expect(Inspection.of("\(run)/checkpoints").kind == "checkpoints of a run")
            for step in [5, 20] { try InspectionTests.write([1, 2, 3], file(step)) }
            #expect(resumes() == "no: no checkpoint is whole")
            try InspectionTests.write(Array(#"{"format": 1, "state": "complete"}"#.utf8), "\(run)/run.json")
            #expect(resumes() == "no: the run is complete")
        }
    }

    @Test("who holds a run's folder is said, and the lock is not touched")
    func lock() throws {
        try withTemporaryFolder { (folder: URL) throws in
            let (run, path) = (folder.path, "\(folder.path)/.lock")
            try InspectionTests.write(Array(#"{"recipe": "mlp"}"#.utf8), "\(run)/settings.json")
            try InspectionTests.write(Array("here 17 4711_3\n".utf8), path)
            #expect(content(Inspection.of(run), "lock")?["held"] == .flag(false))
            let descriptor = open(path, O_RDWR)
            defer { close(descriptor) }
            #expect(flock(descriptor, LOCK_EX) == 0)
            let lock = try #require(content(Inspection.of(run), "lock"))
            #expect(lock["held"] == .flag(true) && lock["host"] == .text("here"))
            #expect(lock["process"] == .number(17) && lock["job"] == .text("4711_3"))
        }
    }

    @Test("tensors are not held in memory")
    func memory() async {
        let result = await #expect(processExitsWith: .success) {
            /// A line of what the kernel says of this process's memory, in MiB.
            func memory(_ name: String) throws -> Int {
                let lines = try String(contentsOfFile: "/proc/self/status", encoding: .utf8).split(separator: "\n")
                let line = try #require(lines.first { $0.hasPrefix(name) })
                return (line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) } ?? 0) / 1024
            }
            let path = FileManager.default.temporaryDirectory.appending(path: "lockstep-large-\(getpid())").path
            defer { unlink(path) }
            try Safetensors.write(
                [.init(name: "w", type: .uint8, shape: [1 << 28], bytes: [UInt8](repeating: 3, count: 1 << 28))],
                to: path)
            // Forgets the most there was so far.
            try Files.append(Array("5".utf8), to: "/proc/self/clear_refs")
            let before = try memory("VmRSS:")
            try #require(Inspection.of(path).checksum == "verified")
            let more = try memory("VmHWM:") - before
            try #require(more < 32, "\(more) MiB for a file of 256 MiB")
        }
        _ = result
    }
}
