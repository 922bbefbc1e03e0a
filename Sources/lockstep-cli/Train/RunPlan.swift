// SPDX-License-Identifier: Apache-2.0
// Whether `lockstep train` begins a run, goes on with one, or finds it complete.

import Foundation
import Lockstep

/// What is done in which folder.
enum RunPlan {
    /// A new run; in a new folder where none is named.
    case begin(folder: String?, overwrites: Bool)
    /// One that was begun; it must have a checkpoint unless it may begin anew.
    case goOn(folder: String, mayBegin: Bool)
    /// Nothing: the run is complete.
    case isComplete(folder: String)

    /// The variable that says what to do where `--resume` does not.
    private static let variable = "LOCKSTEP_RESUME"

    /// - Throws: ``Failure`` where folders and options do not go together, or a run would be lost.
    init(_ options: WatchOptions, run: String?, recipe: String) throws {
        let environment = ProcessInfo.processInfo.environment
        let word = options.resume ?? environment[RunPlan.variable].flatMap { $0.isEmpty ? nil : $0 }
        if let folder = word, folder != "auto" {
            if run != nil { throw Failure.usage("--resume names the run's folder; leave --run out") }
            self = try RunPlan.existing(folder) ?? .goOn(folder: folder, mayBegin: false)
        } else if word != nil {
            guard let folder = run ?? RunPlan.jobFolder(environment, recipe) else {
                throw Failure.usage("--resume auto: which run? name its folder with --run")
            }
            self =
                try RunPlan.existing(folder)
                ?? (RunState.holdsRun(folder)
                    ? .goOn(folder: folder, mayBegin: true) : .begin(folder: folder, overwrites: false))
        } else {
            if let run, !options.overwrite, RunState.holdsRun(run) {
                throw Failure(
                    description:
                        "--run \(run): holds a run; --resume \(run) goes on with it, --overwrite replaces it, or name another folder",
                    code: 73)
            }
            self = .begin(folder: run, overwrites: options.overwrite)
        }
    }

    /// A complete run.
    private static func existing(_ folder: String) throws -> RunPlan? {
        try RunState.read(in: folder)?.state == .complete ? .isComplete(folder: folder) : nil
    }

    /// The folder of a batch system's job: the same when the job is started again.
    private static func jobFolder(_ environment: [String: String], _ recipe: String) -> String? {
        let array = environment["SLURM_ARRAY_JOB_ID"].flatMap { id in
            environment["SLURM_ARRAY_TASK_ID"].map { "\(id)_\($0)" }
        }
        let job = array ?? environment["SLURM_JOB_ID"] ?? environment["PBS_JOBID"]
        return job.map { "runs/\(recipe)-job-\($0.filter { $0 != "/" })" }
    }

    /// The folder whose settings hold.
    var resumed: String? { if case .goOn(let folder, _) = self { folder } else { nil } }
}
