// SPDX-License-Identifier: Apache-2.0
// Where the exported learner is that somebody names by itself or by its run.

import Lockstep
import LockstepData

enum ExportFile {
    /// The file itself, or `export.bundle` in the folder of a run.
    ///
    /// - Parameter command: The name of the command that asks.
    /// - Throws: ``Failure`` (66) for what cannot be read, and a run that has left none.
    static func path(_ place: String, for command: String) throws -> String {
        guard Files.isFolder(place) else {
            try Failure.requireReadable(place, option: command)
            return place
        }
        let bundle = joinedPath(place, "export.bundle")
        guard Files.exists(bundle) else {
            throw Failure.noInput("\(place): holds no export.bundle; a run leaves one when its training is complete")
        }
        try Failure.requireReadable(bundle, option: command)
        return bundle
    }
}
