// SPDX-License-Identifier: Apache-2.0
// gatherArguments and summary.

import Foundation
import LockstepData
import LockstepLearner
import LockstepNN
import LockstepOptim
import LockstepTensor
import LockstepTesting
import Testing

@Suite("Arguments")
struct ArgumentsTests {
    @Test("[ARG-01] [S28] constructor arguments stand under Class.__init__.name")
    func constructor() throws {
        let learner = synthLearner(lr: 1e-2)
        let arguments = learner.gatherArguments()
        #expect(arguments["Learner.__init__.lr"] == .double(0.01))
        #expect(arguments["Learner.__init__.wd_bn_bias"] == .bool(false))
        #expect(arguments["Learner.__init__.moms"] == .string("(0.95, 0.85, 0.95)"))
        #expect(arguments["Learner.__init__.wd"] == nil)
        #expect(
            arguments["DataLoader.__init__.bs"] == .int(16) && arguments["DataLoader.__init__.shuffle"] == .bool(true))
        #expect(arguments["TrainEvalCallback"] == .bool(true))
        #expect(arguments["n_inp"] == .int(1) && arguments["batch size"] == .int(16))
        #expect(arguments["batch per epoch"] == .int(10) && arguments["model parameters"] == .int(2))
        #expect(arguments["input 1 dim 1"] == .int(16) && arguments["input 1 dim 2"] == .int(1))
        #expect(arguments["loss function"] == .string("MSEFlat") && arguments["device"] == .string("cpu"))
        #expect(arguments["optimizer"] == .string("sgd") && arguments["frozen"] == nil)
    }

    @Test("[ARG-01] callbacks, losses, optimizers and fits tell theirs")
    func parts() throws {
        final class Mine: Callback, Configurable {
            let power = 7
            static let configuration = Configuration(Mine.self) { Field("power", \.power) }
        }
        let learner = goldenLearner(
            optimizer: .adam(),
            callbacks: [GradientClip(maxNorm: 0.5), EarlyStoppingCallback(monitor: "train_loss", patience: 9), Mine()])
        try learner.fitOneCycle(2, lrMax: .slice(1e-4, 1e-2))
        let arguments = learner.gatherArguments()
        #expect(arguments["GradientClip.__init__.max_norm"] == .double(0.5))
        #expect(arguments["EarlyStoppingCallback.__init__.patience"] == .int(9))
        #expect(arguments["EarlyStoppingCallback.__init__.monitor"] == .string("train_loss"))
        #expect(arguments["Mine.__init__.power"] == .int(7) && arguments["Mine"] == .bool(true))
        #expect(arguments["MSEFlat.__init__.reduction"] == .string("mean"))
        #expect(arguments["adam.__init__.eps"] == .double(1e-5) && arguments["frozen idx"] == .int(0))
        #expect(arguments["Learner.fit_one_cycle.n_epoch"] == .int(2) && arguments["Learner.fit.n_epoch"] == .int(2))
        #expect(arguments["Learner.fit_one_cycle.lr_max"] == .string("slice(0.0001, 0.01)"))
        let json = try JSONEncoder().encode(arguments)
        #expect(
            try JSONDecoder().decode([String: ConfigValue].self, from: json)["Learner.__init__.lr"] == .double(0.05))
    }

    @Test("[ARG-02] loaders, model and random numbers are as before")
    func sideEffects() throws {
        func run(gathering: Bool) throws -> [Double] {
            let learner = synthLearner(nTrain: 4, callbacks: [Recorder()])
            learner.logger = SilentLogger()
            if gathering {
                _ = learner.gatherArguments()
                _ = try learner.summary()
            }
            try learner.fit(1)
            if gathering { _ = learner.gatherArguments() }
            try learner.fit(1)
            return learner.recorder?.losses ?? []
        }
        #expect(try run(gathering: true) == run(gathering: false))
        let learner = synthLearner()
        let loader = try #require(learner.dls.train as? DataLoader)
        _ = learner.gatherArguments()
        #expect(loader.epoch == 0 && learner.optimizer == nil && learner.model.isTraining)
    }

    @Test("[ARG-01] transforms of items, loaders and batches are listed in the order in which they act")
    func transforms() throws {
        let toFloat = FunctionTransform { (x: Tensor) in x.to(.float32) }
        let data = try Datasets(0..<6, transforms: [[toFloat, toFloat], [toFloat]])
        let learner = goldenLearner()
        learner.dls = DataLoaders(
            try TransformedDataLoader(data.train, batchSize: 2, afterItem: [toFloat], afterBatch: [toFloat]))
        let arguments = learner.gatherArguments()
        #expect(arguments["dls.after_item"] == .string("FunctionTransform"))
        #expect(
            arguments["dls.after_batch"] == .string("FunctionTransform") && arguments["dls.before_batch"] == .string("")
        )
        #expect(arguments["dataset.tfms"] == .string("FunctionTransform, FunctionTransform | FunctionTransform"))
    }

    @Test("what cannot be determined is left out")
    func unknown() throws {
        struct Broken: Dataset, Error {
            var count: Int { 3 }
            var inputCount: Int { 1 }
            func item(at index: Int) throws -> Sample { throw Self() }
        }
        let learner = goldenLearner()
        learner.dls = DataLoaders(DataLoader(Broken()), DataLoader(Broken()))
        let arguments = learner.gatherArguments()
        #expect(arguments["input 1 dim 1"] == nil && arguments["batch per epoch"] == .int(1))
    }

    @Test("[§21.3] the summary: layers, parameters, optimizer, loss, frozen groups, callbacks in order")
    func summary() throws {
        let model = Sequential {
            Linear(1, 4); ReLU(); Linear(4, 3)
        }
        let learner = goldenLearner(defaultCallbacks: [Recorder(), TrainEvalCallback()])
        learner.model = model
        learner.lossFunction = CrossEntropyFlat()
        let text = try learner.summary()
        #expect(text.contains("Linear(1, 4)  [1, 4]           8  yes"))
        #expect(text.contains("parameters: 23, trainable: 23, not trainable: 0"))
        #expect(text.contains("optimizer: sgd") && text.contains("loss: CrossEntropyFlat"))
        #expect(text.hasSuffix("callbacks: TrainEvalCallback, Recorder"))
        #expect(!text.contains("frozen"))
        learner.splitter = ParameterSplitter { $0.children().map { $0.parameters() }.filter { !$0.isEmpty } }
        try learner.freeze()
        #expect(try learner.summary().contains("frozen: groups 0 ..< 1 of 2"))
        learner.dls = DataLoaders(BatchList([]))
        #expect(throws: LearnerError.self) { try learner.summary() }
    }
}
