// SPDX-License-Identifier: Apache-2.0
// How many threads a rank gets, and which cores.
@testable import LockstepComm
import Testing

@Suite("Cores")
struct CoreShareTests {
    /// Core numbers as a mask.
    private func mask(_ cores: some Sequence<Int>) -> [UInt8] {
        var mask = [UInt8](repeating: 0, count: 4)
        for core in cores { mask[core / 8] |= 1 << (core % 8) }
        return mask
    }

    @Test("ranks bound to cores of their own use those; ranks that share all cores divide them")
    func threads() {
        let bound = CoreShare(masks: [mask(0..<4), mask(4..<8)], own: 1)
        #expect((bound.usable, bound.node, bound.threads) == (4, 8, 4))
        let free = CoreShare(masks: [mask(0..<8), mask(0..<8), mask(0..<8)], own: 0)
        #expect((free.usable, free.node, free.threads) == (8, 8, 2))
        #expect(CoreShare(masks: [mask(0..<1), mask(1..<2)], own: 0).threads == 1)
        #expect(CoreShare(masks: [[UInt8]](repeating: mask(0..<2), count: 5), own: 4).threads == 1)
        #expect(CoreShare(masks: [mask(0..<7)], own: 0).threads == 7)
    }

    @Test("a share is contiguous, nobody else's, and none where ranks outnumber cores")
    func shares() {
        let cores = [0, 1, 2, 3, 8, 9, 10]
        #expect(CoreShare.fairShare(of: cores, index: 0, count: 2) == [0, 1, 2])
        #expect(CoreShare.fairShare(of: cores, index: 1, count: 2) == [3, 8, 9])
        #expect(CoreShare.fairShare(of: cores, index: 6, count: 7) == [10])
        #expect(CoreShare.fairShare(of: cores, index: 0, count: 8) == nil)
        #expect(CoreShare.fairShare(of: [], index: 0, count: 1) == nil)
    }

    @Test("hardware threads of one core count once")
    func siblings() {
        let pairs: (Int) -> String? = { "\($0 % 4),\($0 % 4 + 4)\n" }
        #expect(CoreShare.wholeCores(mask(0..<8), siblings: pairs) == mask(0..<4))
        #expect(CoreShare.wholeCores(mask([1, 5, 6]), siblings: pairs) == mask([1, 6]))
        #expect(CoreShare.wholeCores(mask(0..<4), siblings: { "\($0 / 2 * 2)-\($0 / 2 * 2 + 1)" }) == mask([0, 2]))
        #expect(CoreShare.wholeCores(mask(0..<4), siblings: { _ in nil }) == mask(0..<4))
        #expect(CoreShare.wholeCores(mask(0..<2), siblings: { _ in "0-999999,x,9-1" }) == mask(0..<1))
    }

    @Test(
        "what the user has set counts, ours before the libraries'",
        arguments: [
            ([:], nil), (["OMP_NUM_THREADS": "4,2"], 4), (["OPENBLAS_NUM_THREADS": "3", "OMP_NUM_THREADS": "1"], 3),
            (["LOCKSTEP_THREADS": "2", "OPENBLAS_NUM_THREADS": "8"], 2), (["LOCKSTEP_THREADS": "many"], nil),
            (["LOCKSTEP_THREADS": "0", "OMP_NUM_THREADS": "5"], 5),
        ] as [([String: String], Int?)])
    func set(environment: [String: String], threads: Int?) {
        #expect(CoreShare.threadsSet(in: environment) == threads)
    }

    @Test("cores are taken only from a binding that nobody asked for")
    func widening() {
        #expect(CoreShare.widen(environment: [:]) == nil)
        let bound = [
            "OMPI_MCA_orte_bound_at_launch": "1", "OMPI_COMM_WORLD_LOCAL_RANK": "0", "OMPI_COMM_WORLD_LOCAL_SIZE": "1",
        ]
        #expect(
            CoreShare.widen(environment: bound.merging(["OMPI_MCA_hwloc_base_binding_policy": "core"]) { $1 }) == nil)
        // Nothing is narrower than its parent here, so nothing is to be taken.
        #expect(CoreShare.widen(environment: bound) == nil)
    }
}
