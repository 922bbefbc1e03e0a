// SPDX-License-Identifier: Apache-2.0
// Element-wise functions, comparisons and choices against PyTorch's results and gradients, in every memory layout.
import LockstepChecks
import LockstepTensor
import LockstepTesting
import Testing

@Suite("Element-wise against PyTorch") struct ElementwiseReferenceTests {
    @Test("functions of one operand")
    func unary() throws {
        let ops = try Reference.load("ops")
        let functions: [(String, (Tensor) -> Tensor)] = [
            ("abs", { $0.abs() }), ("cos", { $0.cos() }), ("erf", { $0.erf() }), ("erf.far", { $0.erf() }),
            ("exp", { $0.exp() }), ("exp.far", { $0.exp() }), ("gelu", { $0.gelu() }), ("gelu.far", { $0.gelu() }),
            ("leakyRelu", { $0.leakyRelu() }), ("leakyRelu.slope", { $0.leakyRelu(slope: 0.2) }), ("log", { $0.log() }),
            ("log1p", { $0.log1p() }), ("log1p.small", { $0.log1p() }), ("neg", { -$0 }), ("pow.cube", { $0.pow(3) }),
            ("pow.float", { $0.pow(-1.7) }), ("pow.half", { $0.pow(0.5) }), ("reciprocal", { $0.reciprocal() }),
            ("relu", { $0.relu() }), ("rsqrt", { $0.rsqrt() }), ("sigmoid", { $0.sigmoid() }),
            ("sigmoid.far", { $0.sigmoid() }), ("sign", { $0.sign() }), ("silu", { $0.silu() }),
            ("silu.far", { $0.silu() }), ("sin", { $0.sin() }), ("softplus", { $0.softplus() }),
            ("softplus.far", { $0.softplus() }), ("sqrt", { $0.sqrt() }), ("square", { $0.square() }),
            ("tanh", { $0.tanh() }), ("tanh.far", { $0.tanh() }), ("clamp", { $0.clamped(min: -0.5, max: 0.7) }),
            ("clamp.min", { $0.clamped(min: 0.1) }), ("isNaN", { $0.isNaN() }), ("isFinite", { $0.isFinite() }),
            ("gelu.tanh", { $0.gelu(approximation: .tanh) }), ("gelu.tanh.far", { $0.gelu(approximation: .tanh) }),
            ("relu6", { ($0 * 4).relu6() }), ("relu6.far", { ($0 * 4).relu6() }),
            ("hardsigmoid", { ($0 * 3).hardsigmoid() }), ("hardsigmoid.far", { ($0 * 3).hardsigmoid() }),
            ("hardswish", { ($0 * 3).hardswish() }), ("hardswish.far", { ($0 * 3).hardswish() }),
            ("expm1", { $0.expm1() }), ("log2", { $0.log2() }),
        ]
        for (name, function) in functions { try ops.check(name, "x") { function($0[0]) } }
    }

    @Test("functions that saturate do so at their corners, infinity included; NaN stays NaN")
    func corners() {
        let x = Tensor([-Float.infinity, -3, 0, 3, 6, Float.infinity, Float.nan]).requiringGradient()
        func expect(_ function: (Tensor) -> Tensor, _ values: [Double], _ slopes: [Double]) {
            let y = function(x)
            let leaf = x.detached.requiringGradient()
            function(leaf).sum().backward()
            expectClose(y.detached, values + [.nan], nanEqual: true)
            expectClose((leaf.gradient ?? y)[0..<6], slopes)
        }
        expect({ $0.relu6() }, [0, 0, 0, 3, 6, 6], [0, 0, 0, 1, 0, 0])
        expect({ $0.hardsigmoid() }, [0, 0, 0.5, 1, 1, 1], [0, 0, 1 / 6, 0, 0, 0])
        expect({ $0.hardswish() }, [0, 0, 0, 3, 6, .infinity], [0, 0, 0.5, 1, 1, 1])
        let far = Tensor([-1e20, 1e20] as [Float]).requiringGradient()
        far.gelu(approximation: .tanh).sum().backward()
        #expect(far.gradient?.floats == [0, 1])
        #expect(Tensor([0.125, 1, 8, 1024]).log2().floats == [-3, 0, 3, 10])
        expectClose(Tensor([1e-10, -1e-10]).expm1(), [1e-10, -1e-10], relative: 1e-6, absolute: 0)
    }

    @Test("maximum and minimum", arguments: ["same", "row", "column", "both", "scalar", "deep"])
    func extrema(kind: String) throws {
        let ops = try Reference.load("ops")
        try ops.check("maximum.\(kind)", "a", "b") { maximum($0[0], $0[1]) }
        try ops.check("minimum.\(kind)", "a", "b") { minimum($0[0], $0[1]) }
    }

    @Test("comparisons, where and powers of tensors")
    func choices() throws {
        let ops = try Reference.load("ops")
        try ops.check("eq", "a", "b") { $0[0] .== $0[1] }
        try ops.check("ne", "a", "b") { $0[0] .!= $0[1] }
        try ops.check("lt", "a", "b") { $0[0] .< $0[1] }
        try ops.check("le", "a", "b") { $0[0] .<= $0[1] }
        try ops.check("gt", "a", "b") { $0[0] .> $0[1] }
        try ops.check("ge", "a", "b") { $0[0] .>= $0[1] }
        try ops.check("where", "condition", "a", "b") { Tensor.where($0[0], $0[1], $0[2]) }
        try ops.check("pow.tensor", "a", "b") { $0[0].pow($0[1]) }
    }
}
