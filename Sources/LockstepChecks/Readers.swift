// SPDX-License-Identifier: Apache-2.0
// The programs of others that read what is written for them: where they are, and what they say of it.

package import Foundation

/// Python with onnx, onnxruntime and tensorboard, which `make test-readers` installs outside the tree.
package enum Readers {
    private static let usual = "\(NSHomeDirectory())/.cache/lockstep/readers-venv/bin/python"
    /// That of LOCKSTEP_READERS, or where `make test-readers` puts it.
    package static let python = ProcessInfo.processInfo.environment["LOCKSTEP_READERS"] ?? usual
    package static let isThere = FileManager.default.isExecutableFile(atPath: python)

    /// What a script of Tests/Peers prints about a folder.
    package static func output(
        of script: String, about folder: String
    ) throws -> (status: Int32, output: Data, errors: String) {
        let process = Process()
        process.executableURL = URL(filePath: python)
        let peers = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Tests/Peers")
        process.arguments = [peers.appending(path: script).standardized.path, folder]
        // Into files: two pipes could wait for each other.
        let place = FileManager.default.temporaryDirectory.appending(path: "readers-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: place) }
        let files = ["output", "errors"].map { place.appending(path: $0) }
        for file in files { try Data().write(to: file) }
        process.standardOutput = try FileHandle(forWritingTo: files[0])
        process.standardError = try FileHandle(forWritingTo: files[1])
        try process.run()
        process.waitUntilExit()
        return (
            process.terminationStatus, try Data(contentsOf: files[0]),
            String(decoding: try Data(contentsOf: files[1]), as: UTF8.self)
        )
    }
}
