// SPDX-License-Identifier: Apache-2.0
// The convolutions that engines are measured on.

import CLockstepKernels

/// One convolution of square or one-dimensional images, with padding alike on both sides.
package struct ConvolutionShape: Hashable, Sendable, CustomStringConvertible {
    /// Images at a time.
    package var batch: Int
    package var groups = 1
    package var inputs: Int
    package var height: Int
    package var width: Int
    package var outputs: Int
    package var kernelHeight: Int
    package var kernelWidth: Int
    /// Along both axes; along a height of 1 it is 1.
    package var stride = 1
    package var dilation = 1
    package var padHeight: Int
    package var padWidth: Int

    /// The sizes, for a table.
    package static let columns = [
        "batch", "groups", "inputs", "height", "width", "outputs", "kernel height", "kernel width", "stride",
        "dilation",
        "pad height", "pad width",
    ]
    package var numbers: [Int] {
        [
            batch, groups, inputs, height, width, outputs, kernelHeight, kernelWidth, stride, dilation, padHeight,
            padWidth,
        ]
    }

    /// From `numbers`; nil unless there are as many, positive but for the padding.
    package init?(numbers n: [Int]) {
        guard n.count == Self.columns.count, n.prefix(10).allSatisfy({ $0 > 0 }), n[10] >= 0, n[11] >= 0 else {
            return nil
        }
        (batch, groups, inputs, height, width, outputs) = (n[0], n[1], n[2], n[3], n[4], n[5])
        (kernelHeight, kernelWidth, stride, dilation, padHeight, padWidth) = (n[6], n[7], n[8], n[9], n[10], n[11])
        guard raw.out_height > 0, raw.out_width > 0 else { return nil }
    }

    /// Images of `size` × `size`; the padding keeps their size at stride 1 unless it is given.
    init(
        _ batch: Int, _ inputs: Int, _ size: Int, _ outputs: Int, kernel: Int = 3, stride: Int = 1, padding: Int? = nil,
        groups: Int = 1, dilation: Int = 1
    ) {
        let same = dilation * (kernel - 1) / 2
        (self.batch, self.groups, self.inputs, self.outputs) = (batch, groups, inputs, outputs)
        (height, width, kernelHeight, kernelWidth) = (size, size, kernel, kernel)
        (self.stride, self.dilation) = (stride, dilation)
        (padHeight, padWidth) = (padding ?? same, padding ?? same)
    }

    /// Sequences of `length`.
    init(_ batch: Int, _ inputs: Int, length: Int, _ outputs: Int, kernel: Int) {
        (self.batch, self.inputs, self.outputs) = (batch, inputs, outputs)
        (height, width, kernelHeight, kernelWidth) = (1, length, 1, kernel)
        (padHeight, padWidth) = (0, (kernel - 1) / 2)
    }

    package var description: String {
        "\(batch) × \(inputs)×\(height)×\(width) → \(outputs), \(kernelHeight)×\(kernelWidth)"
            + (stride == 1 ? "" : ", stride \(stride)") + (dilation == 1 ? "" : ", dilation \(dilation)")
            + (groups == 1 ? "" : ", \(groups) groups")
    }

    var raw: lsk_convolution {
        let (strideHeight, dilationHeight) = (height == 1 ? 1 : stride, kernelHeight == 1 ? 1 : dilation)
        func out(_ size: Int, _ pad: Int, _ kernel: Int, _ stride: Int, _ dilation: Int) -> Int {
            let room = size + 2 * pad - dilation * (kernel - 1) - 1
            return room < 0 ? 0 : room / stride + 1
        }
        return lsk_convolution(
            batch: batch, groups: groups, in_channels: inputs, in_height: height, in_width: width,
            out_channels: outputs, out_height: out(height, padHeight, kernelHeight, strideHeight, dilationHeight),
            out_width: out(width, padWidth, kernelWidth, stride, dilation), kernel_height: kernelHeight,
            kernel_width: kernelWidth, stride_height: strideHeight, stride_width: stride,
            dilation_height: dilationHeight, dilation_width: dilation, pad_top: padHeight, pad_left: padWidth,
            pad_bottom: padHeight, pad_right: padWidth)
    }

    // MARK: What is measured

    /// A network's convolutions, and how often each occurs.
    package struct Network: Sendable {
        package let name: String
        package let layers: [(shape: ConvolutionShape, count: Int)]
    }

    /// The networks of the benchmark and of the recipes, but for layers that are fused with what follows them.
    package static let networks: [Network] = [
        Network(name: "digits cnn", layers: [(Self(64, 1, 8, 16), 1), (Self(64, 16, 8, 32), 1)]),
        Network(name: "mnist cnn", layers: [(Self(64, 1, 28, 16), 1), (Self(64, 16, 14, 32), 1)]),
        Network(
            name: "images cnn",
            layers: [(Self(64, 3, 64, 16), 1), (Self(64, 16, 32, 32), 1), (Self(64, 32, 16, 64), 1)]),
        Network(
            name: "resnet20",
            layers: [
                (Self(64, 3, 32, 16), 1), (Self(64, 16, 32, 16), 6), (Self(64, 16, 32, 32, stride: 2), 1),
                (Self(64, 16, 32, 32, kernel: 1, stride: 2), 1), (Self(64, 32, 16, 32), 5),
                (Self(64, 32, 16, 64, stride: 2), 1), (Self(64, 32, 16, 64, kernel: 1, stride: 2), 1),
                (Self(64, 64, 8, 64), 5),
            ]),
        Network(name: "lenet, unfused", layers: [(Self(64, 1, 28, 32), 1), (Self(64, 32, 14, 64), 1)]),
    ]

    /// The networks', halves of them as two ranks have them, a part of a grid, and what is unusual.
    package static let all: [ConvolutionShape] = {
        var shapes = networks.flatMap { $0.layers.map(\.shape) }
        shapes += shapes.map {
            var half = $0
            half.batch /= 2
            return half
        }
        for inputs in [1, 3, 8, 16, 32, 64, 128] {
            for outputs in [8, 16, 24, 32, 48, 64, 128] {
                for size in [7, 14, 28, 56] {
                    for kernel in [1, 3, 5] where kernel > 1 || inputs >= 8 {
                        for stride in [1, 2] {
                            let work = inputs * outputs * size * size * kernel * kernel / stride / stride
                            let choice = (inputs * 7 + outputs * 13 + size * 3 + kernel * 5 + stride * 11) % 7
                            guard (20_000...25_000_000).contains(work), choice == 0 || choice == 3 && kernel == 3 else {
                                continue
                            }
                            let batch = max(1, min(32, 60_000_000 / work))
                            shapes.append(Self(batch, inputs, size, outputs, kernel: kernel, stride: stride))
                        }
                    }
                }
            }
        }
        for channels in [256, 512] {
            for size in [4, 7, 14] {
                shapes += [Self(4, channels, size, channels), Self(4, channels, size, channels, kernel: 1)]
                shapes.append(Self(4, channels / 2, 2 * size, channels, stride: 2))
            }
        }
        shapes += [
            Self(2, 3, 112, 64, kernel: 7, stride: 2), Self(2, 64, 56, 64), Self(2, 3, 112, 32, stride: 2),
            Self(8, 3, 64, 64, kernel: 7, stride: 2), Self(32, 6, 14, 16, kernel: 5, padding: 0),
        ]
        for outputs in [5, 10, 17, 20, 33, 40] {
            shapes += [Self(32, 12, 12, outputs), Self(16, 20, 9, outputs, kernel: 5, padding: 0)]
        }
        for channels in [16, 64] {
            shapes += [2, 4].map { Self(16, channels, 28 / $0 * 2, channels, dilation: $0) }
            shapes += [3, 5].map { Self(16, channels, 14, channels, kernel: $0, groups: channels) }
            shapes += [2, 8].map { Self(16, channels, 14, channels, groups: $0) }
        }
        shapes += [
            Self(16, 1, length: 128, 16, kernel: 9), Self(16, 16, length: 128, 32, kernel: 5),
            Self(16, 64, length: 256, 64, kernel: 3), Self(16, 40, length: 100, 80, kernel: 5),
        ]
        var seen: Set<ConvolutionShape> = []
        return shapes.filter { seen.insert($0).inserted }
    }()
}
