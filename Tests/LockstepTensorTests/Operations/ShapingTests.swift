// SPDX-License-Identifier: Apache-2.0
// Axes reordered, merged, split and joined.
import LockstepTensor
import Testing

@Suite("Shaping") struct ShapingTests {
    let x = Tensor.arange(24, dtype: .float64).reshaped([2, 3, 4])

    @Test("axes are exchanged and reordered as views")
    func reorder() {
        #expect(x.transposed().shape == [2, 4, 3])
        #expect(x.transposed(0, -1)[3, 1, 0].item() == x[0, 1, 3].item())
        let p = x.permuted([2, 0, -2])
        #expect(p.shape == [4, 2, 3])
        #expect(p[3, 1, 2].item() == 23)
        #expect(p.unsafePointer == x.unsafePointer)
    }

    @Test("a view is reshaped without a copy where its strides allow it")
    func viewReshape() {
        let split = x.transposed(0, 1).reshaped([3, 2, 2, 2])
        #expect(split.unsafePointer == x.unsafePointer)
        #expect(split.doubles == x.transposed(0, 1).doubles)
        let merged = x.permuted([2, 0, 1]).reshaped([4, 6])
        #expect(merged.unsafePointer == x.unsafePointer)
        #expect(merged.doubles == x.permuted([2, 0, 1]).doubles)
        let copied = x.transposed(0, 1).reshaped([6, 4])
        #expect(copied.unsafePointer != x.unsafePointer)
        #expect(copied.doubles == x.transposed(0, 1).doubles)
        #expect(x[.all, 1].reshaped([1, 8]).doubles == [4, 5, 6, 7, 16, 17, 18, 19])
        #expect(Tensor([5]).expanded(to: [2, 3]).reshaped([6]).floats == [5, 5, 5, 5, 5, 5])
    }

    @Test("axes of size one come and go")
    func squeeze() {
        #expect(x.unsqueezed(axis: -1).shape == [2, 3, 4, 1])
        #expect(x.unsqueezed(axis: 0).unsqueezed(axis: 2).squeezed().shape == [2, 3, 4])
        #expect(x.unsqueezed(axis: 1).squeezed(axis: 1).shape == [2, 3, 4])
        #expect(Tensor(3).unsqueezed(axis: 0).shape == [1])
    }

    @Test("axes are merged")
    func flatten() {
        #expect(x.flattened().shape == [24])
        #expect(x.flattened(from: 1).shape == [2, 12])
        #expect(x.flattened(to: -2).shape == [6, 4])
        #expect(Tensor(3).flattened().shape == [1])
        #expect(Tensor.zeros([0, 3]).flattened().shape == [0])
    }

    @Test("split and concatenated undo each other", arguments: [0, 1, 2, -1])
    func joining(axis: Int) {
        for sizes in [[1, 1], [0, 2], [2, 0]] {
            let rest = x.dim(axis) - 2
            let parts = x.split(sizes: sizes + [rest], axis: axis)
            #expect(parts.map { $0.dim(axis) } == sizes + [rest])
            #expect(Tensor.concatenated(parts, axis: axis).doubles == x.doubles)
        }
    }

    @Test("chunks are as PyTorch's")
    func chunks() {
        let v = Tensor.arange(10)
        #expect(v.chunks(4).map(\.count) == [3, 3, 3, 1])
        #expect(v.chunks(6).map(\.count) == [2, 2, 2, 2, 2])
        #expect(v.chunks(1).map(\.count) == [10])
    }

    @Test("stacked adds an axis and promotes types")
    func stacked() {
        let s = Tensor.stacked([Tensor([1, 2]), Tensor([3, 4]), Tensor([5, 6])], axis: -1)
        #expect(s.shape == [2, 3] && s.floats == [1, 3, 5, 2, 4, 6])
        let mixed = Tensor.concatenated([Tensor([1, 2] as [Int32]), Tensor([0.5])])
        #expect(mixed.dtype == .float32 && mixed.floats == [1, 2, 0.5])
    }

    @Test("channels-last memory stays channels-last when images are joined")
    func order() {
        let image = Tensor.zeros([2, 4, 4, 3]).permuted([0, 3, 1, 2])
        let joined = Tensor.concatenated([image, image + 1], axis: 1)
        #expect(joined.shape == [2, 6, 4, 4])
        #expect(joined.strides[1] == 1)
        #expect(joined[0, .all, 0, 0].floats == [0, 0, 0, 1, 1, 1])
    }

    @Test("gradients pass through every change of shape")
    func gradients() {
        let a = scattered([2, 3, 2]), b = scattered([2, 1, 2], seed: 2)
        expectGradients(of: { $0[0].transposed(0, 2).reshaped([3, 4]) }, at: [a])
        expectGradients(of: { $0[0].permuted([1, 2, 0]).flattened(from: 1) }, at: [a])
        expectGradients(of: { $0[0].unsqueezed(axis: 1).squeezed(axis: 1) }, at: [a])
        expectGradients(of: { Tensor.concatenated([$0[0], $0[1], $0[0]], axis: 1) }, at: [a, b])
        expectGradients(of: { Tensor.stacked([$0[0], $0[0] * $0[0]], axis: -1) }, at: [a])
        expectGradients(
            of: {
                let parts = $0[0].split(sizes: [1, 0, 1, 1], axis: 1)
                return parts[0] * parts[3] + parts[0]
            }, at: [a])
    }

    @Test("a mistake names the operation, the shape and the caller's values")
    func mistakes() async {
        let split = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor.zeros([2, 5]).split(sizes: [2, 2], axis: 1)
        }
        #expect(sentence(split).contains("split: sizes [2, 2] do not add up to 5, the size of axis 1 of shape [2, 5]"))
        let permuted = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor.zeros([2, 5]).permuted([0, 0])
        }
        #expect(sentence(permuted).contains("permuted: [0, 0] does not name every axis of shape [2, 5] once"))
        let joined = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor.concatenated([Tensor.zeros([2, 5]), Tensor.zeros([2, 4])])
        }
        #expect(sentence(joined).contains("concatenated: [2, 4] does not continue [2, 5] along axis 0"))
    }
}
