// SPDX-License-Identifier: Apache-2.0
// The networks that the recipes for images train.

import ArgumentParser
import Lockstep

/// A network for images.
enum ImageModel: String, CaseIterable, ExpressibleByArgument, SettingValue {
    case mlp, cnn

    /// 8×8 pixels to ten classes.
    func forDigits() -> Module {
        switch self {
        case .mlp:
            Sequential {
                Linear(64, 128); ReLU(); Linear(128, 10)
            }
        case .cnn:
            Sequential {
                Conv2d(1, 16, kernelSize: 3, padding: 1); BatchNorm2d(16); ReLU()
                Conv2d(16, 32, kernelSize: 3, padding: 1); BatchNorm2d(32); ReLU(); MaxPool2d(2)
                Flatten(); Linear(512, 10)
            }
        }
    }

    /// 28×28 pixels to ten classes.
    func forMNIST() -> Module {
        switch self {
        case .mlp:
            Sequential {
                Linear(784, 128); ReLU(); Linear(128, 10)
            }
        case .cnn:
            Sequential {
                Conv2d(1, 16, kernelSize: 3, padding: 1); BatchNorm2d(16); ReLU(); MaxPool2d(2)
                Conv2d(16, 32, kernelSize: 3, padding: 1); BatchNorm2d(32); ReLU(); MaxPool2d(2)
                Flatten(); Linear(1568, 64); ReLU(); Linear(64, 10)
            }
        }
    }

    /// Coloured squares of `size` pixels to classes.
    func forImages(size: Int, classes: Int) -> Module {
        switch self {
        case .mlp:
            Sequential {
                Flatten(); Linear(3 * size * size, 128); ReLU(); Linear(128, classes)
            }
        case .cnn:
            Sequential {
                Conv2d(3, 16, kernelSize: 3, padding: 1); BatchNorm2d(16); ReLU(); MaxPool2d(2)
                Conv2d(16, 32, kernelSize: 3, padding: 1); BatchNorm2d(32); ReLU(); MaxPool2d(2)
                Conv2d(32, 64, kernelSize: 3, padding: 1); BatchNorm2d(64); ReLU()
                AdaptiveAvgPool2d(1); Flatten(); Linear(64, classes)
            }
        }
    }
}
