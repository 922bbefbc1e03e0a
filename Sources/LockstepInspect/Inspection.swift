// SPDX-License-Identifier: Apache-2.0
// What a file or folder is, what is in it, and whether it is whole.

import Foundation
import LockstepData

/// The answer of `lockstep inspect`.
///
/// Any bytes may lie at the place: nothing in them ends the program, and memory stays within 64 times the file's size for
/// tables and JSON, within 64 times the header for safetensors, and within a few mebibytes for the rest, logs and traces
/// included, which are read a piece at a time.
package struct Inspection {
    /// Whether it can be used.
    package enum State: String, Sendable {
        /// All that could be checked agrees.
        case whole
        /// It is not what was written, or nothing that Lockstep writes.
        case damaged
        /// It is not there, or cannot be read.
        case unreadable

        /// The code with which the command ends.
        package var exitCode: Int32 {
            switch self {
            case .whole: 0
            case .damaged: 65
            case .unreadable: 66
            }
        }
    }

    /// Where it lies.
    package let path: String
    /// What it is: `resume point`, `export bundle`, …; `unknown`.
    package internal(set) var kind: String
    /// Bytes; nil for folders and what is not there.
    package internal(set) var size: Int?
    package internal(set) var state = State.whole
    /// What its checksum says: `verified`, `none`, …; nil for folders and what has not come so far.
    package internal(set) var checksum: String?
    /// What is wrong; nil when nothing is.
    package internal(set) var problem: String?
    /// What usually helps.
    package internal(set) var remedy: String?
    /// What is in it.
    package internal(set) var content: [Fact.Named] = []

    init(_ path: String, kind: String) { (self.path, self.kind) = (path, kind) }

    /// Looks at `path`.
    package static func of(_ path: String) -> Inspection {
        // A folder that is named with a slash at its end is one, too.
        Files.isFolder(path) ? folder(path) : file(path)
    }

    /// Notes that it cannot be used.
    mutating func fail(_ error: DataError) {
        state = error.code == .unreadable ? .unreadable : .damaged
        problem = (error.place.map { "\($0): " } ?? "") + error.reason
        remedy = error.remedy
    }

    mutating func fail(_ reason: String) { (state, problem) = (.damaged, reason) }

    // MARK: As text

    private var head: [Fact.Named] {
        [
            .init("path", path), .init("kind", kind), .init("bytes", size), .init("state", state.rawValue),
            .init("checksum", checksum), .init("problem", problem), .init("remedy", remedy),
        ]
    }

    /// A page for a person.
    package var text: String { Fact.lines(head + content).joined(separator: "\n") }

    /// The same as one JSON document, its keys in alphabetical order.
    package var json: String {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            let all = Fact.group(head + [.init("content", .group(content))])
            return String(decoding: try encoder.encode(all), as: UTF8.self)
        }
    }
}
