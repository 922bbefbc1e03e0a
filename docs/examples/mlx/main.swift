// SPDX-License-Identifier: Apache-2.0
// The LeNet of MLX's MNIST example on as many ranks as mpirun starts: the network is written as it is there.

import Lockstep

/// As in mlx-swift-examples, for pictures of 8 × 8; sizes are read from left to right here, too: (in, out, kernel).
final class LeNet: Module, UnaryLayer {
    private let conv1 = Conv2d(1, 6, kernelSize: 3, padding: 1)
    private let pool1 = MaxPool2d(2)
    private let conv2 = Conv2d(6, 16, kernelSize: 3, padding: 1)
    private let pool2 = MaxPool2d(2)
    private let fc1 = Linear(64, 120), fc2 = Linear(120, 84), fc3 = Linear(84, 10)

    func callAsFunction(_ x: Tensor) -> Tensor {
        var x = x
        x = pool1(conv1(x).tanh())
        x = pool2(conv2(x).tanh())
        x = x.flattened(from: 1)
        x = fc1(x).tanh()
        x = fc2(x).tanh()
        return fc3(x)
    }
}

Lockstep.run {
    setSeed(0)
    // Pictures are [N, 1, 8, 8]: channels come first, as in PyTorch, and lie last in memory, as in MLX.
    let dls = try DataLoaders.digits(batchSize: 64, asImages: true)
    // valueAndGrad, optimizer.update and eval are the learner's.
    let learner = Learner(
        dls: dls, model: LeNet(), loss: .crossEntropy, optimizer: .sgd(mom: 0.9), lr: 0.1, metrics: [.accuracy])
    try learner.distributed { try learner.fit(5) }
}
