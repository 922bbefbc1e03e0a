// SPDX-License-Identifier: Apache-2.0
// Batch normalisation: PyTorch's values, central differences, precision, and moments added up over parts of a batch.
import LockstepChecks
import LockstepTensor
import LockstepTesting
import Testing

@Suite("Batch norm") struct BatchNormTests {
    @Test("PyTorch's values and gradients")
    func reference() throws {
        let data = try Reference.load("functional")
        for rank in 2...5 {
            try data.check("batchNorm.\(rank)d", "x", "weight", "bias", relative: 5e-5, absolute: 5e-6) {
                $0[0].batchNorm(weight: $0[1], bias: $0[2]).output
            }
        }
        try data.check(
            "batchNorm.evaluation", "x", "mean", "variance", "weight", "bias", layouts: [.rowMajor, .channelsLast]
        ) {
            $0[0].batchNorm(mean: $0[1], variance: $0[2], weight: $0[3], bias: $0[4])
        }
    }

    @Test(
        "gradients agree with central differences", arguments: [[5, 3], [3, 1, 4], [2, 17, 3, 2], [2, 2, 2, 2, 3]])
    func centralDifferences(_ shape: [Int]) {
        let channels = shape[1]
        let (x, w, b) = (sample(Shape(shape), seed: 1), sample([channels], seed: 2), sample([channels], seed: 3))
        checkGradients(of: { $0[0].batchNorm(weight: $0[1], bias: $0[2]).output }, at: [x, w, b])
        checkGradients(of: { $0.batchNorm().output }, at: x)
        let (mean, variance) = (
            sample([channels], seed: 4, dtype: .float64), sample([channels], seed: 5, in: 0.5..<2, dtype: .float64)
        )
        checkGradients(
            of: { $0[0].batchNorm(mean: mean, variance: variance, weight: $0[1], bias: $0[2]) }, at: [x, w, b])
    }

    @Test("the result is centred and scaled for every number of channels", arguments: [1, 3, 15, 16, 17, 64, 257])
    func moments(_ channels: Int) {
        let x = sample([13, channels, 5], seed: 1)
        let result = x.batchNorm(epsilon: 0)
        let y = result.output.doubles
        for c in 0..<channels {
            var (sum, squares) = (0.0, 0.0)
            for n in 0..<13 {
                for i in 0..<5 {
                    let value = y[(n * channels + c) * 5 + i]
                    sum += value
                    squares += value * value
                }
            }
            #expect(abs(sum / 65) < 1e-5 && abs(squares / 65 - 1) < 1e-4)
        }
        #expect(result.count == 65)
        expectClose(result.unbiasedVariance, result.variance * (65.0 / 64))
    }

    @Test("a mean thousands of times the deviation costs no precision")
    func largeMean() {
        let noise = sample([4096, 3], seed: 1, dtype: .float64)
        let x = (noise + 4096.0).to(.float32)
        let (a, b) = (x.batchNorm().variance, x.to(.float64).batchNorm().variance)
        expectClose(a, b, relative: 1e-5)
    }

    @Test("running statistics move toward the batch's, with the unbiased variance, in their own memory")
    func running() {
        let x = sample([3, 2, 5], seed: 1)
        let (mean, variance) = (Tensor.zeros([2]), Tensor.ones([2]))
        let result = x.batchNorm()
        result.update(runningMean: mean, runningVariance: variance, momentum: 0.1)
        expectClose(mean, result.mean * 0.1)
        expectClose(variance, result.unbiasedVariance * 0.1 + 0.9)
    }

    @Test("parts of a batch with their sums added up give what the whole gives, forward and backward")
    func synchronised() {
        let whole = sample([6, 3, 4], seed: 1, dtype: .float64)
        let w = sample([3], seed: 2, dtype: .float64)
        let leaf = whole.requiringGradient()
        let expected = leaf.batchNorm(weight: w).output
        let dy = sample(whole.shape, seed: 3, dtype: .float64)
        expected.backward(gradient: dy)
        let rows = [
            whole.view([2, 3, 4], strides: [12, 4, 1]), whole.view([4, 3, 4], strides: [12, 4, 1], offset: 24),
        ]
        let slices = [dy.view([2, 3, 4], strides: [12, 4, 1]), dy.view([4, 3, 4], strides: [12, 4, 1], offset: 24)]
        let memories = rows.map { $0.channelsLast() }
        let parts = memories.map { $0.channelMoments() }
        let moments = ChannelMoments(sums: parts[0].sums + parts[1].sums, count: parts[0].count + parts[1].count)
        let mean = moments.statistics(dtype: .float64)
        let sums = zip(memories, slices).map { $1.channelsLast().channelProducts($0, mean: mean.mean, rest: mean.rest) }
        var gradient: [Double] = []
        var output: [Double] = []
        for (memory, slice) in zip(memories, slices) {
            let input = memory.requiringGradient()
            let y = memory.batchNorm(recordedFrom: input, moments: moments, weight: w, bias: nil, epsilon: 1e-5) { _ in
                sums[0] + sums[1]
            }.output
            y.backward(gradient: slice.contiguous())
            output += y.doubles
            gradient += input.gradient?.doubles ?? []
        }
        expectClose(output, expected.doubles)
        expectClose(gradient, leaf.gradient?.doubles ?? [])
    }

    @Test("one value per channel is refused in training")
    func oneValue() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor.zeros([1, 3]).batchNorm()
        }
        expectTrap(result, says: "batchNorm: one value per channel has no variance: [1, 3]", "BatchNormTests.swift")
    }
}
