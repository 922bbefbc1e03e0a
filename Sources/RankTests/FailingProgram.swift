// SPDX-License-Identifier: Apache-2.0
// Programs in `Lockstep.run { }` that fail: before the ranks meet or while they train, on one rank or on all.

import Glibc
import Lockstep

/// `--program early`, `early-alone`, `late`, `late-alone` or `fine`.
enum FailingProgram {
    static func run(_ kind: String) -> Never {
        Lockstep.run {
            let isAlone = kind.hasSuffix("-alone")
            if kind.hasPrefix("early"), !isAlone || Launcher.startedRank == 1 { throw unreadable }
            let data = MapDataset(Array(0..<64)) { i in
                if kind.hasPrefix("late"), i > 20, try !isAlone || World.current().rank == 1 { throw unreadable }
                return Sample(inputs: [Tensor([Float(i)])], targets: [Tensor([Float(2 * i)])])
            }
            let learner = Learner(
                dls: DataLoaders([data, data], batchSize: 8), model: Linear(1, 1), loss: .mse, defaultCallbacks: .core)
            try learner.distributed { try learner.fit(1, lr: 1e-5) }
        }
        exit(0)
    }

    private static let unreadable = DataError(.unreadable, file: "rows.csv", "cannot be opened: no such file")
}
