// SPDX-License-Identifier: Apache-2.0
// What a printed model looks like.

import LockstepNN
import LockstepTensor
import Testing

private final class Regression: Module, UnaryLayer {
    @Parameter var a = Tensor([1])
    @Parameter var b = Tensor([0])
    func callAsFunction(_ x: Tensor) -> Tensor { observed(x * a + b) }
}

@Suite("Printed models") struct DescriptionTests {
    @Test("a model prints as a tree with sizes and counts")
    func tree() {
        let model = Sequential {
            Conv2d(1, 8, kernelSize: 3, stride: 2, padding: 1)
            BatchNorm2d(8)
            ReLU()
            Residual {
                Conv2d(8, 8, kernelSize: [3, 1], padding: [1, 0], groups: 2, bias: false); LeakyReLU(0.1)
            }
            MaxPool2d(2)
            AdaptiveAvgPool2d(1)
            Flatten()
            Dropout(0.25)
            Linear(8, 1000)
        }
        #expect(
            model.description == """
                Sequential
                  0: Conv2d(1, 8, kernelSize: 3, stride: 2, padding: 1)                                80
                  1: BatchNorm2d(8)                                                                    16
                  2: ReLU
                  3: Residual
                    layers: Sequential
                      0: Conv2d(8, 8, kernelSize: [3, 1], padding: [1, 0], groups: 2, bias: false)     96
                      1: LeakyReLU(0.1)
                  4: MaxPool2d(2)
                  5: AdaptiveAvgPool2d(1)
                  6: Flatten
                  7: Dropout(0.25)
                  8: Linear(8, 1000)                                                                9,000
                9,192 parameters
                """)
    }

    @Test("a module of your own shows the shapes of its parameters")
    func own() {
        #expect("\(Regression())" == "Regression(a: [1], b: [1])  2\n2 parameters")
    }

    @Test("frozen parts and shared parts are marked")
    func frozenAndShared() {
        let linear = Linear(2, 2)
        let model = Sequential([linear, Linear(2, 1), linear])
        linear.freeze()
        #expect(
            "\(model)" == """
                Sequential
                  0: Linear(2, 2)  6 frozen
                  1: Linear(2, 1)  3
                  2: Linear(2, 2) (shared)
                9 parameters, 3 trainable
                """)
    }

    @Test("the summary lists the innermost layers with their outputs, and leaves the modes alone")
    func summary() {
        let model = Sequential {
            Linear(1, 4); ReLU(); Dropout(0.5); Linear(4, 3)
        }
        model[2].eval()
        #expect(
            model.summary(Tensor.zeros([2, 1])) == """
                layer         output  parameters  trainable
                Linear(1, 4)  [2, 4]           8  yes
                ReLU          [2, 4]
                Dropout(0.5)  [2, 4]
                Linear(4, 3)  [2, 3]          15  yes
                parameters: 23, trainable: 23, not trainable: 0
                """)
        #expect(model.modules().map(\.isTraining) == [true, true, true, false, true])
        model[0].freeze()
        #expect(model.summary(Tensor.zeros([2, 1])).hasSuffix("parameters: 23, trainable: 15, not trainable: 8"))
    }
}
