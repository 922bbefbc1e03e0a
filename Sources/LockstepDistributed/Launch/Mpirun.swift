// SPDX-License-Identifier: Apache-2.0
// What Open MPI's mpirun is told: every flag and variable of it that Lockstep knows stands here.

import Foundation
import LockstepComm

/// mpirun's flags and variables.
package enum Mpirun {
    /// Open MPI 4 refuses to start as root unless both are 1. Shell scripts have theirs from `.ci/mpi.env`.
    package static let rootVariables = ["OMPI_ALLOW_RUN_AS_ROOT", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"]

    /// The variables mpirun and its ranks need; a crashing rank must not ask anybody to press a key.
    package static let environment = Dictionary(
        uniqueKeysWithValues: rootVariables.map { ($0, "1") } + [("SWIFT_BACKTRACE", "interactive=no")])

    /// Sets them for what this process starts, unless its user has.
    package static func prepareEnvironment() {
        for (name, value) in environment { setenv(name, value, 0) }
    }

    /// For `ranks` ranks on the `cores` cores of this machine: a core each while there are enough, otherwise shared.
    package static func flags(ranks: Int, cores: Int = Launcher.usableCores) -> [String] {
        let common = ["-n", "\(ranks)"]
        return ranks <= cores
            ? common + ["--map-by", "core:OVERSUBSCRIBE", "--bind-to", "core:overload-allowed"]
            : common + ["--oversubscribe", "--bind-to", "none"]
    }

    /// Inside an allocation whose batch system tells mpirun where to start.
    package static let allocated = ["--map-by", "core"]

    /// For the hosts of a list.
    package static func hostFlags(subnet: String?) -> [String] {
        var flags = ["--map-by", "slot", "--bind-to", "core:overload-allowed"]
        // A host that falls silent is noticed within half a minute: the default is five minutes.
        for (name, seconds) in [("time", 10), ("intvl", 5), ("probes", 3)] {
            flags += ["--mca", "oob_tcp_keepalive_\(name)", "\(seconds)"]
        }
        // Open MPI tries every network of every host, and waits for those that lead nowhere.
        if let subnet { flags += ["--mca", "btl_tcp_if_include", subnet, "--mca", "oob_tcp_if_include", subnet] }
        return flags
    }

    /// What the variables that ranks on other hosts need begin with; mpirun passes on only its own.
    package static let passedPrefixes = ["LOCKSTEP_", "OPENBLAS_", "SWIFT_BACKTRACE"]

    /// Passes on those that are set.
    static func passing(_ environment: [String: String]) -> [String] {
        environment.keys.sorted()
            .filter { name in name != EnvironmentVariable.jobName && passedPrefixes.contains { name.hasPrefix($0) } }
            .flatMap { ["-x", $0] }
    }

    /// Marks the records that ranks write for who starts them.
    static func marking(_ token: String) -> [String] { ["-x", "\(EnvironmentVariable.jobName)=\(token)"] }

    /// How many seconds it sleeps when a job ends, before SIGTERM and before SIGKILL.
    private static let sleepName = "odls_base_sigkill_timeout"
    /// Sets them for who wakes it.
    static let sleeping = ["--mca", sleepName, "\(MpirunSleep.seconds)"]
    /// Whether its user has set them.
    static var hasOwnSleep: Bool { ProcessInfo.processInfo.environment["OMPI_MCA_\(sleepName)"] != nil }

    /// Gives standard input to a rank other than 0.
    static func standardInput(to rank: Int) -> [String] { ["--stdin", "\(rank)"] }
}
