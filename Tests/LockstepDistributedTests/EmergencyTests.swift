// SPDX-License-Identifier: Apache-2.0
// Ranks that are lost, as threads: what is left of the run.

import Foundation
import LockstepChecks
import LockstepComm
import LockstepLearner
import LockstepTesting
import Testing

@Suite("A rank is lost", .serialized) struct EmergencyTests {
    @Test(
        "the last completed step is saved by one that is left, and the run goes on from it on as many ranks and on others",
        arguments: [1, 2, 3], [true, false])
    func lost(ranks: Int, divides: Bool) throws {
        try withTemporaryFolder { folder in
            #expect(throws: (any Error).self) {
                if ranks == 1 {
                    try DistributedChecks.loseRank(SoloCommunicator(), in: folder.path, divides: divides)
                } else {
                    try InProcessWorld(ranks).run {
                        try DistributedChecks.loseRank($0, in: folder.path, divides: divides)
                    }
                }
            }
            let left = CheckpointStore(folder.path + "/checkpoints").generations
            #expect(left.map(\.step) == [6])
            let bytes = try Data(contentsOf: URL(filePath: #require(left.first).path))
            for others in [ranks, ranks + 1] {
                try withTemporaryFolder { again in
                    let store = again.path + "/checkpoints"
                    try FileManager.default.createDirectory(atPath: store, withIntermediateDirectories: true)
                    try bytes.write(to: URL(filePath: CheckpointStore(store).path(step: 6)))
                    let path = again.path
                    try InProcessWorld(others).run {
                        try DistributedChecks.goOnAfterLoss($0, in: path, divides: divides, exactly: others == ranks)
                    }
                }
            }
        }
    }
}
