// SPDX-License-Identifier: Apache-2.0
// Repeating, writing by index, resampling, einsum and their kind against PyTorch, in every memory layout.
import LockstepChecks
import LockstepTensor
import LockstepTesting
import Testing

@Suite("Operations of networks against PyTorch") struct ReferenceOperationTests {
    let data: Reference
    init() throws { data = try Reference.load("operations") }

    @Test("repeating, and what is made of halves, squares and lengths")
    func repeating() throws {
        let cases: [(String, (Tensor) -> Tensor)] = [
            ("repeatInterleaved", { $0.repeatInterleaved(3, axis: 1) }),
            ("repeatInterleaved.flat", { $0.repeatInterleaved(2) }), ("repeated", { $0.repeated([2, 1, 3]) }),
            ("repeated.deeper", { $0.repeated([2, 3, 1, 2]) }), ("tiled", { $0.tiled([2, 3]) }),
            ("glu", { $0.glu() }), ("normalized", { $0.normalized() }),
            ("normalized.1", { $0.normalized(order: 1, axis: -1) }), ("windows", { $0.windows(axis: 2, size: 3) }),
            ("windows.strided", { $0.windows(axis: 1, size: 1, step: 2) }),
            ("remainder.number", { $0.remainder(by: -0.7) }),
            ("floorDivided.number", { $0 - $0.floorDivided(by: 0.3) }),
            ("pixelShuffle", { $0.pixelShuffle(2) }), ("pixelUnshuffle", { $0.pixelUnshuffle(2) }),
        ]
        for (name, function) in cases { try data.check(name, "x") { function($0[0]) } }
        try data.check("repeatInterleaved.counts", "x", "counts") { $0[0].repeatInterleaved($0[1], axis: 1) }
        try data.check("unbind", "x", ofSeveral: { $0[0].unbind(axis: 1) })
        for indexing in Tensor.GridIndexing.allCases {
            try data.check(
                "meshgrid.\(indexing)", "a", "b", "c", ofSeveral: { Tensor.meshgrid($0, indexing: indexing) })
        }
        try data.check("weightNorm", "v", "g") { Tensor.weightNorm($0[0], $0[1]) }
    }

    @Test("division that rounds down")
    func remainders() throws {
        try data.check("remainder", "a", "b") { $0[0].remainder(by: $0[1]) }
        try data.check("floorDivided", "a", "b") { $0[0].floorDivided(by: $0[1]) }
        try data.check("remainder.integers", "a", "b") { $0[0].remainder(by: $0[1]) }
        try data.check("floorDivided.integers", "a", "b") { $0[0].floorDivided(by: $0[1]) }
    }

    @Test("writing and reading by index")
    func writing() throws {
        for axis in [0, 1] {
            try data.check("scatter.\(axis)", "x", "index", "source") {
                $0[0].scatter(axis: axis, index: $0[1], source: $0[2])
            }
        }
        try data.check("scatter.value", "x", "index") { $0[0].scatter(axis: 0, index: $0[1], value: 1.5) }
        try data.check("indexAdd.0", "x", "index", "source") { $0[0].indexAdd(axis: 0, index: $0[1], source: $0[2]) }
        try data.check("indexAdd.1", "x", "index", "source") {
            $0[0].indexAdd(axis: 1, index: $0[1], source: $0[2], alpha: -0.5)
        }
        for name in ["maskedScatter", "maskedScatter.row"] {
            try data.check(name, "x", "mask", "source") { $0[0].maskedScatter($0[1], source: $0[2]) }
        }
        try data.check("nonzero", "x") { $0[0].nonzero() }
        try data.check("index.1", "x", "i") { $0[0][$0[1]] }
        try data.check("index.2", "x", "i", "j") { $0[0][$0[1], $0[2]] }
    }

    @Test("images and sequences of another size", arguments: InterpolationMode.allCases)
    func interpolation(mode: InterpolationMode) throws {
        let name = mode == .nearestExact ? "nearest-exact" : "\(mode)"
        if mode != .linear {
            for (label, size) in [("larger", [7, 9]), ("smaller", [3, 2]), ("same", [5, 4]), ("one", [1, 1])] {
                let key = "interpolated.\(name).\(label)"
                try data.check(key, "x") { $0[0].interpolated(to: size, mode: mode) }
                if data.contains("\(key).corners/x") {
                    try data.check("\(key).corners", "x") {
                        $0[0].interpolated(to: size, mode: mode, alignCorners: true)
                    }
                }
            }
            for scale in [2.0, 1.7, 0.6] {
                try data.check("interpolated.\(name).scale.\(scale)", "x") {
                    $0[0].interpolated(scale: scale, mode: mode)
                }
            }
        }
        if mode != .bilinear && mode != .bicubic {
            for size in [9, 3] {
                try data.check("interpolated.sequence.\(name).\(size)", "x") {
                    $0[0].interpolated(to: [size], mode: mode)
                }
            }
        }
    }

