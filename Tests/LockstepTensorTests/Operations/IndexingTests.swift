// SPDX-License-Identifier: Apache-2.0
// Subscripts, and reading and adding by index tensors.
import LockstepTensor
import Testing

@Suite("Indexing") struct IndexingTests {
    let x = Tensor.arange(24, dtype: .float64).reshaped([2, 3, 4])

    @Test("integers drop axes, ranges keep them")
    func basics() {
        #expect(x[1].shape == [3, 4] && x[1].doubles.first == 12)
        #expect(x[-1, -1, -1].item() == 23)
        #expect(x[0, 1...].doubles == [4, 5, 6, 7, 8, 9, 10, 11])
        #expect(x[.all, 0..<1, 3].shape == [2, 1] && x[.all, 0..<1, 3].doubles == [3, 15])
        #expect(x[0, 0, 1...2].doubles == [1, 2])
        #expect(x[0, 0, ..<2].doubles == [0, 1])
        #expect(x[0, 0, ...2].doubles == [0, 1, 2])
        #expect(x[0, 0, (-2)...].doubles == [2, 3])
        #expect(x[0, 0, ..<(-1)].doubles == [0, 1, 2])
        #expect(x[0, 0, ...(-1)].doubles == [0, 1, 2, 3])
        #expect(x[0, 0, 4...].count == 0)
    }

    @Test("strides walk either way, new axes and ellipses find their place")
    func special() {
        #expect(x[0, 0, .stride(from: 0, to: 4, by: 2)].doubles == [0, 2])
        #expect(x[0, 0, .stride(from: 1, by: 2)].doubles == [1, 3])
        #expect(x[0, 0, .stride(by: -1)].doubles == [3, 2, 1, 0])
        #expect(x[0, 0, .stride(from: -1, to: 0, by: -2)].doubles == [3, 1])
        #expect(x[.newAxis].shape == [1, 2, 3, 4])
        #expect(x[.ellipsis, .newAxis].shape == [2, 3, 4, 1])
        #expect(x[.ellipsis, 0].doubles == [0, 4, 8, 12, 16, 20])
        #expect(x[1, .ellipsis, 1].doubles == [13, 17, 21])
        #expect(x[1..., .newAxis, .all, 2].shape == [1, 1, 3])
    }

