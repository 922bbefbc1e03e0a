// SPDX-License-Identifier: Apache-2.0
// Repeating, writing by index, resampling, einsum and their kind: gradients, what must hold, edges, mistakes.
import LockstepTensor
import LockstepTesting
import Testing

@Suite("Operations of networks") struct NetworkOperationTests {
    @Test("gradients agree with central differences")
    func gradients() {
        let x = sample([2, 3, 4], seed: 1)
        checkGradients(of: { $0.repeatInterleaved(2, axis: 1) }, at: x)
        checkGradients(of: { $0.repeatInterleaved(Tensor([2, 0, 1] as [Int]), axis: 1) }, at: x)
        checkGradients(of: { $0.repeated([2, 1, 3, 2]) }, at: x)
        checkGradients(of: { $0.glu() }, at: x)
        checkGradients(of: { $0.normalized(axis: -1) }, at: x)
        checkGradients(of: { $0.windows(axis: 2, size: 2) }, at: x)
        checkGradients(of: { $0[Tensor([[1, 0], [-1, 1]] as [[Int]])] }, at: x)
        checkGradients(
            of: { Tensor.meshgrid([$0[0], $0[1]])[1] * 2 + Tensor.meshgrid([$0[0], $0[1]])[0] },
            at: [
                sample([3], seed: 1), sample([2], seed: 2),
            ])
        checkGradients(of: { Tensor.weightNorm($0[0], $0[1]) }, at: [sample([3, 2, 2]), sample([3])])
        let image = sample([1, 2, 4, 3], seed: 2)
        for mode in [InterpolationMode.nearest, .nearestExact, .bilinear, .bicubic, .area] {
            checkGradients(of: { $0.interpolated(to: [5, 7], mode: mode) }, at: image)
        }
        checkGradients(of: { $0.interpolated(scale: 1.5, mode: .bicubic, alignCorners: true) }, at: image)
        checkGradients(of: { $0.unfolded(kernelSize: 2, padding: 1) }, at: image)
        checkGradients(of: { $0.pixelShuffle(2) }, at: sample([1, 8, 2, 3], seed: 2))
        checkGradients(of: { $0.pixelUnshuffle(2) }, at: sample([1, 2, 4, 6], seed: 2))
        for padding in GridSamplePadding.allCases {
            checkGradients(
                of: { $0[0].gridSample($0[1], padding: padding) },
                at: [image, sample([1, 3, 2, 2], seed: 3, in: -1.4..<1.4)])
        }
        let mask = sampleIntegers([2, 3, 4], in: 0..<2, dtype: .bool)
        checkGradients(of: { $0[0].maskedScatter(mask, source: $0[1]) }, at: [x, sample([24], seed: 4)])
        let index = Tensor([[2, 0], [1, 1]] as [[Int]])
        checkGradients(
            of: { $0[0].scatter(axis: 0, index: index, source: $0[1]) },
            at: [sample([3, 2]), sample([2, 2], seed: 5)])
        checkGradients(
            of: { $0[0].indexAdd(axis: 1, index: Tensor([1, 1] as [Int]), source: $0[1], alpha: 2) },
            at: [sample([3, 2]), sample([3, 2], seed: 5)])
        checkGradients(of: { $0[0].remainder(by: $0[1]) }, at: [x, sample([4], seed: 6, in: 0.3..<0.9)])
        checkGradients(of: { Tensor.einsum("bij,bkj,k->ib", $0) }, at: [x, sample([2, 2, 4]), sample([2])])
        checkGradients(
            of: { $0[0].conv3d($0[1], bias: $0[2], stride: [1, 2, 1], padding: [1]) },
            at: [sample([1, 2, 2, 3, 2]), sample([2, 2, 2, 2, 1]), sample([2])])
    }

    @Test("pixels shuffled come back; columns folded count each pixel as often as it is read")
    func inverses() {
        let x = sample([2, 8, 3, 5])
        expectClose(x.pixelShuffle(2).pixelUnshuffle(2), x)
        let image = sample([1, 2, 5, 6])
        let folded = image.unfolded(kernelSize: 3, stride: 3).folded(to: [3, 6], kernelSize: 3, stride: 3)
        expectClose(folded, image[.all, .all, 0..<3])
        let times = Tensor.ones([1, 1, 3, 3]).unfolded(kernelSize: 2).folded(to: 3, kernelSize: 2)
        expectClose(times, Tensor([[1, 2, 1], [2, 4, 2], [1, 2, 1]]).reshaped([1, 1, 3, 3]))
    }

