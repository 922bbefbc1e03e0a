// SPDX-License-Identifier: Apache-2.0
// Every optimizer, with the options under which PyTorch's and fastai's steps are kept as a reference.

package import LockstepOptim

extension Listed {
    /// An optimizer with options.
    package struct Optimizer: Sendable, CustomStringConvertible {
        /// Its case in `Tests/Reference/optimizers.safetensors`, or a name for it.
        package let name: String
        /// The function of `OptimizerFactory` that makes it.
        package let function: String
        /// The rate of the reference.
        package let lr: Double
        package let factory: OptimizerFactory
        /// Three steps from `[1, -2, 3]`, worked out by hand, at a rate of 0.1 along the gradients of `GoldenStepTests`: for what
        /// neither PyTorch nor fastai has.
        package let golden: [[Float]]?
        package var description: String { name }

        init(
            _ name: String, _ function: String, lr: Double, _ factory: OptimizerFactory, golden: [[Float]]? = nil
        ) {
            (self.name, self.function, self.lr, self.factory, self.golden) = (name, function, lr, factory, golden)
        }
    }

    /// Every function of `OptimizerFactory`, and every rule.
    package static let optimizers: [Optimizer] = [
        Optimizer("sgd", "sgd", lr: 0.1, .sgd()),
        Optimizer("sgd.momentum", "sgd", lr: 0.05, .sgd(mom: 0.9)),
        Optimizer("sgd.momentum.decay", "sgd", lr: 0.05, .sgd(mom: 0.9, wd: 0.1)),
        Optimizer("sgd.momentum.l2", "sgd", lr: 0.05, .sgd(mom: 0.9, wd: 0.1, decoupleWD: false)),
        Optimizer("rmsprop", "rmsProp", lr: 0.01, .rmsProp()),
        Optimizer("rmsprop.momentum", "rmsProp", lr: 0.01, .rmsProp(mom: 0.9)),
        Optimizer("adam", "adam", lr: 0.01, .adam()),
        Optimizer("adam.plain", "adam", lr: 0.01, .adam(wd: 0)),
        Optimizer("adam.l2", "adam", lr: 0.01, .adam(wd: 0.1, decoupleWD: false)),
        Optimizer("adam.options", "adam", lr: 0.02, .adam(mom: 0.8, sqrMom: 0.999, eps: 1e-8, wd: 0.05)),
        Optimizer("radam", "radam", lr: 0.01, .radam()),
        Optimizer("qhadam", "qhadam", lr: 0.01, .qhadam()),
        Optimizer("larc", "larc", lr: 0.1, .larc()),
        Optimizer("lars", "larc", lr: 0.1, .larc(clips: false, wd: 0.1)),
        Optimizer("lamb", "lamb", lr: 0.01, .lamb()),
        Optimizer("lookahead.sgd", "lookahead", lr: 0.1, .lookahead(.sgd())),
        Optimizer("ranger", "ranger", lr: 0.01, .ranger()),
        Optimizer("torch.sgd", "sgd", lr: 0.1, .sgd()),
        Optimizer("torch.sgd.momentum", "sgd", lr: 0.05, .sgd(mom: 0.9, wd: 0.1, decoupleWD: false)),
        Optimizer("torch.adam", "adam", lr: 0.01, .adam(sqrMom: 0.999, eps: 1e-8, wd: 0)),
        Optimizer("torch.adamw", "adamW", lr: 0.01, .adamW(wd: 0.05)),
        Optimizer("torch.sgd.nesterov", "sgd", lr: 0.05, .sgd(mom: 0.9, wd: 0.1, nesterov: true, decoupleWD: false)),
        Optimizer("torch.adam.amsgrad", "adam", lr: 0.01, .adam(sqrMom: 0.999, eps: 1e-8, wd: 0, amsgrad: true)),
        Optimizer("torch.adamw.amsgrad", "adamW", lr: 0.01, .adamW(sqrMom: 0.9, wd: 0.05, amsgrad: true)),
    ]
}
