// SPDX-License-Identifier: Apache-2.0
// Event files read without TensorBoard, as far as records go, and by the real one where it is installed.

import Foundation
import LockstepChecks
import SwiftProtobuf
import Testing

@testable import LockstepTensorBoard

/// What TensorBoard shows of a folder.
struct Shown: Decodable {
    let scalars: [String: [[Double?]]]
    let histograms: [String: [[Double]]]
    let texts: [String: String]
    let files: [String]

    init(_ folder: String) throws {
        let (status, output, errors) = try Readers.output(of: "tensorboard_reader.py", about: folder)
        #expect(status == 0, "\(errors)")
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