    @Test("images read at the positions of a grid", arguments: GridSampleMode.allCases, GridSamplePadding.allCases)
    func grids(mode: GridSampleMode, padding: GridSamplePadding) throws {
        for corners in [false, true] {
            try data.check("gridSample.\(mode).\(padding).\(corners ? "True" : "False")", "x", "grid", absolute: 1e-5) {
                $0[0].gridSample($0[1], mode: mode, padding: padding, alignCorners: corners)
            }
        }
    }

    @Test("windows as columns and back")
    func unfolding() throws {
        let options: [(String, Pair, Pair, Pair)] = [
            ("plain", 1, 0, 1), ("strided", 2, 1, 1), ("dilated", 1, [0, 1], [1, 2]),
        ]
        for (name, stride, padding, dilation) in options {
            try data.check("unfolded.\(name)", "x") {
                $0[0].unfolded(kernelSize: [2, 3], stride: stride, padding: padding, dilation: dilation)
            }
            try data.check("folded.\(name)", "x") {
                $0[0].folded(to: [5, 7], kernelSize: [2, 3], stride: stride, padding: padding, dilation: dilation)
            }
        }
    }

    @Test("convolutions of volumes, and transposed ones of sequences")
    func convolutions() throws {
        try data.check("convTranspose1d.plain", "x", "weight", "bias") { $0[0].convTranspose1d($0[1], bias: $0[2]) }
        try data.check("convTranspose1d.strided", "x", "weight", "bias") {
            $0[0].convTranspose1d($0[1], bias: $0[2], stride: 2, padding: 1, outputPadding: 1)
        }
        try data.check("convTranspose1d.grouped", "x", "weight", "bias") {
            $0[0].convTranspose1d($0[1], bias: $0[2], dilation: 2, groups: 2)
        }
        try data.check("conv3d.plain", "x", "weight", "bias", absolute: 1e-5) { $0[0].conv3d($0[1], bias: $0[2]) }
        try data.check("conv3d.strided", "x", "weight", "bias", absolute: 1e-5) {
            $0[0].conv3d($0[1], bias: $0[2], stride: [2, 1, 2], padding: [1])
        }
        try data.check("conv3d.grouped", "x", "weight", "bias", absolute: 1e-5) {
            $0[0].conv3d($0[1], bias: $0[2], padding: [0, 1, 2], dilation: [1, 2, 1], groups: 2)
        }
    }

    @Test("sums of products in Einstein's notation, and attention of grouped queries")
    func products() throws {
        let pairs = [
            "matmul": "ij,jk->ik", "batched": "bij,bjk->bik", "transposed": "bhqd,bhkd->bhqk", "outer": "i,j->ij",
            "sum": "ij,kl->j", "implicit": "ij,jk", "inner": "ijk,ijk->", "ellipsis": "...ij,...jk->...ik",
            "reordered": "abc,cd -> dba", "broadcast": "ij,ij->i",
        ]
        for (name, equation) in pairs.sorted(by: { $0.key < $1.key }) {
            try data.check("einsum.\(name)", "a", "b", absolute: 1e-5) {
                let y = Tensor.einsum(equation, $0[0], $0[1])
                return y.rank == 0 ? y.reshaped(try data.tensor("einsum.\(name)/y").shape) : y
            }
        }
        for (name, equation) in [("trace", "ii->"), ("diagonal", "ii->i"), ("transpose", "ij->ji"), ("sums", "ij->j")] {
            try data.check("einsum.\(name)", "x") {
                let y = Tensor.einsum(equation, $0)
                return y.rank == 0 ? y.reshaped(try data.tensor("einsum.\(name)/y").shape) : y
            }
        }
        try data.check("einsum.three", "a", "b", "c", absolute: 1e-5) { Tensor.einsum("ij,jk,kl->il", $0) }
        try data.check("einsum.bilinear", "a", "b", "c", absolute: 1e-5) { Tensor.einsum("bn,anm,bm->ba", $0) }
        try data.check("attention.grouped", "q", "k", "v", absolute: 1e-5) {
            .scaledDotProductAttention($0[0], $0[1], $0[2], causal: true, groupedQueries: true)
        }
    }
}
