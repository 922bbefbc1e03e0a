// SPDX-License-Identifier: Apache-2.0
// The folder a run leaves its files in.

import Foundation
import Lockstep

/// One folder, the same on every rank, made by rank 0.
struct RunFolder {
    let folder: String

    /// Makes the folder: the one given, or a new `runs/<recipe>-<date>-<time>`. Collective.
    /// - Throws: ``Failure`` (73) on every rank when it cannot be made.
    init(_ given: String?, recipe: String, over ranks: any Communicator) throws {
        var chosen = ""
        try ranks.onRankZero("run folder") {
            chosen = try given.map(Self.make) ?? Self.makeNew("runs/\(recipe)-\(Self.now)")
        }
        folder = try ranks.broadcast(chosen, name: "run folder")
    }

    func path(_ file: String) -> String { "\(folder)/\(file)" }

    /// Writes a file of text whole or not at all.
    func write(_ text: String, to file: String) throws {
        do {
            try Data(text.utf8).write(to: URL(filePath: path(file)), options: .atomic)
        } catch {
            throw Failure(description: "\(path(file)) cannot be written: \(error.localizedDescription)", code: 73)
        }
    }

    private static func make(_ folder: String) throws -> String {
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw Failure(
                description: "the run's folder \(folder) cannot be made: \(error.localizedDescription)", code: 73)
        }
        return folder
    }

    /// Two runs of the same second get two folders.
    private static func makeNew(_ name: String) throws -> String {
        _ = try make("runs")
        var (folder, number) = (name, 1)
        while mkdir(folder, 0o777) != 0 {
            guard errno == EEXIST else { return try make(folder) }
            number += 1
            folder = "\(name)-\(number)"
        }
        return folder
    }

    private static var now: String {
        let parts = Calendar(identifier: .gregorian).dateComponents(
            [.year, .month, .day, .hour, .minute, .second], from: Date())
        let (year, month, day) = (parts.year ?? 0, parts.month ?? 0, parts.day ?? 0)
        return String(
            format: "%04d%02d%02d-%02d%02d%02d", year, month, day, parts.hour ?? 0, parts.minute ?? 0, parts.second ?? 0
        )
    }
}
