// SPDX-License-Identifier: Apache-2.0
// Several machines for one job, and the flags with which mpirun reaches them.

import Foundation

/// A hostfile of Open MPI and the network its hosts share.
package struct HostList {
    /// One host a line, `HOST slots=RANKS`.
    package let file: String
    /// Such as `10.1.0.0/16`; nil lets MPI try every network of every host.
    package let subnet: String?

    package init(file: String, subnet: String?) { (self.file, self.subnet) = (file, subnet) }

    /// mpirun's flags for `ranks` ranks. The variables named `LOCKSTEP_…` and `OPENBLAS_…` go with them.
    func flags(
        ranks: Int, environment: [String: String] = ProcessInfo.processInfo.environment
    ) -> [String] {
        ["--hostfile", file, "-n", "\(ranks)"] + Mpirun.hostFlags(subnet: subnet) + Mpirun.passing(environment)
    }
}
