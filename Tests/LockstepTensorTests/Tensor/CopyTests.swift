// SPDX-License-Identifier: Apache-2.0
// Copies between memory orders: tiles of 16×16, their edges, and every element size.
import LockstepTensor
import Testing

@Suite("Copies") struct CopyTests {
    @Test(
        "a transposed copy holds the same elements",
        arguments: [(1, 1), (7, 9), (8, 8), (15, 16), (16, 17), (33, 47), (64, 5), (5, 64), (100, 128)],
        DType.allCases)
    func transposed(_ size: (Int, Int), _ type: DType) {
        let (rows, columns) = size
        let values = (0..<rows * columns).map { Double($0 % 127) }
        let x = Tensor(values, shape: [rows, columns]).to(type)
        let y = x.view([columns, rows], strides: [1, columns]).contiguous()
        let expected = type == .bool ? values.map { $0 == 0 ? 0 : 1 } : values
        for i in 0..<rows {
            for j in 0..<columns where y.doubles.count <= 512 || (i + j) % 7 == 0 {
                #expect(y.view([], strides: [], offset: j * rows + i).item() == expected[i * columns + j])
            }
        }
    }

    @Test("permuted images of any channel count", arguments: [1, 3, 8, 16, 19])
    func permuted(_ channels: Int) {
        let (n, h, w) = (3, 5, 7)
        let x = Tensor(spread(n * channels * h * w), shape: [n, channels, h, w])
        let nhwc = Tensor.uninitialized(
            x.shape, strides: [channels * h * w, 1, w * channels, channels], dtype: .float64)
        Tensor.copy(x, into: nhwc)
        #expect(nhwc.doubles == x.doubles)
        #expect(nhwc.contiguous().isContiguous && nhwc.contiguous().doubles == x.doubles)
    }
}
