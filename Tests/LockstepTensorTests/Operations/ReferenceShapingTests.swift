// SPDX-License-Identifier: Apache-2.0
// Products, changes of shape and indexing against PyTorch's values and gradients, in every memory layout.
import LockstepChecks
import LockstepTensor
import Testing

@Suite("Products and shapes against PyTorch") struct ReferenceShapingTests {
    let ops: Reference
    init() throws { ops = try Reference.load("ops") }

    @Test(
        "matmul",
        arguments: [
            "2d", "vector.vector", "matrix.vector", "vector.matrix", "batched", "batched.shared", "batched.broadcast",
            "batched.vector", "odd",
        ])
    func matmul(name: String) throws {
        let shape = try ops.tensor("matmul.\(name)/y").shape  // scalars are written with one axis
        try ops.check("matmul.\(name)", "a", "b") { $0[0].matmul($0[1]).reshaped(shape.dimensions) }
    }

    @Test("matmul of transposed views")
    func matmulTransposed() throws {
        try ops.check("matmul.transposed.left", "a", "b") { $0[0].transposed().matmul($0[1]) }
        try ops.check("matmul.transposed.right", "a", "b") { $0[0].matmul($0[1].transposed()) }
        try ops.check("matmul.transposed.batched", "a", "b") { $0[0].matmul($0[1].transposed()) }
    }

    @Test("linear")
    func linear() throws {
        for name in ["linear", "linear.deep"] {
            try ops.check(name, "x", "weight", "bias") { $0[0].linear($0[1], $0[2]) }
        }
        try ops.check("linear.plain", "x", "weight") { $0[0].linear($0[1]) }
    }

    @Test("axes and shapes")
    func shapes() throws {
        try ops.check("reshape", "x") { $0[0].reshaped([4, -1]) }
        try ops.check("transpose", "x") { $0[0].transposed(0, 2) }
        try ops.check("transpose.negative", "x") { $0[0].transposed(-1, -2) }
        try ops.check("permute", "x") { $0[0].permuted([2, 0, 1]) }
        try ops.check("permute.reshape", "x") { $0[0].permuted([2, 0, 1]).reshaped([4, 6]) }
        try ops.check("flatten", "x") { $0[0].flattened(from: 1) }
        try ops.check("unsqueeze", "x") { $0[0].unsqueezed(axis: -2) }
        try ops.check("squeeze", "x") { $0[0].squeezed(axis: 1) }
        try ops.check("expand", "x") { $0[0].expanded(to: [2, 3, 4]) }
    }

    @Test("slices")
    func slices() throws {
        try ops.check("slice", "x") { $0[0][1, 0..<2, .stride(by: 2)] }
        try ops.check("slice.stride", "x") { $0[0][.all, 1..., .stride(from: 1, by: 2)] }
        try ops.check("slice.last", "x") { $0[0][.ellipsis, -1] }
        try ops.check("slice.negative", "x") { $0[0][.all, (-2)..., ..<(-1)] }
    }

    @Test("padding and order")
    func order() throws {
        try ops.check("pad", "x") { $0[0].padded([(0, 1), (1, 2)], value: 0.5) }
        try ops.check("pad.crop", "x") { $0[0].padded([(-1, 1)]) }
        try ops.check("pad.reflect", "x") { $0[0].padded([(2, 1)], mode: .reflect) }
        try ops.check("pad.replicate", "x") { $0[0].padded([(2, 1)], mode: .replicate) }
        try ops.check("roll", "x") { $0[0].rolled(by: 2, axis: -1) }
        try ops.check("roll.negative", "x") { $0[0].rolled(by: -1, axis: 1) }
        try ops.check("flip", "x") { $0[0].flipped(axes: [0, -1]) }
        try ops.check("tril", "x") { $0[0].tril() }
        try ops.check("triu", "x") { $0[0].triu() }
        try ops.check("tril.1", "x") { $0[0].tril(1) }
        try ops.check("triu.-1", "x") { $0[0].triu(-1) }
    }

    @Test("joining and splitting")
    func joining() throws {
        try ops.check("split", "x", ofSeveral: { $0[0].split(sizes: [1, 3], axis: -1) })
        try ops.check("chunk", "x", ofSeveral: { $0[0].chunks(3, axis: 1) })
        try ops.check("chunk.uneven", "x", ofSeveral: { $0[0].chunks(3, axis: -1) })
        for axis in [0, -1] {
            try ops.check("concat.\(axis)", "a", "b") { Tensor.concatenated($0, axis: axis) }
            try ops.check("stack.\(axis)", "a", "b") { Tensor.stacked($0, axis: axis) }
        }
    }

    @Test("reading and adding by index")
    func indices() throws {
        for axis in [0, 1] {
            try ops.check("gather.\(axis)", "x", "index") { $0[0].gather(axis: axis, index: $0[1]) }
            try ops.check("scatterAdd.\(axis)", "x", "index", "source") {
                $0[0].scatterAdd(axis: axis, index: $0[1], source: $0[2])
            }
        }
        for axis in [0, -1] {
            try ops.check("indexSelect.\(axis)", "x", "index") { $0[0].indexSelect(axis: axis, index: $0[1]) }
        }
        try ops.check("select.mask", "x", "mask") { $0[0].selected(mask: $0[1]) }
        try ops.check("oneHot", "x") { $0[0].oneHot(classes: 5, dtype: .int64) }
        try ops.check("embedding", "indices", "weight") { embedding($0[1], $0[0]) }
        try ops.check("embedding.padding", "indices", "weight") { embedding($0[1], $0[0], paddingIndex: 1) }
    }
}
