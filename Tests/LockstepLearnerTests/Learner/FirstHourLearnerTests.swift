// SPDX-License-Identifier: Apache-2.0
// Rates that are variables, functions as metrics, named values, several outputs, and what a learner prints.

import Foundation
import LockstepData
import LockstepLearner
import LockstepNN
import LockstepOptim
import LockstepTensor
import LockstepTesting
import Testing

/// Two heads: a class, and a number.
private final class Heads: Module {
    let classes = Linear(2, 3), number = Linear(2, 1)
    override func forward(_ inputs: [Tensor]) -> [Tensor] { [classes(inputs[0]), number(inputs[0])] }
}

/// Cross entropy of the first, squared error of the second.
private struct HeadsLoss: MultipleLossFunction {
    var reduction = Reduction.mean
    func callAsFunction(_ p: Tensor, _ t: Tensor) -> Tensor { crossEntropy(p, t, reduction: reduction) }
    func callAsFunction(_ p: [Tensor], _ t: [Tensor]) -> Tensor {
        self(p[0], t[0]) + mseLoss(p[1], t[1], reduction: reduction)
    }
    func activation(_ outputs: [Tensor]) -> [Tensor] { [outputs[0].softmax(axis: 1), outputs[1]] }
    func decodes(_ activated: [Tensor]) -> [Tensor] { [activated[0].argmax(axis: 1), activated[1]] }
}

@Suite("The first hour with a learner") struct FirstHourLearnerTests {
    private func weights(_ body: (Learner) throws -> Void) throws -> [Float] {
        let learner = synthLearner()
        try body(learner)
        return learner.model.parameters().flatMap { $0.value.floats }
    }

