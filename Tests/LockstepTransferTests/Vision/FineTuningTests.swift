// SPDX-License-Identifier: Apache-2.0
// Fine-tuning a ResNet-18 against fastai's run, from the same weights and data, in one process and on ranks that are threads.

import LockstepChecks
import LockstepComm
import LockstepData
import LockstepDistributed
import LockstepLearner
import LockstepModels
import LockstepNN
import LockstepOptim
import LockstepTensor
import LockstepTesting
import LockstepTransfer
import Testing

@Suite("Fine-tuning as fastai does") struct FineTuningTests {
    /// What a run used and gave.
    private struct Tape: Sendable {
        var losses: [Double] = []
        var lrs: [Double] = []
        var moms: [Double] = []
        var rows: [Double] = []
        var weights: [[Double]] = []
    }

    private static func loaders() -> DataLoaders {
        let y = (0..<64).map { $0 * 7 % 3 }
        var x = FormulaWeights.tensor("fineTuning/x", [64, 3, 32, 32])
        x = x + Tensor(y).oneHot(classes: 3).to(.float32).reshaped([64, 3, 1, 1]) * 0.5
        func loader(_ range: Range<Int>) -> DataLoader {
            DataLoader(TensorDataset(inputs: [x[range]], targets: [Tensor(Array(y[range]))]), batchSize: 8)
        }
        return DataLoaders(loader(0..<48), loader(48..<64))
    }

    private static func learner() throws -> Learner {
        let learner = try Learner.vision(
            dls: loaders(), .resnet18, outputs: 3, loss: CrossEntropyFlat(), dropout: 0, callbacks: [Recorder()],
            metrics: [.accuracy], defaultCallbacks: .core)
        try FormulaWeights.fill(learner.model)
        return learner
    }

    private static func train(on ranks: any Communicator) throws -> Tape {
        let learner = try learner()
        var tape = Tape()
        try learner.on(.afterBatch, order: 65) { learner in
            guard learner.training, let optimizer = learner.optimizer else { return }
            tape.losses.append(learner.stepLoss ?? learner.loss?.item() ?? .nan)
            tape.lrs += optimizer.hypers.map { $0["lr"] ?? .nan }
            tape.moms += optimizer.hypers.map { $0["mom"] ?? .nan }
        }
        try learner.on(.afterEpoch, order: 65) { tape.rows += $0.finalRecord.map { $0 ?? .nan } }
        try learner.withoutLogging {
            try learner.distributed(over: ranks) { try learner.fineTune(4, baseLR: 2e-3, freezeEpochs: 1) }
        }
        let state = learner.model.stateDictionary().filter { $0.tensor.dtype.isFloatingPoint }
        tape.weights = state.sorted { $0.name < $1.name }.map { FormulaWeights.summary($0.name, $0.tensor) }
        return tape
    }

    @Test("losses, rates, momenta, rows and weights of fineTune are fastai's", arguments: [1, 2, 3])
    func fineTune(ranks: Int) throws {
        let reference = try Reference.load("vision")
        func golden(_ key: String) throws -> [Double] { try reference.tensor("fineTuning/\(key)").doubles }
        let tapes =
            ranks == 1
            ? [try Self.train(on: SoloCommunicator())] : try InProcessWorld(ranks).run { try Self.train(on: $0) }
        let end = try reference.tensor("fineTuning/end")
        for (rank, tape) in tapes.enumerated() {
            let label = "rank \(rank) of \(ranks)"
            #expect(tape.losses.count == 30)
            expectClose(tape.lrs, try golden("lrs"), "\(label): learning rates", relative: 2e-5, absolute: 1e-9)
            expectClose(tape.moms, try golden("moms"), "\(label): momenta", relative: 1e-5, absolute: 1e-9)
            expectClose(tape.losses, try golden("losses"), "\(label): losses", relative: 1e-3, absolute: 1e-3)
            expectClose(tape.rows, try golden("rows"), "\(label): rows", relative: 1e-3, absolute: 1e-3)
            #expect(tape.weights.count == end.dim(0))
            for (row, own) in tape.weights.enumerated() {
                let golden = end[row].doubles
                expectClose(
                    own, golden, "\(label): tensor \(row)", relative: 5e-3, absolute: 5e-3 * golden[1])
            }
        }
    }

    @Test("the model has fastai's names and its three groups") func groups() throws {
        let reference = try Reference.load("vision")
        let learner = try Self.learner()
        #expect(FormulaWeights.keys(of: learner.model) == (try reference.tensor("fineTuning/keys").ints[0]))
        let groups = learner.splitter(learner.model)
        let counts = groups.map { $0.reduce(0) { $0 + $1.value.count } }
        #expect(counts == (try reference.tensor("fineTuning/groups").ints))
        #expect(groups.flatMap { $0 }.count == learner.model.parameters().count)
    }
}
