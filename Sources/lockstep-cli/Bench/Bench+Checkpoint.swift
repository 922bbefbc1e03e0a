// SPDX-License-Identifier: Apache-2.0
// `lockstep bench checkpoint`: what a checkpoint costs the steps beside it.

import Lockstep
import LockstepBench

extension Bench {
    /// On one rank or several.
    func runCheckpoint() throws {
        let bench = CheckpointBench(width: width ?? 4096, steps: batches ?? 60)
        let json = json
        try ranks.run { communicator in
            let result = try bench.run(over: communicator)
            if communicator.isRankZero { try say(json ? result.json : result.text) }
        }
    }
}