    @Test("a rate that is a variable trains as the same number written out, in every fit")
    func rates() throws {
        let (rate, single, decay) = (0.05, Float(0.0625), 0.1)
        let expected = try weights { try $0.fit(1, lr: 0.05, wd: 0.1) }
        #expect(try weights { try $0.fit(1, lr: rate, wd: decay) } == expected)
        #expect(try weights { try $0.fit(1, lr: rate * 1, wd: 0.1) } == expected)
        #expect(try weights { try $0.fit(1, lr: 1.0 / 20, wd: rate * 2) } == expected)
        #expect(try weights { try $0.fit(1, lr: single) } == weights { try $0.fit(1, lr: 0.0625) })
        #expect(try weights { try $0.fit(1, lr: Double?.none) } == weights { try $0.fit(1) })
        #expect(try weights { try $0.fitOneCycle(1, lrMax: rate) } == weights { try $0.fitOneCycle(1, lrMax: 0.05) })
        #expect(try weights { try $0.fitFlatCos(1, lr: rate) } == weights { try $0.fitFlatCos(1, lr: 0.05) })
        #expect(
            try weights { try $0.fitSGDR(cycles: 1, cycleLength: 1, lrMax: rate) }
                == weights { try $0.fitSGDR(cycles: 1, cycleLength: 1, lrMax: 0.05) })
        let dls = synthLearner().dls
        let model = Sequential {
            Linear(1, 2); Linear(2, 1)
        }
        let made = Learner(dls: dls, model: model, loss: .mse, lr: rate, wd: single)
        #expect(made.lr == rate && made.wd == .value(0.0625))
        #expect(Learner(dls: dls, model: model, loss: .mse, lr: .slice(1e-5, 1e-3)).lr == .slice(1e-5, 1e-3))
        #expect(Learner(dls: dls, model: model, loss: .mse, lr: .perGroup([1, 2])).lr == .perGroup([1, 2]))
        #expect(Learner(dls: dls, model: model, loss: .mse).lr == 1e-3)
        #expect(Learner(dls: dls, model: model, loss: .mse, lr: 1, wd: 0).wd == 0.0)
        #expect(Learner(dls: dls, model: model, loss: .mse, lr: Double?.none).lr == 1e-3)
    }

    @Test("functions may be the metrics; an empty list is one of metrics") func functions() throws {
        let base = synthLearner()
        let learner = Learner(
            dls: base.dls, model: base.model, loss: .mse,
            metrics: [{ p, t in (p - t).abs().mean() }, { p, _ in p.mean() }])
        let named = try learner.validateNamed()
        #expect(named.map(\.name) == ["valid_loss", "metric_0", "metric_1"])
        let known = Learner(dls: base.dls, model: base.model, loss: .mse, metrics: [.mae])
        #expect(try named["metric_0"] == known.validateNamed()["mae"])
        #expect(Learner(dls: base.dls, model: base.model, loss: .mse, metrics: []).metrics.isEmpty)
        let rate = 0.5
        let rated = Learner(
            dls: base.dls, model: base.model, loss: .mse, lr: rate, metrics: [{ p, t in (p - t).abs().mean() }],
            wd: rate)
        #expect(rated.lr == 0.5 && rated.wd == .value(0.5) && rated.metrics.map(\.name) == ["metric_0"])
        let words = try self.words()
        let inferred = Learner(
            dls: words, model: Linear(1, 2), lr: rate, metrics: [{ p, t in (p.argmax(axis: 1) - t).abs().max() }])
        #expect(inferred.lossFunction is CrossEntropyFlat && inferred.metrics.count == 1 && inferred.lr == rate)
        #expect(Learner(dls: words, model: Linear(1, 2), metrics: [{ p, _ in p.max() }]).lr == 1e-3)
    }

    /// Lengths of words, and the words as classes.
    private func words() throws -> DataLoaders {
        let length = FunctionTransform { (word: String) in Tensor([Double(word.count)]) }
        return try Datasets(["cat", "horse", "cat"], transforms: [[length], [Categorize()]]).dataLoaders(batchSize: 3)
    }

    @Test("values by name, by place and in a loop") func named() {
        let values = NamedValues([("valid_loss", 0.5), ("accuracy", nil)])
        #expect(values["valid_loss"] == 0.5 && values["accuracy"] == nil && values["loss"] == nil)
        #expect(values[0].value == 0.5 && values.count == 2 && values.map(\.name) == ["valid_loss", "accuracy"])
        #expect("\(values)" == "valid_loss 0.500000, accuracy –")
    }

    // MARK: Several outputs

    private func heads(_ classes: [String]? = nil) throws -> Learner {
        setSeed(1)
        let x = sample([12, 2])
        let data = TensorDataset(
            inputs: [x],
            targets: [Tensor((0..<12).map { $0 % 3 }), Tensor((0..<12).map { Float($0) }, shape: [12, 1])])
        return Learner(
            dls: DataLoaders([data, data], batchSize: 4), model: Heads(), loss: HeadsLoss(), defaultCallbacks: .core)
    }

    @Test("predict gives a decision for each output, in the loss's sense") func predict() throws {
        let learner = try heads()
        let item = sample([2], seed: 3)
        let found = try learner.predict(item)
        let raw = withNoGrad { learner.model.forward([item.unsqueezed(axis: 0)]) }
        #expect(found.outputs.count == 2 && found.decisions.count == 2 && found.decodings.count == 2)
        expectClose(found.outputs[0], raw[0][0].softmax(axis: 0))
        expectClose(found.outputs[1], raw[1][0])
        #expect(Int(found.decisions[0]) == Int(raw[0][0].argmax()))
        expectClose(found.decision, found.decisions[0])
        expectClose(found.output, found.outputs[0])
        #expect(found.parts.count == 3 && (found.parts[2] as? [Tensor])?.count == 2)
        #expect("\(found)".hasPrefix("\(Int(found.decisions[0])) (0."))
        let all = try learner.predictions(withDecoded: true)
        #expect(all.decisions?.map(\.shape) == [[12], [12, 1]] && all.decoded?.shape == [12])
        #expect(
            "\(all)".hasPrefix("predictions of 12 items: predictions [12, 3] and [12, 1], targets [12] and [12, 1]"))
    }

    @Test("showResults has a column for each target and each output") func show() throws {
        let learner = try heads()
        let text = TextCollector()
        let shown = try learner.showResults(maxCount: 3, shuffle: false, console: text.console())
        #expect(shown.items.allSatisfy { $0.targets.count == 2 && $0.predictions.count == 2 })
        #expect(shown.items[1].targets == [.text("1"), .text("1")] && shown.items[0].target == .text("0"))
        #expect(text.text.hasPrefix("input") && text.text.contains("target 1") && text.text.contains("prediction 2"))
        #expect(
            shown.html().components(separatedBy: "<dt>prediction</dt>").count - 1 == 6 && "\(shown)" == shown.text())
    }

    @Test("one output is shown as before") func one() throws {
        let shown = try synthLearner().showResults(maxCount: 2, console: nil)
        #expect(shown.text().contains("target") && !shown.text().contains("target 1"))
        #expect(shown.items[0].predictions.count == 1 && shown.items[0].prediction == shown.items[0].predictions[0])
    }

    // MARK: Looking at things

    @Test("a batch is shown without touching the loader: pictures, and classes by name") func batch() throws {
        let dls = try DataLoaders.digits(batchSize: 32, asImages: true)
        let before = dls.train.epoch
        let text = TextCollector()
        let shown = try dls.showBatch(maxCount: 3, console: text.console())
        #expect(shown.items.count == 3 && dls.train.epoch == before)
        guard case .picture(let pixels) = shown.items[0].inputs[0] else { Issue.record("no picture"); return }
        #expect(pixels.width == 8 && shown.items[0].prediction == nil && shown.items[0].target != nil)
        #expect(text.text.components(separatedBy: "is ").count == 4 && !text.text.contains("→"))
        #expect(try dls.showBatch(maxCount: 3, console: nil).items == shown.items)
        #expect(try dls.showBatch(dls.oneBatch(), maxCount: 100, console: nil).items.count == 32)
        let named = try words()
        #expect(Set(try named.showBatch(console: nil).items.compactMap { $0.target.map { "\($0)" } }).count == 2)
    }

    @Test("a learner, its recorder and its metrics print what they are") func printing() throws {
        let learner = synthLearner(metrics: [.mse])
        try learner.addCallback(Recorder())
        learner.logger = SilentLogger()
        try learner.fit(2)
        let lines = "\(learner)".split(separator: "\n")
        #expect(
            lines.map { $0.prefix { $0 != " " } } == [
                "model", "data", "loss", "optimizer", "metrics", "callbacks", "trained",
            ])
        #expect(lines.last == "trained    2 epochs" && lines[4] == "metrics    mse")
        #expect("\(learner)".contains("RegressionModel, 2 parameters"))
        let rows = try #require(learner.recorder).description.split(separator: "\n")
        #expect(rows.count == 3 && rows[0].hasPrefix("epoch  train_loss  valid_loss") && rows[2].hasPrefix("1 "))
        #expect("\(Recorder())" == "no epoch has been recorded")
        #expect("\(try #require(learner.recorder).rows[0])".hasPrefix("epoch 0: train_loss "))
        #expect("\(learner.metrics[0])".hasPrefix("mse "))
        let plot = try #require(learner.recorder).plotLoss(skipStart: 0)
        #expect("\(plot)" == plot.text())
    }
}
