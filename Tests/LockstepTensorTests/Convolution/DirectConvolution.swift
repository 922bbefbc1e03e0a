// SPDX-License-Identifier: Apache-2.0
// Convolution as its definition reads, in loops: what the kernels are held against.
import LockstepTensor

/// The options of a convolution under test.
struct ConvolutionCase: Sendable, CustomStringConvertible {
    var x: [Int], weight: [Int]
    var stride = [1, 1], padding = [0, 0], dilation = [1, 1], groups = 1

    var description: String {
        "\(x) with \(weight), stride \(stride), padding \(padding), dilation \(dilation), \(groups) groups"
    }
    var pairs: (stride: Pair, padding: Padding, dilation: Pair) {
        (Pair(stride[0], stride[1]), .zeros(Pair(padding[0], padding[1])), Pair(dilation[0], dilation[1]))
    }

    func run(_ x: Tensor, _ weight: Tensor, _ bias: Tensor? = nil) -> Tensor {
        x.conv2d(
            weight, bias: bias, stride: pairs.stride, padding: pairs.padding, dilation: pairs.dilation, groups: groups)
    }

    /// Seven nested loops over the definition.
    func direct(_ input: Tensor, _ kernel: Tensor, _ bias: Tensor) -> Tensor {
        let (a, w, b) = (input.doubles, kernel.doubles, bias.doubles)
        let (height, width, inner) = (x[2], x[3], weight[1])
        let oh = (height + 2 * padding[0] - dilation[0] * (weight[2] - 1) - 1) / stride[0] + 1
        let ow = (width + 2 * padding[1] - dilation[1] * (weight[3] - 1) - 1) / stride[1] + 1
        var y = [Double]()
        for n in 0..<x[0] {
            for o in 0..<weight[0] {
                let first = o / (weight[0] / groups) * inner
                for i in 0..<oh {
                    for j in 0..<ow {
                        var sum = b[o]
                        for c in 0..<inner {
                            for u in 0..<weight[2] {
                                for v in 0..<weight[3] {
                                    let row = i * stride[0] - padding[0] + u * dilation[0]
                                    let column = j * stride[1] - padding[1] + v * dilation[1]
                                    guard row >= 0, row < height, column >= 0, column < width else { continue }
                                    sum +=
                                        a[((n * x[1] + first + c) * height + row) * width + column]
                                        * w[((o * inner + c) * weight[2] + u) * weight[3] + v]
                                }
                            }
                        }
                        y.append(sum)
                    }
                }
            }
        }
        return Tensor(y, shape: [x[0], weight[0], oh, ow])
    }

    /// Every option, alone and together, on shapes around vector widths and tile edges.
    static let all: [ConvolutionCase] = [
        .init(x: [1, 1, 1, 1], weight: [1, 1, 1, 1]),
        .init(x: [2, 3, 5, 7], weight: [4, 3, 3, 3]),
        .init(x: [2, 3, 5, 7], weight: [4, 3, 3, 3], padding: [1, 1]),
        .init(x: [1, 17, 6, 5], weight: [15, 17, 3, 3], padding: [1, 1]),
        .init(x: [2, 2, 7, 8], weight: [3, 2, 3, 2], stride: [2, 3], padding: [1, 0]),
        .init(x: [2, 2, 9, 8], weight: [3, 2, 3, 2], padding: [2, 2], dilation: [2, 3]),
        .init(x: [1, 2, 9, 9], weight: [3, 2, 3, 3], stride: [2, 2], padding: [2, 1], dilation: [2, 2]),
        .init(x: [1, 2, 3, 3], weight: [2, 2, 2, 2], padding: [3, 3]),
        .init(x: [2, 1, 8, 8], weight: [5, 1, 5, 5], padding: [2, 2]),
        .init(x: [3, 5, 4, 3], weight: [7, 5, 1, 1]),
        .init(x: [2, 5, 5, 4], weight: [7, 5, 1, 1], stride: [2, 2]),
        .init(x: [2, 5, 3, 4], weight: [2, 5, 1, 1], padding: [1, 0]),
        .init(x: [2, 4, 5, 6], weight: [6, 2, 3, 3], padding: [1, 1], groups: 2),
        .init(x: [2, 4, 6, 5], weight: [6, 2, 3, 2], stride: [2, 1], padding: [1, 1], dilation: [1, 2], groups: 2),
        .init(x: [1, 4, 3, 3], weight: [6, 2, 1, 1], groups: 2),
        .init(x: [1, 3, 5, 5], weight: [6, 1, 3, 3], groups: 3),
        .init(x: [2, 17, 6, 5], weight: [17, 1, 3, 3], padding: [1, 1], groups: 17),
        .init(x: [2, 4, 7, 6], weight: [4, 1, 3, 3], stride: [2, 2], padding: [1, 1], dilation: [1, 2], groups: 4),
        .init(x: [3, 2, 4, 4], weight: [5, 2, 4, 4]),
    ]
}
