// SPDX-License-Identifier: Apache-2.0
// Metrics that cannot be merged end the work of all ranks alike, instead of reporting one rank's part.

import LockstepComm
import LockstepLearner

extension RankCoordinator {
    /// Throws the same error on every rank when any rank knows of a metric that cannot be merged. Collective.
    func verifyMergeable(_ metrics: [Metric]) throws {
        guard communicator.size > 1 else { return }
        let own = metrics.lazy.compactMap(\.mergeProblem).first
        let first = try communicator.allReduce(
            own == nil ? communicator.size : communicator.rank, .min, name: "metrics")
        guard first < communicator.size else { return }
        throw ReplicaError(
            code: .metricNotMergeable, message: try communicator.broadcast(own ?? "", from: first, name: "metrics"))
    }
}