    @Test("an image of the same size stays as it is, whatever the mode; infinity stays among its neighbours")
    func identity() {
        let image = sample([2, 3, 5, 4])
        for mode in InterpolationMode.allCases where mode != .linear {
            expectClose(image.interpolated(to: [5, 4], mode: mode), image, "\(mode)")
        }
        let grid = Tensor.stacked(
            Tensor.meshgrid([Tensor.linspace(-1, 1, count: 4), Tensor.linspace(-1, 1, count: 5)], indexing: .xy),
            axis: 2)
        expectClose(image.gridSample(grid.expanded(to: [2, 5, 4, 2]), alignCorners: true), image, absolute: 1e-5)
        let y = Tensor([1, Float.infinity], shape: [1, 1, 2]).interpolated(to: [4])
        #expect(y.floats == [1, 1, .infinity, .infinity])
        #expect(Tensor.full([1, 1, 2, 2], .nan).gridSample(.full([1, 1, 1, 2], 5)).item() == 0)
        #expect(!Tensor.ones([1, 1, 2, 2]).gridSample(.full([1, 1, 1, 2], .nan), padding: .border).item().isNaN)
    }

    @Test(
        "a grid has no gradient where the padding takes the pixel on the border, as PyTorch's",
        arguments: [GridSamplePadding.border, .reflection])
    func bordersOfGrids(padding: GridSamplePadding) {
        let image = Tensor([[1, 2, 4, 8, 16], [3, 5, 7, 9, 11], [0, 1, 0, 2, 0]]).reshaped([1, 1, 3, 5])
        let places = Tensor.meshgrid([Tensor([-1, -0.5, 0, 0.5, 1]), Tensor([-1, 0, 1])], indexing: .xy)
        let grid = Tensor.stacked(places, axis: 2).unsqueezed(axis: 0).requiringGradient()
        let y = image.gridSample(grid, padding: padding, alignCorners: true)
        expectClose(y.detached, image)
        y.sum().backward()
        let gradient = grid.gradient ?? .zeros([1, 3, 5, 2])
        expectClose(
            gradient[0, .all, .all, 0], Tensor([[0, 4, 8, 16, 0], [0, 4, 4, 4, 0], [0, -2, 4, -4, 0]]), "x")
        expectClose(
            gradient[0, .all, .all, 1], Tensor([[0, 0, 0, 0, 0], [-3, -4, -7, -7, -11], [0, 0, 0, 0, 0]]), "y")
    }

    @Test("integers divide exactly, also at the ends of their range; signs follow the divisor")
    func integers() {
        let least = Tensor([Int.min, Int.min, Int.max, -7, 7], shape: [5])
        let divisor = Tensor([-1, 2, Int.max - 1, 2, -2], shape: [5])
        #expect(least.floorDivided(by: divisor).ints == [Int.min, Int.min / 2, 1, -4, -4])
        #expect(least.remainder(by: divisor).ints == [0, 0, 1, 1, -1])
        let bytes = Tensor([250, 7] as [Int], shape: [2]).to(.uint8)
        // Beyond what a double holds.
        let large = Tensor([1 << 60])
        #expect(large.remainder(by: (1 << 60) - 1).ints == [1] && large.remainder(by: Int64((1 << 60) - 1)).ints == [1])
        #expect(large.floorDivided(by: (1 << 60) + 1).ints == [0])
        #expect(bytes.floorDivided(by: 16).ints == [15, 0] && bytes.remainder(by: 16).dtype == .uint8)
        #expect(Tensor([5.5, -5.5, 1]).remainder(by: 2).floats == [1.5, 0.5, 1])
        #expect(Tensor([1, -1, 0]).floorDivided(by: 0).floats[..<2] == [.infinity, -.infinity])
        #expect(Tensor([5, 6] as [Int], shape: [2]).remainder(by: 2.5).dtype == .float32)
    }

