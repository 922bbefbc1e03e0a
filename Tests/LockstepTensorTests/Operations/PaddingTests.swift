// SPDX-License-Identifier: Apache-2.0
// Padding, rolling, flipping, triangles and unit vectors.
import LockstepTensor
import Testing

@Suite("Padding and order") struct PaddingTests {
    let row = Tensor([1, 2, 3])

    @Test("each mode adds what it says")
    func modes() {
        #expect(row.padded([(1, 2)], value: 9).floats == [9, 1, 2, 3, 9, 9])
        #expect(row.padded([(2, 1)], mode: .reflect).floats == [3, 2, 1, 2, 3, 2])
        #expect(row.padded([(2, 1)], mode: .replicate).floats == [1, 1, 1, 2, 3, 3])
        #expect(row.padded([(0, 0)]).floats == [1, 2, 3])
        let image = Tensor([[1, 2], [3, 4]])
        #expect(image.padded([(1, 0), (0, 1)]).floats == [0, 0, 0, 1, 2, 0, 3, 4, 0])
        #expect(image.padded([(1, 1)]).shape == [2, 4])
        #expect(Tensor.zeros([0]).padded([(1, 1)], value: 2).floats == [2, 2])
    }

    @Test("channels-last memory stays channels-last")
    func order() {
        let image = Tensor.ones([2, 3, 3, 4]).permuted([0, 3, 1, 2])
        for mode in PaddingMode.allCases {
            let result = image.padded([(1, 1), (1, 1)], mode: mode)
            #expect(result.shape == [2, 4, 5, 5])
            #expect(result.strides[1] == 1)
        }
    }

    @Test("rolling and flipping")
    func moves() {
        #expect(row.rolled(by: 1, axis: 0).floats == [3, 1, 2])
        #expect(row.rolled(by: -4, axis: -1).floats == [2, 3, 1])
        #expect(row.rolled(by: 3, axis: 0).floats == [1, 2, 3])
        let m = Tensor([[1, 2, 3], [4, 5, 6]])
        #expect(m.flipped(axes: [1]).floats == [3, 2, 1, 6, 5, 4])
        #expect(m.flipped(axes: [0, -1]).floats == [6, 5, 4, 3, 2, 1])
        #expect((m.flipped(axes: [0]) + m).floats == [5, 7, 9, 5, 7, 9])
        #expect(m.flipped(axes: [1]).matmul(Tensor([1, 0, 0])).floats == [3, 6])
        #expect(m.flipped(axes: [0, 1]).reshaped([3, 2]).floats == [6, 5, 4, 3, 2, 1])
        #expect(Tensor.zeros([0, 3]).flipped(axes: [0]).shape == [0, 3])
    }

    @Test("triangles", arguments: [-5, -2, -1, 0, 1, 2, 5])
    func triangles(k: Int) {
        for (rows, columns) in [(3, 4), (4, 3), (1, 1)] {
            let m = Tensor.arange(from: 1, to: Double(2 * rows * columns + 1)).reshaped([2, rows, columns])
            let (low, high) = (m.tril(k).floats, m.triu(k).floats)
            for b in 0..<2 {
                for i in 0..<rows {
                    for j in 0..<columns {
                        let at = (b * rows + i) * columns + j
                        #expect(low[at] == (j - i <= k ? m.floats[at] : 0))
                        #expect(high[at] == (j - i >= k ? m.floats[at] : 0))
                    }
                }
            }
        }
        #expect(Tensor.full([1, 2], .nan).triu(5).floats == [0, 0])
    }

    @Test("classes become unit vectors", arguments: DType.allCases)
    func oneHot(type: DType) {
        let hot = Tensor([1, 0, 2, 2], shape: [2, 2]).oneHot(classes: 3, dtype: type)
        #expect(hot.shape == [2, 2, 3] && hot.dtype == type)
        #expect(hot.ints == [0, 1, 0, 1, 0, 0, 0, 0, 1, 0, 0, 1])
    }

    @Test("gradients")
    func gradients() {
        let x = scattered([2, 3, 4])
        for mode in PaddingMode.allCases {
            expectGradients(of: { $0[0].padded([(1, 2), (3, 0)], value: 5, mode: mode) }, at: [x])
        }
        expectGradients(of: { $0[0].rolled(by: 2, axis: 1) }, at: [x])
        expectGradients(of: { $0[0].flipped(axes: [0, 2]) }, at: [x])
        expectGradients(of: { $0[0].tril(1) * $0[0].triu(-1) }, at: [x])
    }

    @Test("a mistake names operation and shape")
    func mistakes() async {
        let reflect = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor.zeros([3]).padded([(3, 0)], mode: .reflect)
        }
        #expect(sentence(reflect).contains("padded: (3, 0) is too much for axis 0 of shape [3] in mode reflect"))
        let hot = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = whole(1, 4).oneHot(classes: 4)
        }
        #expect(sentence(hot).contains("oneHot: index 4 is out of bounds for an axis of size 4"))
    }
}
