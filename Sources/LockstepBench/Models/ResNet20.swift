// SPDX-License-Identifier: Apache-2.0
// ResNet-20 for 32×32 images (He et al., arXiv 1512.03385, §4.2), with projection shortcuts as the peers have them.

import Lockstep

/// Two 3×3 convolutions with batch norm beside a shortcut.
final class BasicBlock: Module, UnaryLayer {
    let c1, c2: Conv2d
    let b1, b2: BatchNorm2d
    let sc: Sequential

    init(_ inputs: Int, _ outputs: Int, stride: Int) {
        c1 = Conv2d(inputs, outputs, kernelSize: 3, stride: Pair(stride), padding: 1, bias: false)
        b1 = BatchNorm2d(outputs)
        c2 = Conv2d(outputs, outputs, kernelSize: 3, padding: 1, bias: false)
        b2 = BatchNorm2d(outputs)
        sc =
            inputs == outputs && stride == 1
            ? Sequential([])
            : Sequential([
                Conv2d(inputs, outputs, kernelSize: 1, stride: Pair(stride), bias: false), BatchNorm2d(outputs),
            ])
        super.init()
    }

    func callAsFunction(_ x: Tensor) -> Tensor { b2(c2(b1(c1(x), then: .relu)), then: .relu, adding: sc(x)) }
}

/// 0.27 million parameters, 41 million multiply-adds an image.
func makeResNet20() -> Sequential {
    var layers: [any UnaryLayer] = [Conv2d(3, 16, kernelSize: 3, padding: 1, bias: false), BatchNorm2d(16), ReLU()]
    var width = 16
    for (outputs, stride) in [(16, 1), (32, 2), (64, 2)] {
        for index in 0..<3 {
            layers.append(BasicBlock(width, outputs, stride: index == 0 ? stride : 1))
            width = outputs
        }
    }
    return Sequential(layers + [AdaptiveAvgPool2d(1), Flatten(), Linear(64, 10)])
}
