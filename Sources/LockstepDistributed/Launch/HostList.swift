// SPDX-License-Identifier: Apache-2.0
// Several machines for one job, and the flags with which mpirun reaches them.

import Foundation
import LockstepComm

/// A hostfile of Open MPI and the network its hosts share.
package struct HostList {
    /// One host a line, `HOST slots=RANKS`.
    let file: String
    /// Such as `10.1.0.0/16`; nil lets MPI try every network of every host.
    let subnet: String?

    package init(file: String, subnet: String?) { (self.file, self.subnet) = (file, subnet) }

    /// mpirun's flags for `ranks` ranks. The variables named `LOCKSTEP_…` and `OPENBLAS_…` go with them; mpirun passes on
    /// only its own.
    func flags(
        ranks: Int, environment: [String: String] = ProcessInfo.processInfo.environment
    ) -> [String] {
        var flags = ["--hostfile", file, "-n", "\(ranks)", "--map-by", "slot", "--bind-to", "core:overload-allowed"]
        // A host that falls silent is noticed within half a minute: the default is five minutes.
        for (name, seconds) in [("time", 10), ("intvl", 5), ("probes", 3)] {
            flags += ["--mca", "oob_tcp_keepalive_\(name)", "\(seconds)"]
        }
        if let subnet { flags += ["--mca", "btl_tcp_if_include", subnet, "--mca", "oob_tcp_if_include", subnet] }
        for name in environment.keys.sorted()
        where name != EnvironmentVariable.jobName && (name.hasPrefix("LOCKSTEP_") || name.hasPrefix("OPENBLAS_")) {
            flags += ["-x", name]
        }
        return flags
    }
}
