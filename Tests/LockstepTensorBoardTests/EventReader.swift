// SPDX-License-Identifier: Apache-2.0
// Event files read without TensorBoard, as far as records go, and by the real one where it is installed.

import Foundation
import LockstepTensorBoard
import Testing

@testable import LockstepTensorBoard

/// The Python with tensorboard: that of LOCKSTEP_READERS, or where `make test-readers` puts it.
enum Readers {
    private static let usual = "\(NSHomeDirectory())/.cache/lockstep/readers-venv/bin/python"
    static let python = ProcessInfo.processInfo.environment["LOCKSTEP_READERS"] ?? usual
    static let isThere = FileManager.default.isExecutableFile(atPath: python)
    static let remedy = Comment("make test-readers installs the programs that read what is written")
}

/// What TensorBoard shows of a folder.
struct Shown: Decodable {
    let scalars: [String: [[Double?]]]
    let histograms: [String: [[Double]]]
    let texts: [String: String]
    let files: [String]

    init(_ folder: String) throws {
        let script = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../Peers/tensorboard_reader.py").standardized.path
        let process = Process()
        process.executableURL = URL(filePath: Readers.python)
        process.arguments = [script, folder]
        let (pipe, errors) = (Pipe(), Pipe())
        (process.standardOutput, process.standardError) = (pipe, errors)
        try process.run()
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        let said = errors.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0, "\(String(decoding: said, as: UTF8.self))")
        self = try JSONDecoder().decode(Shown.self, from: output)
    }

    func steps(_ tag: String) -> [Int] { (scalars[tag] ?? []).compactMap { $0[0].map { Int($0) } } }
    func values(_ tag: String) -> [Double?] { (scalars[tag] ?? []).map { $0[1] } }
}

/// The events of one file, each checked.
func events(_ path: String) throws -> [Tensorboard_Event] {
    let bytes = Array(try Data(contentsOf: URL(filePath: path)))
    var (events, place) = ([Tensorboard_Event](), 0)
    while place < bytes.count {
        let length = bytes[place..<place + 8].enumerated().reduce(0) { $0 + Int($1.element) << (8 * $1.offset) }
        let data = Array(bytes[place + 12..<place + 12 + length])
        #expect(Array(bytes[place..<place + 16 + length]) == EventFile.record(data))
        events.append(try Tensorboard_Event(serializedBytes: data))
        place += 16 + length
    }
    return events
}

/// The event files of a folder, in TensorBoard's order.
func eventFiles(_ folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.contains("tfevents") }.sorted()
        .map { "\(folder)/\($0)" }
}
