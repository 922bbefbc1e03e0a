// SPDX-License-Identifier: Apache-2.0
// The rule that chooses matrix kernels, and what was chosen here.
import CLockstepKernels
import Foundation
import LockstepTensor
import Testing

@Suite("Processor") struct ProcessorTests {
    @Test("kernels are selected again only where AVX-512 would lie idle and the user has not chosen")
    func rule() {
        let wide = Int32(LSK_HAS_AVX512)
        #expect(lsk_judge_core("Haswell", wide, nil, 1) == LSK_CORE_RESELECTED)
        #expect(lsk_judge_core("Zen", wide, "", 1) == LSK_CORE_RESELECTED)
        #expect(lsk_judge_core("Zen", wide, "Zen", 1) == LSK_CORE_USER)
        #expect(lsk_judge_core("Zen", wide, nil, 0) == LSK_CORE_FIXED)
        #expect(lsk_judge_core("Haswell", Int32(LSK_HAS_AVX2), nil, 1) == LSK_CORE_NO_AVX512)
        for core in ["SkylakeX", "Cooperlake", "SapphireRapids"] {
            #expect(lsk_judge_core(core, wide, nil, 1) == LSK_CORE_HAS_AVX512)
        }
    }

    @Test("the report agrees with itself")
    func report() {
        let report = ProcessorReport.current
        #expect(!report.reason.isEmpty && !report.coreChosen.isEmpty)
        #expect(report.threadsPerRank == 1)
        if report.features.contains("avx512") && !report.reason.contains("OPENBLAS_CORETYPE") {
            #expect(report.reason.contains("AVX-512"))
        }
    }

    @Test("selecting again changes the kernels and leaves the environment as and where it is")
    func reselection() async {
        await #expect(processExitsWith: .success) {
            let report = ProcessorReport.current
            guard report.features.contains("avx512"), !report.reason.contains("OPENBLAS_CORETYPE") else { return }
            let a = Tensor.ones([65, 33]), b = Tensor.ones([33, 31])
            let place = environ
            for core in ["Haswell", "SkylakeX"] where lsk_select_core(core) != 0 {
                precondition(ProcessorReport.current.coreChosen == core)
                precondition(a.matmul(b).floats.allSatisfy { $0 == 33 })
            }
            precondition(getenv("OPENBLAS_CORETYPE") == nil && environ == place)
        }
    }
}
