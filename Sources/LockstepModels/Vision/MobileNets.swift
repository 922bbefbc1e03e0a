// SPDX-License-Identifier: Apache-2.0
// MobileNetV2, MobileNetV3 and EfficientNet-B0, as torchvision makes them.

import LockstepNN
import LockstepTensor

/// A convolution that keeps the size but for its stride, batch norm, and an activation: torchvision's `Conv2dNormActivation`.
private func convolution(
    _ inputs: Int, _ outputs: Int, kernel: Int = 3, stride: Int = 1, groups: Int = 1, norm: (Int) -> BatchNorm2d,
    then activation: (any UnaryLayer)?
) -> Sequential {
    Sequential(
        [
            Conv2d(
                inputs, outputs, kernelSize: Pair(kernel), stride: Pair(stride), padding: .zeros(Pair(kernel / 2)),
                groups: groups, bias: false), norm(outputs),
        ] + (activation.map { [$0] } ?? []))
}

/// The multiple of 8 next to `width`, but not less than nine tenths of it.
func roundedToEight(_ width: Double) -> Int {
    let rounded = max(8, Int(width + 4) / 8 * 8)
    return Double(rounded) < 0.9 * width ? rounded + 8 : rounded
}

extension FeatureClassifier {
    /// torchvision: `mobilenet_v2`.
    static func mobileNetV2(classes: Int, channels: Int) -> FeatureClassifier {
        let norm: (Int) -> BatchNorm2d = { BatchNorm2d($0) }
        var layers: [any UnaryLayer] = [convolution(channels, 32, stride: 2, norm: norm, then: ReLU6())]
        var inputs = 32
        let table = [
            (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1),
        ]
        for (expansion, outputs, count, firstStride) in table {
            for place in 0..<count {
                let (stride, hidden) = (place == 0 ? firstStride : 1, inputs * expansion)
                var parts: [any UnaryLayer] = []
                if expansion != 1 { parts.append(convolution(inputs, hidden, kernel: 1, norm: norm, then: ReLU6())) }
                parts.append(convolution(hidden, hidden, stride: stride, groups: hidden, norm: norm, then: ReLU6()))
                parts += [Conv2d(hidden, outputs, kernelSize: 1, bias: false), norm(outputs)]
                layers.append(
                    InvertedResidual(
                        Sequential(parts), name: "conv", hasShortcut: stride == 1 && inputs == outputs))
                inputs = outputs
            }
        }
        layers.append(convolution(inputs, 1280, kernel: 1, norm: norm, then: ReLU6()))
        let network = FeatureClassifier(
            features: Sequential(layers), classifier: Sequential([Dropout(0.2), Linear(1280, classes)]))
        network.initializeConvolutions()
        network.initializeLinear { _ in .normal(standardDeviation: 0.01) }
        return network
    }

    /// One line of MobileNetV3's tables: kernel, hidden and output channels, whether channels are weighed, whether hard swish is
    /// the activation, stride.
    typealias V3Row = (kernel: Int, hidden: Int, outputs: Int, weighs: Bool, swish: Bool, stride: Int)

    /// torchvision: `mobilenet_v3_large`.
    static func mobileNetV3Large(classes: Int, channels: Int) -> FeatureClassifier {
        mobileNetV3(
            [
                (3, 16, 16, false, false, 1), (3, 64, 24, false, false, 2), (3, 72, 24, false, false, 1),
                (5, 72, 40, true, false, 2), (5, 120, 40, true, false, 1), (5, 120, 40, true, false, 1),
                (3, 240, 80, false, true, 2), (3, 200, 80, false, true, 1), (3, 184, 80, false, true, 1),
                (3, 184, 80, false, true, 1), (3, 480, 112, true, true, 1), (3, 672, 112, true, true, 1),
                (5, 672, 160, true, true, 2), (5, 960, 160, true, true, 1), (5, 960, 160, true, true, 1),
            ], last: 1280, classes: classes, channels: channels)
    }

    /// torchvision: `mobilenet_v3_small`.
    static func mobileNetV3Small(classes: Int, channels: Int) -> FeatureClassifier {
        mobileNetV3(
            [
                (3, 16, 16, true, false, 2), (3, 72, 24, false, false, 2), (3, 88, 24, false, false, 1),
                (5, 96, 40, true, true, 2), (5, 240, 40, true, true, 1), (5, 240, 40, true, true, 1),
                (5, 120, 48, true, true, 1), (5, 144, 48, true, true, 1), (5, 288, 96, true, true, 2),
                (5, 576, 96, true, true, 1), (5, 576, 96, true, true, 1),
            ], last: 1024, classes: classes, channels: channels)
    }

