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

    @Test("the portable products are the products: every edge of a tile, transposed, strided, added to what is there")
    func portableProducts() async {
        await #expect(processExitsWith: .success) {
            func numbers(_ rows: Int, _ columns: Int, _ seed: Int, _ type: DType) -> Tensor {
                let values = (0..<rows * columns).map { Double(($0 * 7919 + seed * 104_729) % 1000) / 500 - 1 }
                return Tensor(values, shape: [rows, columns]).to(type)
            }
            lsk_select_products("portable")
            precondition(lsk_uses_openblas() == 0 && lsk_uses_own_products() == 0)
            let sizes = [
                (1, 1, 1), (5, 3, 2), (6, 256, 16), (7, 257, 17), (1, 300, 40), (40, 300, 1), (97, 31, 513),
                (200, 511, 9),
                (16, 0, 16),
            ]
            for type in [DType.float32, .float64] {
                for (m, k, n) in sizes {
                    let a = numbers(m, k, 1, type), b = numbers(k, n, 2, type), c = numbers(m, n, 3, type)
                    let (x, y, z) = (a.doubles, b.doubles, c.doubles)
                    // The definition, with sums of another kind than any product has.
                    let expected = (0..<m * n).map { cell in
                        z[cell] + (0..<k).reduce(0) { $0 + x[cell / n * k + $1] * y[$1 * n + cell % n] }
                    }
                    for left in [a, a.transposed().contiguous().transposed()] {
                        for right in [b, b.transposed().contiguous().transposed()] {
                            let into = (c + 0).contiguous()
                            Tensor.multiply(left, right, into: into, beta: 1)
                            let bound = (type == .float32 ? 1e-6 : 1e-14) * Double(k + 1)
                            precondition(zip(into.doubles, expected).allSatisfy { abs($0 - $1) <= bound })
                        }
                    }
                }
            }
            // What beta = 0 multiplies is never looked at.
            let into = Tensor.full([7, 17], .nan)
            Tensor.multiply(numbers(7, 3, 1, .float32), numbers(3, 17, 2, .float32), into: into, beta: 0)
            precondition(into.floats.allSatisfy { $0.isFinite })
            lsk_select_products(nil)
            precondition((lsk_uses_own_products() != 0) == ProcessorReport.current.features.contains("avx512"))
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
