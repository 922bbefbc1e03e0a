// SPDX-License-Identifier: Apache-2.0
// What layers of several members put out.

import LockstepTensor

extension LinearBatchEnsemble: UnaryOutlining {
    package func outline(of x: Outline, in trial: OutlineTrial) throws(ModelMismatch) -> Outline {
        let rank = x.rank ?? 3
        try insist(
            x.kind != .bool && (rank == 2 || rank == 3 && x[1] ?? memberCount == memberCount)
                && x[-1] ?? inputs == inputs,
            "\(label): an input of shape \(x) is neither [N, \(inputs)] nor [N, \(memberCount), \(inputs)]")
        _ = try trial.made(Outline([x[0], memberCount, inputs], kind: .real), by: self)
        return try trial.made(Outline([x[0], memberCount, outputs], kind: .real), by: self, work: Double(inputs))
    }
}

extension LinearEnsemble: UnaryOutlining {
    package func outline(of x: Outline, in trial: OutlineTrial) throws(ModelMismatch) -> Outline {
        try insist(
            x.kind != .bool && x.rank ?? 3 == 3 && x[1] ?? memberCount == memberCount && x[-1] ?? inputs == inputs,
            "\(label): an input of shape \(x) is not [N, \(memberCount), \(inputs)]")
        return try trial.made(Outline([x[0], memberCount, outputs], kind: .real), by: self, work: Double(inputs))
    }
}
