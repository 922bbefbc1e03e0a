// SPDX-License-Identifier: Apache-2.0
// Whether `lockstep train` begins a run, goes on with one, or finds it complete.

import Foundation
import Lockstep
import LockstepData

/// What is done in which folder.
enum RunPlan {
    /// A new run; in a new folder where none is named.
    case begin(folder: String?, Beginning)
    /// One that was begun; it must have a checkpoint unless it may begin anew.
    case goOn(folder: String, mayBegin: Bool)
    /// Nothing: the run is complete.
    case isComplete(folder: String)

    /// What a new run does about one that lies in its folder.
    enum Beginning { case refuses, overwrites, goesOn }

    /// - Throws: ``Failure`` where folders and options do not go together, or a run would be lost.
    init(_ options: WatchOptions, run: String?, recipe: String) throws {
        if options.overwrite {
            guard let run else { throw Failure.usage("--overwrite: which run? name its folder with --run") }
            self = .begin(folder: run, .overwrites)
            return
        }
        let word =
            options.resume
            ?? ProcessInfo.processInfo.environment[EnvironmentVariable.resumeName].flatMap { $0.isEmpty ? nil : $0 }
        if let folder = word, folder != "auto" {
            if run != nil { throw Failure.usage("--resume names the run's folder; leave --run out") }
            self = .goOn(folder: folder, mayBegin: false)
        } else if word != nil {
            guard let folder = run ?? RunPlan.jobFolder(recipe) else {
                throw Failure.usage("--resume auto: which run? name its folder with --run")
            }
            self = .begin(folder: folder, .goesOn)
        } else {
            self = .begin(folder: run, .refuses)
        }
        self = try lookedAt
    }

    /// The plan after a look at what lies in its folder.
    ///
    /// Looked at before ranks are started, and once more by rank 0 when the folder is its own: another job may have come to its end.
    var lookedAt: RunPlan {
        get throws {
            switch self {
            case .begin(nil, _), .begin(_, .overwrites), .isComplete: return self
            case .begin(let folder?, .refuses):
                guard !RunState.holdsRun(folder) else {
                    throw Failure(
                        description:
                            "--run \(folder): holds a run; --resume \(folder) goes on with it, --overwrite replaces it, or name another folder",
                        code: 73)
                }
                return self
            case .begin(let folder?, .goesOn):
                if try RunState.read(in: folder)?.state == .complete { return .isComplete(folder: folder) }
                return RunState.holdsRun(folder) ? .goOn(folder: folder, mayBegin: true) : self
            case .goOn(let folder, _):
                return try RunState.read(in: folder)?.state == .complete ? .isComplete(folder: folder) : self
            }
        }
    }

    /// The folder of a batch system's job: the same when the job is started again.
    private static func jobFolder(_ recipe: String) -> String? {
        let job = FolderLock.Holder.own.job.filter { $0 != "/" }
        return job.isEmpty ? nil : "runs/\(recipe)-job-\(job)"
    }

    /// The folder that is named; nil for a new one.
    var folder: String? {
        switch self {
        case .begin(let folder, _): folder
        case .goOn(let folder, _), .isComplete(let folder): folder
        }
    }

    /// The folder whose settings hold.
    var resumed: String? {
        switch self {
        case .begin: nil
        case .goOn(let folder, _), .isComplete(let folder): folder
        }
    }

    /// What a fit does about checkpoints, on every rank: no rank but the first has looked.
    var policy: ResumePolicy {
        switch self {
        case .begin(_, .goesOn), .goOn(_, mayBegin: true): .auto
        case .begin, .isComplete: .never
        case .goOn(_, mayBegin: false): .required
        }
    }
}
