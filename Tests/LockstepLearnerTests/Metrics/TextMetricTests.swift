// SPDX-License-Identifier: Apache-2.0
// Perplexity, BLEU, and numbers that losses leave behind.

import LockstepNN
import LockstepTensor
import LockstepTesting
import Testing

@testable import LockstepLearner

@Suite("Metrics: text and losses")
struct TextMetricTests {
    private func scores(_ tokens: [[Int]], vocabulary: Int = 9) -> Tensor {
        let rows = tokens.map { Tensor($0.map(Int64.init)).oneHot(classes: vocabulary).to(.float32) }
        return Tensor.stacked(rows, axis: 0)
    }

    @Test("[MET-18] perplexity is exp of the mean loss")
    func perplexity() throws {
        let metric = Perplexity()
        #expect(metric.name == "perplexity" && metric.value == nil)
        let learner = synthLearner()
        for (loss, count) in [(1, 3), (2, 1)] as [(Float, Int)] {
            (learner.yb, learner.loss) = ([.zeros([count])], Tensor([loss]))
            metric.accumulate(learner)
        }
        expectClose(try #require(metric.value), 3.490342957461841, relative: 1e-12)  // e^1.25
    }

    @Test("[MET-19] BLEU of two sentences of which the second's last token differs")
    func corpusBLEU() throws {
        let target = Tensor([1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6] as [Int64], shape: [2, 6])
        let pred = scores([[1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5, 7]])
        Golden("BLEU", 0.8806842) { CorpusBLEU() }.check([(pred, target)])
        Golden("BLEU in two batches", 0.8806842) { CorpusBLEU() }.check(itemwise([(pred, target)]))
        let metric = CorpusBLEU()
        #expect(metric.name == "corpus_bleu")
        feed(metric, [(pred, target)], training: true)
        #expect(metric.value == nil)
    }

    @Test("BLEU: smoothing doubles within a sentence, brevity, and orders that do not exist")
    func smoothing() throws {
        let none = CorpusBLEU()
        none.add([1, 2, 3, 4], [5, 6, 7, 8])  // 1/2 of 4, 1/4 of 3, 1/8 of 2, 1/16 of 1
        let product: Double = 1 / 2.0 / 4 * (1 / 4.0 / 3) * (1 / 8.0 / 2) * (1 / 16.0)
        expectClose(try #require(none.value), product.squareRoot().squareRoot(), relative: 1e-12)
        let brief = CorpusBLEU()
        brief.add([1, 2], [1, 2, 3])
        expectClose(try #require(brief.value), 0.6065306597126334, relative: 1e-12)  // e^(1 − 3/2)
        let repeated = CorpusBLEU()
        repeated.add([1, 1], [1, 2])  // 1 of 2 counts, and no pair: 1/2
        expectClose(try #require(repeated.value), 0.5, relative: 1e-12)
        let empty = CorpusBLEU()
        empty.add([], [1])
        #expect(empty.value == nil)
    }

    @Test("an attribute of the loss is averaged, weighted by batch size")
    func lossMetric() throws {
        let batches: [MetricBatch] = [(.ones([3, 1]), .zeros([3, 1])), (.full([1, 1], 5), .zeros([1, 1]))]
        for metric in [
            LossMetric("size"), LossMetric("largest", name: "size"),
            LossMetric("size", of: TellingLoss.self) { $0.size },
        ] {
            #expect(metric.name == "size" && metric.value == nil)
            feed(metric, batches, loss: TellingLoss())
            #expect(metric.value == 2)
        }
        let absent = LossMetric("nothing")
        feed(absent, batches, loss: TellingLoss())
        #expect(absent.value == nil)
    }

    @Test("[ARG-01] a metric of a stored property tells its name, one of a function tells none")
    func lossMetricArguments() {
        func told(_ metric: LossMetric) -> [String] { arguments(of: metric).map { "\($0.name)=\($0.value)" } }
        #expect(told(LossMetric("size", name: "how large")) == ["attr=size", "name=how large"])
        #expect(told(LossMetric("size", of: TellingLoss.self) { $0.size }) == ["name=size"])
    }

    @Test("several attributes of the loss")
    func lossMetrics() {
        let metrics: [Metric] = .lossMetrics("size, largest")
        #expect(metrics.map(\.name) == ["size", "largest"])
        #expect([Metric].lossMetrics("size,largest", names: "a,b").map(\.name) == ["a", "b"])
    }

    @Test("an attribute that does not exist names the loss and what it has")
    func unknownAttribute() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            feed(LossMetric("sise"), [(.ones([3, 1]), .zeros([3, 1]))], loss: TellingLoss())
        }
        expectTrap(result, says: "LossMetric", "TellingLoss", "sise", "largest", "TextMetricTests.swift")
    }
}

/// A loss that leaves the mean and the largest prediction behind.
private final class TellingLoss: LossFunction {
    var reduction = Reduction.mean
    var size: Tensor?
    var largest = 0.0
    var nothing: Tensor?

    func callAsFunction(_ prediction: Tensor, _ target: Tensor) -> Tensor {
        size = prediction.mean()
        largest = prediction.max().item()
        return reduction.apply(to: prediction - target)
    }
}
