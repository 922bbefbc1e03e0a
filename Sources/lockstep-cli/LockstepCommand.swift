// SPDX-License-Identifier: Apache-2.0
// The command `lockstep`: parses, and calls the library.

import ArgumentParser
import CLockstepCommand
import Foundation
import Lockstep
import LockstepData

@main struct LockstepCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lockstep",
        abstract: "Trains models on many CPU processes in lockstep.",
        discussion:
            "Commands that train take --ranks N (processes, over MPI) or --in-process N "
            + "(threads).\n\n"
            + ExitTable.text,
        version: LockstepVersion.told,
        subcommands: [
            Train.self, LRFind.self, Sweep.self, Predict.self, Embed.self, SampleText.self, Export.self, Serve.self,
            Report.self, Watch.self, Compare.self, Bench.self,
            LaunchCommand.self,
            Plan.self,
            Doctor.self,
            Inspect.self,
        ])

    /// Every mistake is one sentence and an exit code. Under mpirun all ranks parse the same words; one of them speaks.
    static func main() {
        StandardOutput.secure()
        do {
            let problem = EnvironmentVariable.problem(in: ProcessInfo.processInfo.environment)
            if let problem { throw Failure.usage(problem) }
            var command = try parseAsRoot()
            try command.run()
        } catch {
            Failure.end(of: error, in: self)
        }
        // What could not be written has been said by who wrote it.
        if Console.outputFailure != nil { World.end(code: 74) }
    }
}

/// The version of this package.
enum LockstepVersion {
    static let current = "0.1.0"
    /// With the commit where it is known.
    static var told: String {
        let commit = String(cString: lsc_commit())
        return commit.isEmpty ? current : "\(current) (\(commit))"
    }
}