    @Test("parts share memory")
    func views() { #expect(x[1].unsafePointer == x.unsafePointer + 12 * 8) }

    @Test("gradients of parts land in their place")
    func gradients() {
        let a = scattered([3, 4])
        expectGradients(of: { $0[0][1] * $0[0][-1] }, at: [a])
        expectGradients(of: { $0[0][.stride(by: -2), 1..<3] }, at: [a])
        expectGradients(of: { $0[0].transposed()[.newAxis, 2, .ellipsis] }, at: [a])
        let p = Parameter(wrappedValue: Tensor([1, 2, 3]))
        let memory = Tensor.full([3], 9)
        p.leaf.move(to: memory)
        (p.wrappedValue[1...] * 2).sum().backward()
        (p.wrappedValue[0] * 5).backward()
        #expect(memory.floats == [5, 2, 2])
    }

    @Test("rows are selected along any axis, in any memory order", arguments: [0, 1, 2])
    func select(axis: Int) {
        let index = whole(1, 0, 1)
        let expected = Tensor.stacked(
            [1, 0, 1].map {
                x.split(sizes: [1, 1] + (x.dim(axis) > 2 ? [x.dim(axis) - 2] : []), axis: axis)[$0].squeezed(axis: axis)
            }, axis: axis)
        #expect(x.indexSelect(axis: axis, index: index).doubles == expected.doubles)
        let last = x.permuted([2, 0, 1]).contiguous().permuted([1, 2, 0])
        let result = last.indexSelect(axis: axis, index: index)
        #expect(result.doubles == expected.doubles)
        #expect(result.shape == expected.shape)
        for type in [DType.float32, .int32, .int64, .uint8, .bool, .bfloat16] {
            #expect(x.to(type).indexSelect(axis: axis, index: index).doubles == expected.to(type).doubles)
        }
        expectGradients(of: { $0[0].indexSelect(axis: axis, index: index) }, at: [scattered([2, 3, 4])])
    }

    @Test("gather and scatterAdd read and add by position")
    func gather() {
        let a = Tensor([[1, 2, 3], [4, 5, 6]])
        let index = Tensor([2, 0, 1, 1], shape: [2, 2])
        #expect(a.gather(axis: 1, index: index).floats == [3, 1, 5, 5])
        #expect(a.transposed().gather(axis: 0, index: index.transposed()).floats == [3, 5, 1, 5])
        let sum = a.scatterAdd(axis: 1, index: index, source: Tensor([[10, 20], [30, 40]]))
        #expect(sum.floats == [21, 2, 13, 4, 75, 6])
        #expect(a.floats == [1, 2, 3, 4, 5, 6])
        expectGradients(of: { $0[0].gather(axis: 1, index: index) }, at: [scattered([2, 3])])
        expectGradients(
            of: { $0[0].scatterAdd(axis: 1, index: index, source: $0[1]) },
            at: [scattered([2, 3]), scattered([2, 2])])
    }

    @Test("a mask selects elements or rows")
    func masks() {
        let a = Tensor([[1, 2], [3, 4], [5, 6]])
        #expect(a.selected(mask: Tensor([true, false, true], shape: [3])).floats == [1, 2, 5, 6])
        let mask = Tensor([true, false, false, true, true, false], shape: [3, 2])
        #expect(a.selected(mask: mask).floats == [1, 4, 5])
        #expect(a.selected(mask: Tensor([false, false, false], shape: [3])).shape == [0, 2])
        expectGradients(of: { $0[0].selected(mask: mask) }, at: [scattered([3, 2])])
    }

    @Test("embedding reads rows; the padding row gets no gradient")
    func embeddingRows() {
        let w = scattered([4, 3])
        let index = Tensor([1, 3, 1, 0], shape: [2, 2])
        #expect(embedding(w, index).shape == [2, 2, 3])
        #expect(embedding(w, index)[0, 1].doubles == w[3].doubles)
        expectGradients(of: { embedding($0[0], index) }, at: [w])
        let leaf = w.requiringGradient()
        embedding(leaf, index, paddingIndex: -1).sum().backward()
        #expect(leaf.gradient?.doubles == [1, 1, 1, 2, 2, 2, 0, 0, 0, 0, 0, 0])
        #expect(embedding(w, Tensor.zeros([0], dtype: .int64)).shape == [0, 3])
        let p = Parameter(wrappedValue: Tensor.ones([2, 1]))
        let memory = Tensor.full([2, 1], 9)
        p.leaf.move(to: memory)
        for _ in 0..<2 { embedding(p.wrappedValue, whole(1, 1)).sum().backward() }
        #expect(memory.floats == [0, 4])
    }

    @Test("an index out of range names operation, value and size")
    func mistakes() async {
        let slice = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor.zeros([2, 5])[0, 5]
        }
        #expect(sentence(slice).contains("subscript: index 5 is out of bounds for axis 1 with size 5 of shape [2, 5]"))
        #expect(sentence(slice).contains("IndexingTests.swift"))
        let range = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor.zeros([2, 5])[.all, 3..<9]
        }
        #expect(sentence(range).contains("subscript: bound 9 is outside axis 1 with size 5 of shape [2, 5]"))
        let select = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor.zeros([2, 5]).indexSelect(axis: 0, index: whole(0, 2))
        }
        #expect(sentence(select).contains("indexSelect: index 2 is out of bounds for an axis of size 2"))
        let lookup = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = embedding(Tensor.zeros([2, 5]), whole(-1))
        }
        #expect(sentence(lookup).contains("embedding: index -1 is out of bounds for an axis of size 2"))
    }
}
