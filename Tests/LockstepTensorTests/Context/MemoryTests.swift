// SPDX-License-Identifier: Apache-2.0
// Tests of what is said of memory. How much there is, is checked where nothing else runs: in lockstep-rank-tests.

import Testing

@testable import LockstepTensor

@Suite("Memory") struct MemoryTests {
    @Test(
        "what is held is said in mebibytes",
        arguments: [(1_572_864, "1.5"), (0, "0.0"), (1_048_575, "1.0"), (52_429, "0.1")])
    func description(bytes: Int, wanted: String) {
        let report = MemoryStatistics(systemRequests: 3, systemBytes: bytes, liveBlocks: 0)
        #expect("\(report)" == "\(wanted) MiB for tensors, in use or kept, asked for in 3 pieces")
    }
}
