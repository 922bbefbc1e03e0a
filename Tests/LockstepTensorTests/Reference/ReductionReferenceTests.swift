// SPDX-License-Identifier: Apache-2.0
// Reductions, softmax and sorting against PyTorch's results and gradients, in every memory layout.
import LockstepChecks
import LockstepTensor
import Testing

extension Reference {
    /// As `check`, for results that the file may hold as one element of shape [1] where ours is a scalar.
    fileprivate func checkReduction(
        _ name: String, line: Int = #line, _ function: (Tensor) -> Tensor
    ) throws {
        let stored = try tensor(name + "/y").shape
        try check(name, "x", line: line) { inputs in
            let y = function(inputs[0])
            return y.rank == 0 && stored.rank == 1 ? y.reshaped([1]) : y
        }
    }
}

@Suite("Reductions against PyTorch") struct ReductionReferenceTests {
    static let axes: [(String, [Int])] = [
        ("all", [0, 1, 2]), ("0", [0]), ("1", [1]), ("-1", [-1]), ("0,2", [0, 2]), ("-2,-1", [-2, -1]),
    ]

    @Test("sum, mean, logSumExp, max, min, variance and standardDeviation", arguments: axes)
    func overAxes(_ name: String, _ axes: [Int]) throws {
        let ops = try Reference.load("ops")
        try ops.checkReduction("sum.\(name)") { $0.sum(axes: axes) }
        try ops.checkReduction("mean.\(name)") { $0.mean(axes: axes) }
        try ops.checkReduction("logSumExp.\(name)") { $0.logSumExp(axes: axes) }
        try ops.checkReduction("max.\(name)") { $0.max(axes: axes) }
        try ops.checkReduction("min.\(name)") { $0.min(axes: axes) }
        for correction in [0, 1] {
            try ops.checkReduction("variance.\(name).correction\(correction)") {
                $0.variance(axes: axes, correction: correction)
            }
            try ops.checkReduction("standardDeviation.\(name).correction\(correction)") {
                $0.standardDeviation(axes: axes, correction: correction)
            }
        }
    }

    @Test("kept axes and transposed inputs")
    func keptAndTransposed() throws {
        let ops = try Reference.load("ops")
        try ops.checkReduction("sum.-1.keep") { $0.sum(axis: -1, keepDims: true) }
        try ops.checkReduction("mean.-1.keep") { $0.mean(axis: -1, keepDims: true) }
        try ops.checkReduction("logSumExp.-1.keep") { $0.logSumExp(axis: -1, keepDims: true) }
        try ops.checkReduction("sum.1.transposed") { $0.transposed(0, 2).sum(axis: 1) }
        try ops.checkReduction("mean.1.transposed") { $0.transposed(0, 2).mean(axis: 1) }
        try ops.checkReduction("logSumExp.1.transposed") { $0.transposed(0, 2).logSumExp(axis: 1) }
    }

    @Test("argmax, argmin, any and all")
    func indices() throws {
        let ops = try Reference.load("ops")
        for (name, axis) in [("all", nil), ("0", 0), ("1", 1), ("-1", -1)] as [(String, Int?)] {
            try ops.checkReduction("argmax.\(name)") { $0.argmax(axis: axis) }
            try ops.checkReduction("argmin.\(name)") { $0.argmin(axis: axis) }
        }
        try ops.checkReduction("any.all") { $0.any() }
        try ops.checkReduction("any.1") { $0.any(axis: 1) }
        try ops.checkReduction("all.all") { $0.all() }
        try ops.checkReduction("all.0") { $0.all(axis: 0) }
    }

    @Test("norms", arguments: [1.0, 2, 3])
    func norms(order: Double) throws {
        let ops = try Reference.load("ops")
        try ops.checkReduction("norm.\(Int(order))") { $0.norm(order: order) }
        try ops.checkReduction("norm.\(Int(order)).-1") { $0.norm(order: order, axis: -1) }
        try ops.checkReduction("norm.infinity") { $0.norm(order: .infinity) }
    }

    @Test("softmax and logSoftmax")
    func softmax() throws {
        let ops = try Reference.load("ops")
        try ops.check("softmax.0", "x") { $0[0].softmax(axis: 0) }
        try ops.check("softmax.-1", "x") { $0[0].softmax(axis: -1) }
        try ops.check("softmax.1.of3", "x") { $0[0].softmax(axis: 1) }
        try ops.check("logSoftmax.0", "x") { $0[0].logSoftmax(axis: 0) }
        try ops.check("logSoftmax.-1", "x") { $0[0].logSoftmax(axis: -1) }
        try ops.check("logSoftmax.large", "x") { $0[0].logSoftmax(axis: -1) }
    }

    @Test("topK, sorted and cumsum", arguments: [0, -1])
    func sorting(axis: Int) throws {
        let ops = try Reference.load("ops")
        func pair(_ result: (values: Tensor, indices: Tensor)) -> [Tensor] { [result.values, result.indices] }
        try ops.check("topK.\(axis)", "x", ofSeveral: { pair($0[0].topK(2, axis: axis)) })
        try ops.check("sort.\(axis)", "x", ofSeveral: { pair($0[0].sorted(axis: axis)) })
        try ops.check("sort.\(axis).descending", "x", ofSeveral: { pair($0[0].sorted(axis: axis, descending: true)) })
        try ops.check("cumsum.\(axis)", "x") { $0[0].cumsum(axis: axis) }
    }
}