    @Test("nothing repeated, written or selected is nothing")
    func empty() {
        let x = sample([2, 3])
        #expect(x.repeatInterleaved(0, axis: 1).shape == [2, 0] && x.repeated([2, 0]).shape == [4, 0])
        #expect(Tensor.zeros([3]).nonzero().shape == [0, 1] && Tensor(1).nonzero().shape == [1, 0])
        let none = Tensor.zeros([0], dtype: .int64)
        #expect(x[none].shape == [0, 3])
        expectClose(x.indexAdd(axis: 0, index: none, source: .zeros([0, 3])), x)
        expectClose(x.scatter(axis: 0, index: .zeros([0, 3], dtype: .int64), source: .zeros([0, 3])), x)
        expectClose(x.maskedScatter(.zeros([3], dtype: .bool), source: .zeros([0])), x)
        #expect(Tensor.einsum("ij,jk->ik", .zeros([2, 0]), .zeros([0, 3])).floats == [Float](repeating: 0, count: 6))
        #expect(Tensor.einsum("ij,jk->ik", .zeros([2, 0]), .ones([1, 3])).floats == [Float](repeating: 0, count: 6))
        #expect(Tensor.einsum("ij,jk->ik", .ones([2, 1]), .zeros([0, 3])).floats == [Float](repeating: 0, count: 6))
        #expect(Tensor.weightNorm(.zeros([0, 3, 2]), .zeros([0])).shape == [0, 3, 2])
        #expect(x[Tensor(1, dtype: .int64)].floats == x[1].floats)
        expectClose(Tensor.einsum("i,i", x[0], x[1]).reshaped([1]), (x[0] * x[1]).sum().reshaped([1]))
        expectClose(Tensor.einsum("...->...", x), x)
        #expect(x.unbind(axis: 1).map(\.shape) == [[2], [2], [2]])
    }

    @Test("of two sources for one place the later stays, whatever the views", arguments: Layout.allCases)
    func twice(layout: Layout) {
        let index = Tensor([[0, 0], [0, 0], [0, 1]] as [[Int]]).laidOut(layout)
        let source = Tensor([[1, 2], [3, 4], [5, 6]]).laidOut(layout)
        #expect(Tensor.zeros([2, 2]).scatter(axis: 0, index: index, source: source).floats == [5, 4, 0, 6])
    }

    @Test("what einsum does not understand it says")
    func einsumMistakes() async {
        let names = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor.einsum("ij,jk->ik", .zeros([2, 3]))
        }
        expectTrap(names, says: "einsum: ij,jk->ik: names 2 operands, there are 1", "NetworkOperationTests.swift")
        let axes = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor.einsum("ijk->i", .zeros([2, 3]))
        }
        expectTrap(axes, says: "'ijk' does not name the axes of shape [2, 3]")
        let sizes = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor.einsum("ij,jk->ik", .zeros([2, 3]), .zeros([4, 2]))
        }
        expectTrap(sizes, says: "an axis is 3 and 4 long")
        let none = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor.einsum("ij,jk->ik", .zeros([2, 0]), .zeros([5, 3]))
        }
        expectTrap(none, says: "an axis is 0 and 5 long")
        let output = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor.einsum("ij->iq", .zeros([2, 3]))
        }
        expectTrap(output, says: "what stands behind the arrow")
        let letter = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor.einsum("i2->i", .zeros([2, 3]))
        }
        expectTrap(letter, says: "'2' is no letter")
        let diagonal = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor.einsum("ii->i", .zeros([1, 3]))
        }
        expectTrap(diagonal, says: "shape [1, 3] has no diagonal along the axes that share a name")
    }

    @Test("shapes and positions that do not fit are refused with the caller's line")
    func mistakes() async {
        let index = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor.zeros([2, 3])[Tensor([0, -3] as [Int])]
        }
        expectTrap(index, says: "out of bounds for an axis of size 2", "NetworkOperationTests.swift")
        let source = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor.zeros([2]).maskedScatter(Tensor([true, true]), source: .zeros([1]))
        }
        expectTrap(source, says: "maskedScatter: the mask is true for 2 elements, the source [1] has 1")
        let zero = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor([1] as [Int]).remainder(by: Tensor([0] as [Int]))
        }
        expectTrap(zero, says: "remainder: an integer is divided by 0")
        let mode = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor.zeros([1, 2, 3]).interpolated(to: [4], mode: .bilinear)
        }
        expectTrap(mode, says: "interpolated: mode bilinear to [4] does not take float32 [1, 2, 3]")
        let blocks = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor.zeros([1, 6, 2, 2]).pixelShuffle(2)
        }
        expectTrap(blocks, says: "pixelShuffle: [1, 6, 2, 2] has no blocks of 2² channels")
        let heads = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            let (q, k) = (Tensor.zeros([1, 3, 2, 4]), Tensor.zeros([1, 2, 2, 4]))
            _ = Tensor.scaledDotProductAttention(q, k, k, groupedQueries: true)
        }
        expectTrap(heads, says: "the heads of q [1, 3, 2, 4] are no multiple of those of [1, 2, 2, 4]")
    }
}
