// SPDX-License-Identifier: Apache-2.0
// The folder a run leaves its files in.

import Foundation
import Lockstep
import LockstepData

/// One folder, the same on every rank, made by rank 0.
struct RunFolder {
    let folder: String
    /// Whether there is nothing left to do.
    let isComplete: Bool
    /// Held by rank 0 as long as this run works here.
    private let lock: FolderLock?

    /// Makes the folder: the one planned, or a new `runs/<recipe>-<date>-<time>`. Collective.
    /// - Throws: ``Failure`` (73) on every rank when it cannot be made, or another job works in it.
    init(_ plan: RunPlan, recipe: String, over ranks: any Communicator) throws {
        let given = plan.folder
        var lock: FolderLock?
        var isComplete = false
        var (chosen, problem) = ("", "")
        if ranks.isRankZero {
            do {
                if let given {
                    chosen = try Self.make(given)
                } else {
                    chosen = try Self.makeNew("runs/\(recipe)-\(Self.now)")
                }
                lock = try FolderLock(chosen)
                Leftovers.remove(in: chosen)
                if case .isComplete = try plan.lookedAt {
                    isComplete = true
                    RunState.removeCheckpoints(of: chosen)
                }
                if case .begin(_, .overwrites) = plan { RunState.clear(chosen) }
            } catch {
                problem = error is Failure ? "\(error)" : "the run's folder \(error)"
            }
        }
        problem = try ranks.broadcast(problem, name: "run folder")
        guard problem.isEmpty else { throw Failure(description: problem, code: 73) }
        folder = try ranks.broadcast(chosen, name: "run folder")
        self.isComplete = try ranks.anyRank(isComplete, name: "run folder")
        self.lock = lock
    }

    /// Says that a run is complete, and takes away what it would have resumed from, if it was killed before it did.
    static func sayComplete(_ folder: String, _ log: RunLog) {
        // Not beside another job, which may begin it anew.
        if let lock = try? FolderLock(folder, patience: 0) {
            withExtendedLifetime(lock) { RunState.removeCheckpoints(of: folder) }
        }
        log.tell("the run in \(folder) is complete\n")
        log.event("complete", [("folder", .text(folder))])
    }

    func path(_ file: String) -> String { "\(folder)/\(file)" }

    /// Writes a file of text whole or not at all.
    func write(_ text: String, to file: String) throws {
        try Output.write(text, to: path(file))
    }

    private static func make(_ folder: String) throws(DataError) -> String {
        try Files.createFolder(folder)
        return folder
    }

    /// Two runs of the same second get two folders.
    private static func makeNew(_ name: String) throws(DataError) -> String {
        try Files.createFolder("runs")
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
