// SPDX-License-Identifier: Apache-2.0
// Running statistics of batch normalisation, and statistics shared by several ranks.

import LockstepNN
import LockstepTensor
import LockstepTesting
import Testing

@Suite("Batch normalisation") struct BatchNormTests {
    @Test("statistics are tracked only while training")
    func tracking() {
        let layer = BatchNorm1d(2)
        let x = Tensor([[1, 10], [3, 30]])
        let y = layer(x)
        expectClose(y.detached, [-1, -1, 1, 1], absolute: 1e-4)
        expectClose(layer.runningMean ?? x, [0.2, 2])
        expectClose(layer.runningVariance ?? x, [0.9 + 0.1 * 2, 0.9 + 0.1 * 200])
        #expect(layer.batchesTracked == 1)
        layer.eval()
        _ = layer(x)
        #expect(layer.batchesTracked == 1)
        layer.resetRunningStats()
        #expect(layer.batchesTracked == 0)
        #expect(layer.runningMean?.floats == [0, 0])
    }

    @Test("a frozen layer still tracks, unless put into evaluation mode")
    func frozen() {
        let layer = BatchNorm1d(1)
        layer.freeze()
        _ = layer(Tensor([[1], [3]]))
        #expect(layer.batchesTracked == 1)
        layer.eval()
        _ = layer(Tensor([[1], [3]]))
        #expect(layer.batchesTracked == 1)
    }

    @Test("an empty batch leaves the statistics alone")
    func empty() {
        let layer = BatchNorm1d(2)
        #expect(layer(Tensor.zeros([0, 2])).shape == [0, 2])
        #expect(layer.batchesTracked == 0)
    }

    @Test("with statistics of two ranks, each half normalises as the whole does")
    func synchronized() throws {
        // The other rank has the same rows, so what it contributes equals what this one does.
        let half = sample([3, 2, 4], dtype: .float64), dyHalf = sample([3, 2, 4], seed: 1, dtype: .float64)
        func run(
            _ input: Tensor, _ dy: Tensor, _ reduce: ((Tensor) -> Tensor)?
        ) throws -> (y: Tensor, dx: Tensor, layer: BatchNorm1d) {
            let layer = BatchNorm1d(2)
            layer.convert(to: .float64)
            layer.statisticsReducer = reduce
            let x = input.requiringGradient()
            let y = layer(x)
            y.backward(gradient: dy)
            return (y.detached, try #require(x.gradient), layer)
        }
        let whole = try run(
            Tensor.concatenated([half, half], axis: 0), Tensor.concatenated([dyHalf, dyHalf], axis: 0), nil)
        let rank = try run(half, dyHalf) { $0 * 2 }
        expectClose(rank.y, whole.y[0..<3].contiguous())
        expectClose(rank.dx, whole.dx[0..<3].contiguous())
        expectClose(try #require(rank.layer.runningMean), try #require(whole.layer.runningMean))
        expectClose(try #require(rank.layer.runningVariance), try #require(whole.layer.runningVariance))
    }

    @Test("an input of the wrong rank or width stops with the layer's name and both sizes")
    func wrongInput() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = BatchNorm2d(3)(Tensor.zeros([2, 4, 5, 5]))
        }
        expectTrap(result, says: "BatchNorm2d(3)", "[N, 3, H, W]", "[2, 4, 5, 5]")
    }
}
