// SPDX-License-Identifier: Apache-2.0
// Data that an operation cannot use end a fit with an error that says where, not the program.

import LockstepData
import LockstepLearner
import LockstepNN
import LockstepTensor
import LockstepTesting
import Testing

@Suite("Unusable data") struct UnusableDataTests {
    private func learner(
        _ model: Module, _ loss: some LossFunction, _ input: Tensor, _ target: Tensor, metrics: [Metric] = [],
        batchSize: Int = 4
    ) -> Learner {
        let data = TensorDataset(inputs: [input], targets: [target])
        let learner = Learner(
            dls: DataLoaders(DataLoader(data, batchSize: batchSize), DataLoader(data, batchSize: batchSize)),
            model: model, loss: loss, metrics: metrics)
        learner.logger = SilentLogger()
        return learner
    }

    private func sentence(_ body: () throws -> Void) -> String {
        do {
            try body()
            return "no error"
        } catch let error as LearnerError {
            #expect(error.code == .unusableData)
            return "\(error)"
        } catch {
            return "another error: \(error)"
        }
    }

    @Test("a label that is no class, in training and in validation", arguments: [-1, 3, 255, -101, 1 << 40])
    func labels(_ label: Int) throws {
        let target = Tensor([0, 1, 2, 0, 1, label, 0, 1], shape: [8])
        let model = Linear(2, 3)
        let learner = learner(model, .crossEntropy, sample([8, 2]), target)
        let before = model.weight.floats
        let said = learner.withoutProgress { sentence { try learner.fit(1) } }
        #expect(
            said == "training, epoch 0, batch 1: crossEntropy: target \(label) at position 1 is not a class in 0..<3")
        #expect(model.weight.floats != before, "the batch before was trained on")
        #expect(model.weight.floats.allSatisfy { $0.isFinite })
        #expect(sentence { try learner.validate() }.hasPrefix("inference, epoch"))
        // What comes afterwards is not blamed for it.
        learner.dls = self.learner(model, .crossEntropy, sample([8, 2]), sampleIntegers([8], in: 0..<3)).dls
        #expect(try learner.validate().count == 1)
    }

    @Test("−100, which is no class, is left out by cross entropy and refused by losses of every position")
    func ignored() throws {
        let target = Tensor([0, 1, -100, 0], shape: [4])
        let plain = learner(
            Linear(2, 3), .crossEntropy, sample([4, 2]), target, metrics: [.accuracy, F1Score(average: .macro)])
        let values = try plain.withoutProgress { try plain.validate() }
        #expect(values.allSatisfy { $0?.isFinite ?? false })
        let masks = learner(
            Conv2d(1, 2, kernelSize: 1), .dice(), sample([4, 1, 1, 1]), target.reshaped([4, 1, 1]))
        #expect(sentence { try masks.validate() }.contains("oneHot: index -100 is out of bounds for an axis of size 2"))
    }

    @Test("a token beyond its table") func tokens() throws {
        let model = Sequential {
            Embedding(5, 3); Flatten(); Linear(6, 1)
        }
        let learner = learner(model, .mse, Tensor([0, 1, 2, 5], shape: [2, 2]), sample([2, 1]))
        #expect(sentence { try learner.fit(1) }.contains("embedding: index 5 is out of bounds for an axis of size 5"))
    }

    @Test("one item for batch normalisation: the last of an epoch, or every batch", arguments: [4, 1])
    func singleItems(batchSize: Int) throws {
        let model = Sequential {
            Linear(2, 3); BatchNorm1d(3); Linear(3, 1)
        }
        let learner = learner(model, .mse, sample([5, 2]), sample([5, 1]), batchSize: batchSize)
        let said = sentence { try learner.fit(1) }
        #expect(said.contains("training, epoch 0, batch \(batchSize == 4 ? 1 : 0): batchNorm: one value per channel"))
        #expect(try learner.validate().first??.isFinite == true)
    }

    @Test("more classes than a binary score knows, masks of 0 and 255") func metrics() throws {
        let many = learner(
            Linear(2, 3), .crossEntropy, sample([8, 2]), sampleIntegers([8], in: 0..<3), metrics: [F1Score()])
        #expect(sentence { try many.validate() }.contains("average .binary needs two classes"))
        let masks = learner(
            Conv2d(1, 256, kernelSize: 1), .crossEntropy(axis: 1), sample([2, 1, 2, 2]),
            Tensor.full([2, 2, 2], 255, dtype: .int64), metrics: [Dice()])
        #expect(sentence { try masks.validate() }.contains("but both must be 0 or 1"))
    }
}
