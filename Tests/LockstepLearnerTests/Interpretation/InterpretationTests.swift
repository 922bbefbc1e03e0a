// SPDX-License-Identifier: Apache-2.0
// Top losses, confusion matrix, confused pairs and the report.

import LockstepData
import LockstepLearner
import LockstepNN
import LockstepTensor
import LockstepTesting
import Testing

@Suite("Interpretation")
struct InterpretationTests {
    /// A learner whose model gives back what it is given.
    private func learner(_ inputs: Tensor, _ targets: Tensor, _ loss: some LossFunction, batchSize: Int = 4) -> Learner
    {
        let rows = TensorDataset(inputs: [inputs], targets: [targets])
        let learner = Learner(
            dls: DataLoaders(
                DataLoader(rows, batchSize: batchSize, shuffle: true, dropLast: true),
                DataLoader(rows, batchSize: batchSize)),
            model: RegressionModel(a: 1, b: 0), loss: loss, defaultCallbacks: .core)
        learner.logger = SilentLogger()
        return learner
    }

    /// Six items of three classes of which four are answered rightly.
    private func animals(batchSize: Int = 4) -> Learner {
        let answers = Tensor([0, 2, 2, 2, 1, 1] as [Int64]).oneHot(classes: 3).to(.float32) * 4
        return learner(answers, Tensor([0, 1, 2, 2, 2, 1] as [Int64]), .crossEntropy, batchSize: batchSize)
    }

    @Test("top losses are sorted, with their places in the data set", arguments: [1, 4, 6, 7])
    func topLosses(batchSize: Int) throws {
        let x = Tensor([3, -1, 2, 0, 5] as [Float], shape: [5, 1])
        for source in [DataSource.valid, .train] {  // training data in order, and all of it
            let interpretation = try Interpretation(
                learner: learner(x, .zeros([5, 1]), .mse, batchSize: batchSize), on: source)
            #expect(interpretation.losses == [9, 1, 4, 0, 25])
            let top = interpretation.topLosses(2)
            #expect(top.map(\.loss) == [25, 9] && top.map(\.index) == [4, 0])
            #expect(interpretation.topLosses(largest: false).map(\.index) == [3, 1, 2, 0, 4])
            #expect(interpretation.topLosses(99).count == 5 && interpretation.topLosses(0).isEmpty)
            #expect(try interpretation.items(at: top.map(\.index)).map { $0.inputs[0].floats } == [[5], [3]])
        }
    }

    @Test("equal losses come in the order of the data set; losses that are no number are the largest")
    func equalLosses() throws {
        let x = Tensor([1, .nan, -1, 2] as [Float], shape: [4, 1])
        let interpretation = try Interpretation(learner: learner(x, .zeros([4, 1]), .mse))
        #expect(interpretation.topLosses().map(\.index) == [1, 3, 0, 2])
        #expect(interpretation.topLosses(largest: false).map(\.index) == [0, 2, 3, 1])
    }

    @Test("an item with an output that is not a number is of no class, and somebody is told", arguments: [1, 4])
    func undecided(batchSize: Int) throws {
        var outputs = Tensor([0, 2, 2, 2, 1, 1] as [Int64]).oneHot(classes: 3).to(.float32).doubles
        outputs[4] = .nan  // of item 1
        let learner = learner(
            Tensor(outputs, shape: [6, 3]).to(.float32), Tensor([0, 1, 2, 2, 2, 1] as [Int64]), .crossEntropy,
            batchSize: batchSize)
        let interpretation = try ClassificationInterpretation(learner: learner)
        #expect(interpretation.undecided == 1)
        #expect(interpretation.predicted == [0, 2, 2, 1, 1] && interpretation.actual == [0, 2, 2, 2, 1])
        #expect(try ClassificationInterpretation(learner: animals(batchSize: batchSize)).undecided == 0)
    }

    @Test("the learner is as it was afterwards")
    func leavesNoTraces() throws {
        let learner = animals()
        _ = try ClassificationInterpretation(learner: learner)
        #expect(learner.lossFunction.reduction == .mean && learner.callbacks.count == 1)
    }

    @Test("rows of the confusion matrix are actual classes, columns predicted ones", arguments: [1, 4, 6])
    func confusionMatrix(batchSize: Int) throws {
        let interpretation = try ClassificationInterpretation(learner: animals(batchSize: batchSize))
        let matrix = interpretation.confusionMatrix()
        #expect(matrix.counts == [[1, 0, 0], [0, 1, 1], [0, 1, 2]])
        #expect(matrix.labels == ["0", "1", "2"] && matrix.support == [1, 2, 3] && matrix.correct == 4)
        #expect(matrix.normalized[1] == [0, 0.5, 0.5])
        #expect(interpretation.losses.count == 6)
        let lines = ["actual  0  1  2", "0       1  0  0", "1       0  1  1", "2       0  1  2"]
        #expect(matrix.description == lines.joined(separator: "\n"))
    }

