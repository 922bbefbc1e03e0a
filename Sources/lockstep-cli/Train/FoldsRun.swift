// SPDX-License-Identifier: Apache-2.0
// `--folds k`: k models of one table, one after another, each measured on the rows that it has not seen.

import Foundation
import Lockstep
import LockstepData

/// A run of several runs, each in a folder inside: `fold-0`, `fold-1`, ….
struct FoldsRun<Source: Recipe>: Sendable {
    let recipe: Source
    let settings: TrainingSettings
    /// Those of each fold's run.
    let ofFolds: [TrainingSettings]
    let options: TrainingOptions
    let plan: RunPlan
    let log: RunLog

    /// Trains what is not complete, then leaves what all folds say together. Collective.
    func train(over ranks: any Communicator) throws {
        let started = ContinuousClock.now
        try RunWatch.endIfAsked(over: ranks)
        let files = try RunFolder(plan, recipe: settings.recipe, over: ranks)
        if files.isComplete {
            if ranks.isRankZero { RunFolder.sayComplete(files.folder, log) }
            return
        }
        try onRankZero(of: ranks) {
            try files.write(settings.json + "\n", to: "settings.json")
            try RunState(state: .running).write(in: files)
        }
        for (fold, own) in ofFolds.enumerated() {
            let folder = files.path(FoldFolder.name(fold))
            if try ranks.anyRank(ranks.isRankZero && FoldFolder.isComplete(folder), name: "fold") { continue }
            if ranks.isRankZero { log.tell("\(fold == 0 ? "" : "\n")fold \(fold) of \(ofFolds.count), in \(folder)\n") }
            let run = TrainingRun(own, options, .begin(folder: folder, .goesOn), log, partOf: files.folder)
            try run.train(recipe.ofFold(fold).task, ranks, since: started)
        }
        try onRankZero(of: ranks) { try conclude(files) }
    }

    /// What rank 0 leaves and says when every fold is complete.
    private func conclude(_ files: RunFolder) throws {
        let table = try FoldsTable(folder: files.folder, folds: ofFolds.count, ofBest: options.best)
        try files.write(table.csv, to: FoldsTable.file)
        try FoldPredictions.write(
            recipe.foldsOfRows(settings), folder: files.folder, folds: ofFolds.count, to: files.path("predictions.csv"))
        try RunState(state: .complete).write(in: files)
        let written = [FoldsTable.file, "predictions.csv", "settings.json"]
        log.event(
            "folds",
            [
                ("folds", .list(table.rows.map { .object(zip(table.names, $0).map { ($0, .number($1)) }) })),
                ("mean", .object(zip(table.names, table.means).map { ($0, .number($1)) })),
                ("deviation", .object(zip(table.names, table.deviations).map { ($0, .number($1)) })),
                ("folder", .text(files.folder)), ("files", .list(written.map { .text($0) })),
            ])
        log.tell("\n\(table.text)\nthe files of all folds lie in \(files.folder): \(written.joined(separator: ", "))\n")
    }

    /// Runs `body` on rank 0; every rank throws what it threw.
    private func onRankZero(of ranks: any Communicator, _ body: () throws -> Void) throws {
        var said = ""
        if ranks.isRankZero {
            do { try body() } catch { said = "\(exitCode(of: error) ?? 1) \(error)" }
        }
        said = try ranks.broadcast(said, name: "folds")
        guard let code = said.split(separator: " ").first.flatMap({ Int32($0) }) else { return }
        throw Failure(description: String(said.drop { $0 != " " }.dropFirst()), code: code)
    }
}

/// The folder of one fold.
enum FoldFolder {
    static func name(_ fold: Int) -> String { "fold-\(fold)" }

    static func isComplete(_ folder: String) -> Bool { (try? RunState.read(in: folder))?.state == .complete }

    /// Removes what the folds of a run have left in its folder.
    static func clearAll(in folder: String) {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        for name in names.sorted() where name.hasPrefix("fold-") && Int(name.dropFirst(5)) != nil {
            RunState.clear("\(folder)/\(name)")
            unlink("\(folder)/\(name)/\(FolderLock.name)")
            rmdir("\(folder)/\(name)")
        }
    }
}
