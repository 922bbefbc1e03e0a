// SPDX-License-Identifier: Apache-2.0
// The optimizer, the parameter groups and the schedule of a configuration.

import LockstepChecks
import LockstepLearner
import LockstepNN
import LockstepOptim

extension Configuration {
    /// The rule. ε is large: a division by the root of a gradient that is rounding alone tells nothing about ranks.
    func optimizer() -> OptimizerFactory {
        let decay = self["decay"] == "none" ? 0 : 0.1
        let decouples = self["decay"] != "coupled"
        switch self["optimizer"] {
        case "momentum": return .sgd(mom: 0.9, wd: decay, decoupleWD: decouples)
        case "adam": return .adam(eps: 1e-2, wd: decay, decoupleWD: decouples)
        case "adamW": return .adamW(eps: 1e-2, wd: decay)
        case "rmsProp": return .rmsProp(mom: 0.5, eps: 1e-2, wd: decay, decoupleWD: decouples)
        case "radam": return .radam(eps: 1e-2, wd: decay, decoupleWD: decouples)
        case "qhadam": return .qhadam(eps: 1e-2, wd: decay, decoupleWD: decouples)
        case "larc": return .larc(eps: 1e-3, wd: decay, decoupleWD: decouples)
        case "lars": return .larc(clips: false, eps: 1e-3, wd: decay, decoupleWD: decouples)
        case "lamb": return .lamb(eps: 1e-2, wd: decay, decoupleWD: decouples)
        case "lookahead": return .lookahead(.sgd(mom: 0.9, wd: decay), k: 2)
        case "ranger": return .ranger(wd: decay, eps: 1e-2, k: 3)
        case "sgd": return .sgd(wd: decay, decoupleWD: decouples)
        case let other: return Listed.optimizers.first { $0.function == other }?.factory ?? .sgd()
        }
    }

    /// One group, or two halves.
    func splitter() -> ParameterSplitter {
        if self["groups"] == "one" { return .trainableParameters }
        return ParameterSplitter { model in
            let parameters = model.parameters()
            return [
                Array(parameters.prefix(parameters.count / 2)), Array(parameters.suffix((parameters.count + 1) / 2)),
            ]
        }
    }

    /// The learning rate, or one for each group.
    var rate: LearningRate { self["groups"] == "discriminative" ? .slice(5e-3, 5e-2) : 2e-2 }

    /// Trains as the schedule says; `start` is where an interrupted run goes on.
    func fit(_ learner: Learner, callbacks: [Callback] = [], from start: Int = 0, resets: Bool = false) throws {
        let epochs = number("epochs")
        switch self["schedule"] {
        case "oneCycle":
            try learner.fitOneCycle(
                epochs, lrMax: rate, callbacks: callbacks, resetOptimizer: resets, startEpoch: start)
        case "flatCos":
            try learner.fitFlatCos(
                epochs, lr: rate, callbacks: callbacks, resetOptimizer: resets, startEpoch: start)
        case "sgdr":
            try learner.fitSGDR(
                cycles: 2, cycleLength: 1, lrMax: rate, callbacks: callbacks, resetOptimizer: resets, startEpoch: start)
        case "fineTune": try learner.fineTune(epochs, baseLR: 2e-2, callbacks: callbacks)
        default: try learner.fit(epochs, lr: rate, callbacks: callbacks, resetOptimizer: resets, startEpoch: start)
        }
    }

    /// How many epochs a fit has.
    var epochCount: Int { self["schedule"] == "sgdr" ? 3 : number("epochs") }
}