    @Test("[§21.4] the most confused pairs come first, with names")
    func mostConfused() throws {
        let answers = Tensor([1, 1, 0, 2, 0, 0] as [Int64]).oneHot(classes: 3).to(.float32)
        let targets = Tensor([0, 0, 1, 1, 2, 0] as [Int64])
        let interpretation = try ClassificationInterpretation(
            learner: learner(answers, targets, .crossEntropy), vocabulary: ["cat", "dog", "fish"])
        let pairs = interpretation.mostConfused()
        #expect(pairs.map(\.actual) == ["cat", "dog", "dog", "fish"])
        #expect(pairs.map(\.predicted) == ["dog", "cat", "fish", "cat"])
        #expect(pairs.map(\.count) == [2, 1, 1, 1])
        #expect(interpretation.mostConfused(minimum: 2).map(\.description) == ["cat taken for dog: 2"])
    }

    @Test("[§21.4] the report of precision, recall, F1 and support, as scikit-learn prints it")
    func report() throws {
        let report = try ClassificationInterpretation(learner: animals(), vocabulary: ["cat", "dog", "fish"]).report()
        #expect(
            report.description == """
                              precision    recall  f1-score   support

                         cat       1.00      1.00      1.00         1
                         dog       0.50      0.50      0.50         2
                        fish       0.67      0.67      0.67         3

                    accuracy                           0.67         6
                   macro avg       0.72      0.72      0.72         6
                weighted avg       0.67      0.67      0.67         6
                """)
        #expect(report.classes.map(\.support) == [1, 2, 3])
    }

    @Test("a report of answers is that of their matrix, and so are the confused pairs", arguments: [1, 2, 7, 300])
    func reportOfAnswers(classes: Int) throws {
        let answers = (0..<500).map { ($0 &* 7919 + $0 / 7) % classes }
        let targets = (0..<500).map { $0 % 3 == 0 ? ($0 &* 31) % classes : answers[$0] }
        let interpretation = try ClassificationInterpretation(
            learner: learner(
                Tensor(answers.map(Int64.init)).oneHot(classes: classes), Tensor(targets.map(Int64.init)), .crossEntropy
            ))
        let matrix = interpretation.confusionMatrix()
        let (report, wanted) = (interpretation.report(), ClassificationReport(matrix))
        #expect(report.classes == wanted.classes && report.accuracy == wanted.accuracy)
        #expect(report.macroAverage == wanted.macroAverage && report.weightedAverage == wanted.weightedAverage)
        let pairs = interpretation.mostConfused(minimum: 2)
        #expect(pairs.map(\.count) == pairs.map(\.count).sorted(by: >))
        for pair in pairs {
            let places = try (#require(Int(pair.actual)), #require(Int(pair.predicted)))
            #expect(places.0 != places.1 && matrix[places.0, places.1] == pair.count)
        }
        let wrong = (0..<classes).flatMap { row in (0..<classes).filter { $0 != row && matrix[row, $0] > 1 } }
        #expect(pairs.count == wrong.count)
    }

    @Test("ignored targets do not count; a class nobody has is in the matrix all the same")
    func ignoredTargets() throws {
        let answers = Tensor([0, 1, 1] as [Int64]).oneHot(classes: 4).to(.float32)
        let interpretation = try ClassificationInterpretation(
            learner: learner(answers, Tensor([0, -100, 1] as [Int64]), .crossEntropy))
        #expect(interpretation.actual == [0, 1] && interpretation.vocabulary.count == 4)
        #expect(interpretation.mostConfused().isEmpty && interpretation.confusionMatrix().count == 2)
    }

    @Test("a loss that does not decide on classes is a mistake that says so")
    func notAClassification() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            let rows = TensorDataset(inputs: [.zeros([3, 2])], targets: [.zeros([3, 1], dtype: .int64)])
            let learner = Learner(
                dls: DataLoaders(DataLoader(rows), DataLoader(rows)), model: RegressionModel(),
                loss: .custom("none") { x, _ in x.mean(axis: 1) }, defaultCallbacks: .core)
            _ = try ClassificationInterpretation(learner: learner)
        }
        expectTrap(result, says: "ClassificationInterpretation", "none", "[3, 2]", "InterpretationTests.swift")
    }
}
