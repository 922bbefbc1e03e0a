// SPDX-License-Identifier: Apache-2.0
// Matrix products against three nested loops, in every layout.
import Foundation
import LockstepTensor
import Testing

/// The product by its definition.
private func plain(_ a: [Double], _ b: [Double], _ m: Int, _ k: Int, _ n: Int) -> [Double] {
    var c = [Double](repeating: 0, count: m * n)
    for i in 0..<m { for j in 0..<n { for p in 0..<k { c[i * n + j] += a[i * k + p] * b[p * n + j] } } }
    return c
}

private func close(_ a: [Double], _ b: [Double], _ tolerance: Double) -> Bool {
    a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) <= tolerance * max(1, abs($1)) }
}

@Suite("Matmul") struct MatmulTests {
    @Test(
        "the product equals its definition in both real types and every memory order",
        arguments: [
            (1, 1, 1), (16, 1, 1), (1, 16, 1), (1, 1, 17), (2, 3, 4), (15, 16, 17), (17, 31, 1), (1, 33, 40),
            (64, 5, 33),
            (3, 0, 2), (0, 4, 2), (3, 4, 0),
        ])
    func definition(m: Int, k: Int, n: Int) {
        for type in [DType.float32, .float64] {
            let a = scattered([m, k]).to(type), b = scattered([k, n], seed: 2).to(type)
            let expected = plain(a.doubles, b.doubles, m, k, n)
            let ways = [
                a.matmul(b), a.transposed().contiguous().transposed().matmul(b),
                a.matmul(b.transposed().contiguous().transposed()),
                a.transposed().contiguous().transposed().matmul(b.transposed().contiguous().transposed()),
            ]
            for product in ways {
                #expect(product.shape == [m, n])
                #expect(product.dtype == type)
                #expect(close(product.doubles, expected, type == .float32 ? 1e-5 : 1e-13))
            }
        }
    }

    /// Sizes around the edges of a tile (12 × 32), of a packed panel (512) and of one inner run (256), and one for each choice
    /// of the packed operand.
    @Test(
        "the product in float32 equals that in float64 at the edges of every tile and block",
        arguments: [
            (16, 16, 16), (12, 256, 32), (17, 16, 33), (31, 255, 47), (25, 257, 65), (24, 512, 31), (40, 513, 530),
            (600, 20, 530), (530, 18, 17), (520, 2100, 1200), (50, 1024, 70), (37, 2048, 300),
        ])
    func edges(m: Int, k: Int, n: Int) {
        let a = scattered([m, k]), b = scattered([k, n], seed: 2), c = scattered([m, n], seed: 3)
        let expected = a.to(.float64).matmul(b.to(.float64))
        let sum = (expected + c.to(.float64)).doubles
        for left in [a, a.transposed().contiguous().transposed()] {
            for right in [b, b.transposed().contiguous().transposed()] {
                #expect(close(left.matmul(right).doubles, expected.doubles, 1e-5 * Double(k).squareRoot()))
                let into = (c + 0).contiguous()
                Tensor.multiply(left, right, into: into, beta: 1)
                #expect(close(into.doubles, sum, 1e-5 * Double(k).squareRoot()))
            }
        }
    }

    @Test(
        "a row of a product has the same bits whatever other rows are there",
        .enabled(
            if: ProcessorReport.current.usesOwnProducts,
            "OpenBLAS promises no such thing: it sums in another order at the edge of a tile"),
        arguments: [(64, 300, 200), (33, 64, 700)])
    func rowsAreIndependent(m: Int, k: Int, n: Int) {
        let a = scattered([m, k]), b = scattered([k, n], seed: 2)
        let whole = a.matmul(b).floats
        for rows in [16, 20, 29] {
            #expect(a[0..<rows].matmul(b).floats == Array(whole.prefix(rows * n)))
        }
    }

    @Test("integers multiply exactly")
    func integers() {
        let a = Tensor([1, 2, 3, 4], shape: [2, 2]), b = Tensor([5, 6, 7, 8], shape: [2, 2])
        #expect(a.matmul(b).ints == [19, 22, 43, 50])
        #expect(a.matmul(b).dtype == .int64)
    }

    @Test("vectors count as a row or a column")
    func vectors() {
        let m = Tensor([[1, 2, 3], [4, 5, 6]]), v = Tensor([1, 0, -1]), w = Tensor([1, 2])
        #expect(m.matmul(v).shape == [2] && m.matmul(v).floats == [-2, -2])
        #expect(w.matmul(m).shape == [3] && w.matmul(m).floats == [9, 12, 15])
        #expect(v.matmul(v).shape == [] && v.matmul(v).floats == [2])
    }