    private static func mobileNetV3(
        _ rows: [V3Row], last: Int, classes: Int, channels: Int
    ) -> FeatureClassifier {
        let norm: (Int) -> BatchNorm2d = { BatchNorm2d($0, epsilon: 1e-3, momentum: 0.01) }
        var layers: [any UnaryLayer] = [convolution(channels, 16, stride: 2, norm: norm, then: Hardswish())]
        var inputs = 16
        for row in rows {
            func activation() -> any UnaryLayer { row.swish ? Hardswish() : ReLU() }
            var parts: [any UnaryLayer] = []
            if row.hidden != inputs {
                parts.append(convolution(inputs, row.hidden, kernel: 1, norm: norm, then: activation()))
            }
            parts.append(
                convolution(
                    row.hidden, row.hidden, kernel: row.kernel, stride: row.stride, groups: row.hidden, norm: norm,
                    then: activation()))
            if row.weighs {
                parts.append(
                    SqueezeExcitation(row.hidden, roundedToEight(Double(row.hidden / 4)), scale: Hardsigmoid()))
            }
            parts.append(convolution(row.hidden, row.outputs, kernel: 1, norm: norm, then: nil))
            layers.append(
                InvertedResidual(Sequential(parts), hasShortcut: row.stride == 1 && inputs == row.outputs))
            inputs = row.outputs
        }
        layers.append(convolution(inputs, 6 * inputs, kernel: 1, norm: norm, then: Hardswish()))
        let network = FeatureClassifier(
            features: Sequential(layers),
            classifier: Sequential([Linear(6 * inputs, last), Hardswish(), Dropout(0.2), Linear(last, classes)]))
        network.initializeConvolutions()
        network.initializeLinear { _ in .normal(standardDeviation: 0.01) }
        return network
    }

    /// torchvision: `efficientnet_b0`.
    static func efficientNetB0(classes: Int, channels: Int) -> FeatureClassifier {
        let norm: (Int) -> BatchNorm2d = { BatchNorm2d($0) }
        var layers: [any UnaryLayer] = [convolution(channels, 32, stride: 2, norm: norm, then: SiLU())]
        let table = [
            (1, 3, 1, 16, 1), (6, 3, 2, 24, 2), (6, 5, 2, 40, 2), (6, 3, 2, 80, 3), (6, 5, 1, 112, 3),
            (6, 5, 2, 192, 4),
            (6, 3, 1, 320, 1),
        ]
        let blocks = table.reduce(0) { $0 + $1.4 }
        var (inputs, index) = (32, 0)
        for (expansion, kernel, firstStride, outputs, count) in table {
            var stage: [any UnaryLayer] = []
            for place in 0..<count {
                let (stride, hidden) = (place == 0 ? firstStride : 1, inputs * expansion)
                var parts: [any UnaryLayer] = []
                if expansion != 1 { parts.append(convolution(inputs, hidden, kernel: 1, norm: norm, then: SiLU())) }
                parts.append(
                    convolution(
                        hidden, hidden, kernel: kernel, stride: stride, groups: hidden, norm: norm, then: SiLU()))
                parts.append(SqueezeExcitation(hidden, inputs / 4, activation: SiLU()))
                parts.append(convolution(hidden, outputs, kernel: 1, norm: norm, then: nil))
                stage.append(
                    InvertedResidual(
                        Sequential(parts), hasShortcut: stride == 1 && inputs == outputs,
                        dropPath: 0.2 * Double(index) / Double(blocks)))
                (inputs, index) = (outputs, index + 1)
            }
            layers.append(Sequential(stage))
        }
        layers.append(convolution(inputs, 4 * inputs, kernel: 1, norm: norm, then: SiLU()))
        let network = FeatureClassifier(
            features: Sequential(layers), classifier: Sequential([Dropout(0.2), Linear(4 * inputs, classes)]))
        network.initializeConvolutions()
        network.initializeLinear {
            let bound = 1 / Double($0.outputs).squareRoot()
            return .uniform(-bound, bound)
        }
        return network
    }
}
