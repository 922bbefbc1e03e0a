// SPDX-License-Identifier: Apache-2.0
// What lies in a run's folder: nothing, a run that can go on, or one that is complete.

import Foundation
import Lockstep
import LockstepData

/// `run.json`: how far a run has come, for whoever starts it again.
struct RunState: Codable {
    /// How far a run is.
    enum Progress: String, Codable {
        /// It was begun. Whether there is a checkpoint to go on from is seen in `checkpoints`.
        case running
        /// Everything that it was to leave is there.
        case complete
    }

    /// The version of this file.
    var format = 1
    var state: Progress
    /// The version of Lockstep that wrote it.
    var lockstep = LockstepVersion.current

    static let file = "run.json"
    /// What a run leaves in its folder.
    private static let files = [
        file, "settings.json", "history.csv", "model.safetensors", "export.bundle", "predictions.csv", "results.html",
        RunInterpretation.file, RankRecord.file, "report.html", "best.safetensors", TextModelFile.name, FoldsTable.file,
    ]

    /// What `folder` says; nil where no run was begun, or by a version that did not say.
    ///
    /// - Throws: ``Failure`` (66) when it says something else.
    static func read(in folder: String) throws -> RunState? {
        let path = "\(folder)/\(file)"
        guard access(path, F_OK) == 0 else { return nil }
        guard let bytes = try? Files.read(path, limit: 1 << 20),
            let state = try? JSONDecoder().decode(RunState.self, from: Data(bytes)), state.format == 1
        else { throw Failure.noInput("\(path): does not say how far the run is; --overwrite begins it anew") }
        return state
    }

    /// Whether a run lies in `folder`, complete or not.
    static func holdsRun(_ folder: String) -> Bool {
        [file, "settings.json"].contains { access("\(folder)/\($0)", F_OK) == 0 }
            || !CheckpointStore("\(folder)/checkpoints").generations.isEmpty
    }

    func write(in files: RunFolder) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try files.write(String(decoding: try encoder.encode(self), as: UTF8.self) + "\n", to: RunState.file)
    }

    /// Removes what a run has left in `folder`.
    static func clear(_ folder: String) {
        for file in files { unlink("\(folder)/\(file)") }
        FoldFolder.clearAll(in: folder)
        CheckpointStore("\(folder)/checkpoints").removeAll()
    }

    /// Removes the checkpoints of a run that is complete: it has nothing to resume from.
    static func removeCheckpoints(of folder: String) {
        let store = CheckpointStore("\(folder)/checkpoints")
        store.removeAll()
        Leftovers.remove(in: store.folder, isOwn: true)
        unlink("\(store.folder)/\(FolderLock.name)")
        rmdir(store.folder)
    }
}
