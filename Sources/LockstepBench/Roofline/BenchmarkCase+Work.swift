// SPDX-License-Identifier: Apache-2.0
// What a step of each case cannot do without.

import Lockstep

extension BenchmarkCase {
    /// The parts of one training step on one rank, the optimizer's among them.
    var work: [Work] { layers + [.adam(withSeed(0) { makeModel() }.parameterCount)] }

    private var layers: [Work] {
        let n = batchSize
        switch self {
        case .linreg: return Work.linear(n, 1, 1, isFirst: true)
        case .mlp, .mlp256:
            return Work.linear(n, 784, 512, isFirst: true) + Work.linear(n, 512, 512) + Work.linear(n, 512, 10)
        case .lenet:
            return Work.convolution(n, side: 28, 1, 32, isFirst: true) + Work.convolution(n, side: 14, 32, 64)
                + Work.linear(n, 3136, 128) + Work.linear(n, 128, 10)
        case .resnet20: return residualNetwork(n)
        case .tabular:
            let width = BenchmarkTabular.sizes.map(\.width).reduce(6, +)
            return Work.embedding(n, width - 6) + Work.linear(n, width, 200) + Work.batchNorm(n * 200)
                + Work.linear(n, 200, 100) + Work.batchNorm(n * 100) + Work.linear(n, 100, 2)
        case .gpt:
            let (rows, width, heads) = (n * 64, 128, 4)
            let block =
                Work.layerNorm(rows * width) + Work.linear(rows, width, 3 * width)
                + Work.causalAttention(problems: n * heads, length: 64, width: width / heads)
                + Work.linear(rows, width, width) + Work.layerNorm(rows * width)
                + Work.linear(rows, width, 4 * width) + Work.linear(rows, 4 * width, width)
            return Work.embedding(rows, width) + (0..<4).flatMap { _ in block } + Work.layerNorm(rows * width)
                + Work.linear(rows, width, 65)
        case .lstm:
            let (rows, units) = (n * 64, 256)
            return Work.embedding(rows, 64) + Work.linear(rows, 64, 4 * units) + Work.linear(rows, units, 4 * units)
                + Work.linear(rows, units, 65)
        }
    }

    /// ResNet-20 (He et al., 2015) on 32×32 images: three stages of three blocks, 1×1 convolutions where the shape changes.
    private func residualNetwork(_ n: Int) -> [Work] {
        func normalised(
            side: Int, _ inputs: Int, _ outputs: Int, kernel: Int = 3, stride: Int = 1, isFirst: Bool = false
        )
            -> [Work]
        {
            Work.convolution(n, side: side, inputs, outputs, kernel: kernel, stride: stride, isFirst: isFirst)
                + Work.batchNorm(n * side * side * outputs)
        }
        var parts = normalised(side: 32, 3, 16, isFirst: true)
        for (side, width) in [(32, 16), (16, 32), (8, 64)] {
            let (before, stride) = width == 16 ? (16, 1) : (width / 2, 2)
            parts += normalised(side: side, before, width, stride: stride)
            if stride == 2 { parts += normalised(side: side, before, width, kernel: 1, stride: 2) }
            for _ in 0..<5 { parts += normalised(side: side, width, width) }
        }
        return parts + Work.linear(n, 64, 10)
    }
}
