// SPDX-License-Identifier: Apache-2.0
// Runs the built `lockstep` in a folder of its own, as a person would.
import Foundation
import Testing

/// The built command, in an empty folder that goes away with this object.
final class Command {
    /// What a run left behind.
    struct Result {
        var status: Int32
        var output: String
        var errors: String
        var lines: [Substring] { output.split(separator: "\n") }
    }

    let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "lockstep-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    /// What was started and may still run: a test that fails on its way leaves nothing behind.
    private var started: [Process] = []

    deinit {
        for process in started where process.isRunning { process.terminate() }
        try? FileManager.default.removeItem(at: folder)
    }

    /// Writes a file for the command to read.
    func write(_ bytes: some Sequence<UInt8>, to name: String) throws {
        let file = folder.appending(path: name)
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: file)
    }

    func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: folder.appending(path: name).path) }

    /// Runs `lockstep arguments` to its end.
    func callAsFunction(_ arguments: String...) throws -> Result { try finish(start(arguments)) }

    /// Starts it. What it writes goes to files: nobody has to read while it runs.
    ///
    /// - Parameter program: Another program to run in its place.
    func start(_ arguments: [String], program: String? = nil) throws -> Process {
        let own = try #require(Self.program, "the command is not built: it should lie beside the test program")
        let process = Process()
        process.executableURL = URL(filePath: program ?? own)
        process.arguments = arguments
        process.currentDirectoryURL = folder
        var environment = ProcessInfo.processInfo.environment.merging(["COLUMNS": "80"]) { $1 }
        // The command decides for itself; whoever runs the tests may have told mpirun something else.
        environment["OMPI_MCA_rmaps_base_oversubscribe"] = nil
        process.environment = environment
        process.standardInput = FileHandle.nullDevice
        for name in ["stdout", "stderr"] { try write([], to: name) }
        process.standardOutput = try FileHandle(forWritingTo: folder.appending(path: "stdout"))
        process.standardError = try FileHandle(forWritingTo: folder.appending(path: "stderr"))
        try process.run()
        started.append(process)
        return process
    }

    /// Waits for its end, two minutes at most.
    func finish(_ process: Process, within seconds: Double = 120) throws -> Result {
        process.finish("the command", within: seconds)
        func text(_ name: String) throws -> String {
            String(decoding: try Data(contentsOf: folder.appending(path: name)), as: UTF8.self)
        }
        return Result(status: process.terminationStatus, output: try text("stdout"), errors: try text("stderr"))
    }

    /// The command that was built together with this test program.
    static var program: String? {
        guard let own = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") else { return nil }
        let path = URL(filePath: own).deletingLastPathComponent().appending(path: "lockstep").path
        return access(path, X_OK) == 0 ? path : nil
    }
}

extension Process {
    /// Waits for its end; one that does not come is recorded, and brought about.
    func finish(_ name: String, within seconds: Double) {
        let deadline = Date() + seconds
        while isRunning, Date() < deadline { usleep(5000) }
        if isRunning {
            terminate()
            Issue.record("\(name) did not end within \(seconds) s")
        }
        waitUntilExit()
    }
}

/// Checks that a run was refused with one sentence that holds all of `words`.
func expectRefused(
    _ result: Command.Result, _ status: Int32, _ words: String..., at location: SourceLocation = #_sourceLocation
) {
    #expect(result.status == status, "\(result.errors)", sourceLocation: location)
    let lines = result.errors.split(separator: "\n")
    #expect(lines.count == 1, "one sentence: \(result.errors)", sourceLocation: location)
    #expect(lines.first?.hasPrefix("lockstep: ") == true, "\(result.errors)", sourceLocation: location)
    for word in words { #expect(result.errors.contains(word), "\(result.errors)", sourceLocation: location) }
}
