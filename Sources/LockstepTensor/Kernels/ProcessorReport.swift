// SPDX-License-Identifier: Apache-2.0
// What the processor can do and which matrix kernels were chosen for it, for `lockstep doctor`.

import CLockstepKernels

/// The processor, the BLAS library and the choice made between its kernels when the program was loaded.
///
/// OpenBLAS picks kernels by the processor's model. A version older than the processor does not know it and falls back
/// to AVX2 kernels, at half the speed of what AVX-512 gives. Then the choice is made again, once, before the first
/// product. A choice the user made with `OPENBLAS_CORETYPE` always stands.
public struct ProcessorReport: Sendable {
    /// Vector instructions the processor has, e.g. `["avx2", "fma", "avx512"]`.
    public let features: [String]
    /// How the BLAS library describes its build.
    public let library: String
    /// The kernels the library had chosen.
    public let coreFound: String
    /// The kernels in use.
    public let coreChosen: String
    /// One sentence that says why.
    public let reason: String
    /// Threads a kernel may use on this thread: ``ComputeContext/threads``.
    public let threadsPerRank: Int
    /// Whether float32 products of 16 rows and columns or more run on our own AVX-512 kernels and not on the BLAS library's:
    /// where the processor has AVX-512. `LOCKSTEP_PRODUCTS=openblas` turns them off, and `portable` OpenBLAS as well.
    public let usesOwnProducts: Bool
    /// Whether the products that these leave run on OpenBLAS, and not on the portable ones.
    package let usesOpenBLAS: Bool

    /// Who multiplies, in a few words: where they are equal, products have equal bits.
    package var products: String {
        let rest = usesOpenBLAS ? "OpenBLAS for \(coreChosen)" : "portable C"
        return usesOwnProducts ? "own AVX-512 kernels in float32, \(rest) elsewhere" : rest
    }

    /// Whether the library's own choice was replaced.
    public var isReselected: Bool { coreFound != coreChosen }

    /// What holds now.
    public static var current: ProcessorReport {
        var raw = lsk_get_processor_report()
        let names: [(Int, String)] = [
            (LSK_HAS_AVX2, "avx2"), (LSK_HAS_FMA, "fma"), (LSK_HAS_AVX512, "avx512"),
            (LSK_HAS_AVX512_BF16, "avx512_bf16"), (LSK_HAS_AVX512_VNNI, "avx512_vnni"),
        ]
        let found = withUnsafeBytes(of: &raw.core_found) { name(in: $0) }
        let chosen = withUnsafeBytes(of: &raw.core_chosen) { name(in: $0) }
        return ProcessorReport(
            features: names.filter { Int(raw.features) & $0.0 != 0 }.map(\.1),
            library: String(cString: lsk_blas_configuration()), coreFound: found, coreChosen: chosen,
            reason: sentence(raw.reason, found: found, chosen: chosen), threadsPerRank: ComputeContext.current.threads,
            usesOwnProducts: lsk_uses_own_products() != 0, usesOpenBLAS: lsk_uses_openblas() != 0)
    }

    private static func name(in bytes: UnsafeRawBufferPointer) -> String {
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }

    private static func sentence(_ reason: lsk_core_reason, found: String, chosen: String) -> String {
        switch reason {
        case LSK_CORE_HAS_AVX512: "the library chose \(found) itself, which uses AVX-512"
        case LSK_CORE_NO_AVX512: "the processor has no AVX-512, so the library's choice \(found) stands"
        case LSK_CORE_USER: "OPENBLAS_CORETYPE is set, so \(chosen) stands"
        case LSK_CORE_FIXED:
            "this OpenBLAS was built for one processor (\(found)) and cannot use AVX-512; a build with DYNAMIC_ARCH can"
        case LSK_CORE_RESELECTED:
            "the processor has AVX-512 but the library had chosen \(found): re-selected \(chosen) kernels"
        case LSK_CORE_NO_LIBRARY: "OpenBLAS is not built in (package trait OpenBLAS): products are this library's own"
        default: "the processor has AVX-512, but the library refused to leave \(found)"
        }
    }
}
