// SPDX-License-Identifier: Apache-2.0
// A mean half a million times the deviation: normalisations and variances keep the digits, on one rank and on several.
import LockstepChecks
import LockstepTensor
import LockstepTesting
import Testing

@Suite("Normalisation of numbers far from 0") struct LargeMeanTests {
    @Test("batch norm, forward and backward, is PyTorch's in float64 to 4e-6", arguments: ["2d", "4d", "wide"])
    func batchNorm(_ name: String) throws {
        let data = try Reference.load("norms")
        // Gradients with respect to x are 50 times those with respect to y.
        try data.check("batchNorm.\(name)", "x", "weight", "bias", relative: 4e-6, absolute: 4e-5) {
            $0[0].batchNorm(weight: $0[1], bias: $0[2]).output
        }
        let x = try data.tensor("batchNorm.\(name)/x")
        let (weight, bias) = (try data.tensor("batchNorm.\(name)/weight"), try data.tensor("batchNorm.\(name)/bias"))
        let result = x.batchNorm(weight: weight, bias: bias)
        expectClose(result.output, try data.tensor("batchNorm.\(name)/y"), relative: 0, absolute: 4e-6)
        expectClose(result.mean, try data.tensor("batchNorm.\(name)/mean"), relative: 1e-7)
        expectClose(result.variance, try data.tensor("batchNorm.\(name)/variance"), relative: 2e-6, absolute: 0)
    }

    @Test("first elements far from all others spoil nothing")
    func outlier() throws {
        try Reference.load("norms").check("batchNorm.outlier", "x", relative: 4e-6, absolute: 4e-6) {
            $0[0].batchNorm().output
        }
    }

    @Test("layer, group and instance norm are PyTorch's in float64 to 4e-6")
    func others() throws {
        let data = try Reference.load("norms")
        try data.check("layerNorm", "x", "weight", "bias", relative: 4e-6, absolute: 4e-6) {
            $0[0].layerNorm(normalizedShape: [100], weight: $0[1], bias: $0[2])
        }
        try data.check("layerNorm.plain", "x", relative: 4e-6, absolute: 4e-6) {
            $0[0].layerNorm(normalizedShape: [7])
        }
        try data.check("groupNorm", "x", "weight", "bias", relative: 4e-6, absolute: 4e-6) {
            $0[0].groupNorm(groups: 2, weight: $0[1], bias: $0[2])
        }
        try data.check("instanceNorm", "x", relative: 4e-6, absolute: 4e-6) { $0[0].instanceNorm() }
    }

    @Test("variance and standard deviation, with their gradients")
    func variances() throws {
        let data = try Reference.load("norms")
        try data.check("variance.all", "x", relative: 4e-6, absolute: 1e-9) { $0[0].variance().reshaped([1]) }
        try data.check("variance.1", "x", relative: 4e-6, absolute: 1e-9) { $0[0].variance(axis: 1) }
        try data.check("standardDeviation.0", "x", relative: 4e-6, absolute: 1e-9) {
            $0[0].standardDeviation(axis: 0)
        }
    }

    @Test("a rectifier behind it lets through what it should, with and without a shortcut")
    func rectified() throws {
        let x = try Reference.load("norms").tensor("batchNorm.4d/x")
        let shortcut = sample(x.shape, seed: 5)
        let dy = sample(x.shape, seed: 6)
        func gradient(_ dtype: DType, adding: Tensor?) -> (Tensor, Tensor?) {
            let leaf = x.to(dtype).requiringGradient()
            let y = leaf.batchNorm(then: .relu, adding: adding?.to(dtype)).output
            y.backward(gradient: dy.to(dtype))
            return (y.detached.to(.float64), leaf.gradient?.to(.float64))
        }
        for adding in [nil, shortcut] {
            let (single, double) = (gradient(.float32, adding: adding), gradient(.float64, adding: adding))
            expectClose(single.0, double.0, relative: 4e-6, absolute: 4e-6)
            expectClose(try #require(single.1), try #require(double.1), relative: 4e-6, absolute: 4e-4)
        }
    }

    @Test("moments of parts add up to those of the whole", arguments: [1, 2, 3, 7])
    func parts(_ count: Int) throws {
        let x = try Reference.load("norms").tensor("batchNorm.2d/x")
        let whole = x.channelMoments().statistics(dtype: .float64)
        // Parts of unequal size, one of them empty, and one far from the others.
        var (sums, items, start) = (Tensor.zeros([4, 5], dtype: .float64), 0, 0)
        for part in 0...count {
            let end = part == count ? 96 : start + part * 96 / (count * count + 1)
            let moments = x[start..<end].channelMoments()
            (sums, items, start) = (sums + moments.sums, items + moments.count, end)
        }
        let merged = ChannelMoments(sums: sums, count: items).statistics(dtype: .float64)
        expectClose(merged.mean, whole.mean, relative: 1e-15, absolute: 0)
        expectClose(merged.variance, whole.variance, relative: 1e-7, absolute: 0)
    }

    @Test("not a number stays one, and infinity is no finite variance")
    func undefined() {
        for value in [Double.nan, .infinity] {
            var numbers = sample([40, 2], seed: 1).doubles
            numbers[20] = value
            let result = Tensor(numbers, shape: [40, 2]).to(.float32).batchNorm()
            #expect(!result.variance[0].item().isFinite && result.variance[1].item().isFinite)
            #expect(result.output[0, 0].item().isNaN && result.output[0, 1].item().isFinite)
        }
    }
}
