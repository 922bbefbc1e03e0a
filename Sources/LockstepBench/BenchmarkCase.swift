// SPDX-License-Identifier: Apache-2.0
// The eight cases that are measured beside PyTorch, fastai and JAX: same models, sizes, loss.

import Lockstep

/// One model with one fixed batch of random data.
public enum BenchmarkCase: String, CaseIterable, Sendable {
    case linreg, mlp, mlp256, lenet, resnet20, tabular, gpt, lstm

    /// Timed steps unless told otherwise; a tenth of it (at least 3) warms up first.
    public var defaultBatches: Int {
        switch self {
        case .linreg: 2000
        case .mlp: 300
        case .mlp256: 150
        case .lenet: 60
        case .resnet20: 20
        case .tabular: 500
        case .gpt, .lstm: 40
        }
    }

    /// Samples per rank and step; a sequence counts as one.
    public var batchSize: Int {
        switch self {
        case .linreg: 16
        case .mlp, .lenet, .resnet20, .tabular: 64
        case .mlp256: 256
        case .gpt, .lstm: 32
        }
    }

    /// What the model is, for a list of cases.
    public var summary: String {
        switch self {
        case .linreg: "linear regression with one weight, batch 16: nothing but overhead"
        case .mlp: "784-512-512-10, batch 64"
        case .mlp256: "784-512-512-10, batch 256"
        case .lenet: "two 3×3 convolutions and two linear layers on 28×28 images, batch 64"
        case .resnet20: "ResNet-20 on 32×32 images, batch 64"
        case .tabular: "eight embedded categories and six numbers, 200-100-2, batch 64"
        case .gpt: "four transformer blocks of width 128 on 64 characters, batch 32"
        case .lstm: "one LSTM of 256 units on 64 characters, batch 32"
        }
    }

    // MARK: Model and data

    /// Whether the width of its hidden layers can be chosen.
    public var hasWidth: Bool { self == .mlp || self == .mlp256 }

    /// A fresh model; `width` counts where ``hasWidth``.
    func makeModel(width: Int? = nil) -> Module {
        switch self {
        case .linreg: Linear(1, 1)
        case .mlp, .mlp256:
            Sequential {
                Linear(784, width ?? 512); ReLU(); Linear(width ?? 512, width ?? 512); ReLU()
                Linear(width ?? 512, 10)
            }
        case .lenet:
            Sequential {
                Conv2d(1, 32, kernelSize: 3, padding: 1); ReLU(); MaxPool2d(2)
                Conv2d(32, 64, kernelSize: 3, padding: 1); ReLU(); MaxPool2d(2)
                Flatten(); Linear(3136, 128); ReLU(); Linear(128, 10)
            }
        case .resnet20: makeResNet20()
        case .tabular: BenchmarkTabular()
        case .gpt: BenchmarkGPT()
        case .lstm: BenchmarkLSTM()
        }
    }

    /// A batch of `count` random samples.
    func makeBatch(_ count: Int, seed: UInt64) -> Batch {
        var random = PhiloxGenerator(seed: seed)
        func normal(_ shape: Shape) -> Tensor { .normal(shape, using: &random) }
        func integers(_ shape: Shape, below limit: Int) -> Tensor {
            .randomIntegers(shape, in: 0..<limit, using: &random)
        }
        switch self {
        case .linreg: return Batch(inputs: [normal([count, 1])], targets: [normal([count, 1])])
        case .mlp, .mlp256: return Batch(inputs: [normal([count, 784])], targets: [integers([count], below: 10)])
        case .lenet: return Batch(inputs: [normal([count, 1, 28, 28])], targets: [integers([count], below: 10)])
        case .resnet20: return Batch(inputs: [normal([count, 3, 32, 32])], targets: [integers([count], below: 10)])
        case .tabular:
            let categories = BenchmarkTabular.sizes.map { integers([count], below: $0.count) }
            return Batch(
                inputs: [Tensor.stacked(categories, axis: 1), normal([count, 6])],
                targets: [integers([count], below: 2)])
        case .gpt, .lstm:
            return Batch(inputs: [integers([count, 64], below: 65)], targets: [integers([count, 64], below: 65)])
        }
    }

    /// The mean loss of a batch.
    func loss(_ model: Module, _ batch: Batch) -> Tensor {
        let (output, target) = (model.forward(batch.inputs)[0], batch.targets[0])
        switch self {
        case .linreg: return mseLoss(output, target)
        case .mlp, .mlp256, .lenet, .resnet20, .tabular: return crossEntropy(output, target)
        case .gpt, .lstm: return crossEntropy(output.flattened(to: 1), target.flattened())
        }
    }

    /// The same loss as a learner takes it.
    var lossFunction: any LossFunction { self == .linreg ? MSEFlat() : CrossEntropyFlat() }

    /// Adam as PyTorch's `torch.optim.Adam(…, 1e-3)` has it.
    static let optimizer = OptimizerFactory.adam(mom: 0.9, sqrMom: 0.999, eps: 1e-8, wd: 0)
    static let learningRate = 1e-3
}