    @Test("leading axes broadcast")
    func batches() {
        let a = scattered([2, 1, 3, 4]), b = scattered([5, 4, 2], seed: 3)
        let product = a.matmul(b)
        #expect(product.shape == [2, 5, 3, 2])
        for i in 0..<2 {
            for j in 0..<5 {
                #expect(close(product[i, j].doubles, plain(a[i, 0].doubles, b[j].doubles, 3, 4, 2), 1e-13))
            }
        }
        #expect(scattered([0, 3, 4]).matmul(scattered([4, 2])).shape == [0, 3, 2])
        #expect(scattered([0, 3, 4]).matmul(scattered([0, 4, 2])).shape == [0, 3, 2])
    }

    @Test("gradients of matrices, vectors, batches and transposed views")
    func gradients() {
        expectGradients(of: { $0[0].matmul($0[1]) }, at: [scattered([3, 4]), scattered([4, 2], seed: 2)])
        expectGradients(
            of: { $0[0].transposed().matmul($0[1].transposed()) }, at: [scattered([4, 3]), scattered([2, 4])])
        expectGradients(of: { $0[0].matmul($0[1]) }, at: [scattered([4]), scattered([4, 2], seed: 2)])
        expectGradients(of: { $0[0].matmul($0[1]) }, at: [scattered([2, 3, 4]), scattered([4], seed: 2)])
        expectGradients(of: { $0[0].matmul($0[1]) }, at: [scattered([2, 3, 4]), scattered([4, 2], seed: 2)])
        expectGradients(of: { $0[0].matmul($0[1]) }, at: [scattered([2, 1, 3, 4]), scattered([2, 4, 2], seed: 2)])
        expectGradients(of: { $0[0].matmul($0[1]) }, at: [scattered([3, 4]), scattered([2, 4, 2], seed: 2)])
    }

    @Test(
        "linear equals x · wᵀ + b, with and without bias and leading axes",
        arguments: [[5, 3], [3], [2, 0, 3], [2, 4, 3]])
    func linear(shape: [Int]) {
        let x = scattered(Shape(shape)), w = scattered([7, 3], seed: 2), b = scattered([7], seed: 3)
        let expected = x.matmul(w.transposed())
        #expect(close(x.linear(w).doubles, expected.doubles, 1e-13))
        #expect(close(x.linear(w, b).doubles, (expected + b).doubles, 1e-13))
        #expect(x.linear(w, b).shape == expected.shape)
        expectGradients(of: { $0[0].linear($0[1], $0[2]) }, at: [x, w, b])
    }

    @Test("linear's gradients are added straight into an arena")
    func arena() {
        let w = Parameter(wrappedValue: scattered([2, 3]).to(.float32)), b = Parameter(wrappedValue: Tensor([1, 2]))
        let memory = Tensor.full([16], 9)
        w.leaf.move(to: memory.view([2, 3], strides: [3, 1], offset: 1))
        b.leaf.move(to: memory.view([2], strides: [1], offset: 10))
        let x = Tensor([[1, 2, 3], [4, 5, 6]])
        for pass in 1...2 {
            x.linear(w.wrappedValue, b.wrappedValue).sum().backward()
            let f = Float(pass)
            #expect(
                memory.floats == [9] + [5, 7, 9, 5, 7, 9].map { $0 * f } + [9, 9, 9] + [2 * f, 2 * f] + [9, 9, 9, 9])
        }
    }

    @Test("several threads multiply at once")
    func threads() async {
        let sums = await withTaskGroup(of: Double.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    var worst = 0.0
                    for _ in 0..<20 {
                        let a = Tensor.ones([96, 130]), b = Tensor.ones([130, 70])
                        for value in a.matmul(b).doubles { worst = max(worst, abs(value - 130)) }
                    }
                    return worst
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(sums == [0, 0, 0, 0])
    }

    @Test("a mistake names both shapes")
    func mistakes() async {
        let inner = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor.zeros([2, 3]).matmul(Tensor.zeros([4, 5]))
        }
        #expect(sentence(inner).contains("matmul: inner sizes differ: [2, 3] · [4, 5]"))
        let linear = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor.zeros([2, 3]).linear(Tensor.zeros([4, 5]))
        }
        #expect(sentence(linear).contains("linear: an input of shape [2, 3] does not fit a weight of shape [4, 5]"))
    }
}
