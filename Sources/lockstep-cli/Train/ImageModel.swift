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
                Conv2d(1, 16, kernelSize: 3, padding: 1, bias: false); BatchNorm2d(16); ReLU()
                Conv2d(16, 32, kernelSize: 3, padding: 1, bias: false); BatchNorm2d(32); ReLU(); MaxPool2d(2)
                Flatten(); Linear(512, 10)
            }
        }
    }

    /// Grey images to classes: `[1, H, W]` for a cnn, `[pixels]` for an mlp.
    func forMNIST(_ shape: Shape, classes: Int) -> Module {
        switch self {
        case .mlp:
            Sequential {
                Linear(shape.elementCount, 128); ReLU(); Linear(128, classes)
            }
        case .cnn:
            Sequential {
                Conv2d(1, 16, kernelSize: 3, padding: 1, bias: false); BatchNorm2d(16); ReLU(); MaxPool2d(2)
                Conv2d(16, 32, kernelSize: 3, padding: 1, bias: false); BatchNorm2d(32); ReLU(); MaxPool2d(2)
                Flatten(); Linear(32 * (shape[1] / 4) * (shape[2] / 4), 64); ReLU(); Linear(64, classes)
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
                Conv2d(3, 16, kernelSize: 3, padding: 1, bias: false); BatchNorm2d(16); ReLU(); MaxPool2d(2)
                Conv2d(16, 32, kernelSize: 3, padding: 1, bias: false); BatchNorm2d(32); ReLU(); MaxPool2d(2)
                Conv2d(32, 64, kernelSize: 3, padding: 1, bias: false); BatchNorm2d(64); ReLU()
                AdaptiveAvgPool2d(1); Flatten(); Linear(64, classes)
            }
        }
    }
}
