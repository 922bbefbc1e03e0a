// SPDX-License-Identifier: Apache-2.0
// What somebody who comes from fastai writes in the first hour: each line was refused once. Compiled and run as a program.

import Foundation
import Lockstep

func expect(_ condition: @autoclosure () throws -> Bool, line: Int = #line) rethrows {
    if try !condition() {
        print("Tests/Documents/FirstHour.swift:\(line): is not so")
        exit(1)
    }
}

// MARK: At the top level

setSeed(1)
let dls = try DataLoaders.digits(batchSize: 64)
let learner = Learner(
    dls: dls,
    model: Sequential {
        Linear(64, 32); ReLU(); Linear(32, 10)
    },
    loss: .crossEntropy, metrics: [.accuracy])

/// A learner of the top level is handed over, or its function is the main actor's, as it is.
func trained(_ learner: Learner) throws -> Double? {
    try learner.withoutLogging { try learner.withoutProgress { try learner.fit(1) } }
    return learner.recorder?.losses.last
}
@MainActor func validated() throws -> Double? { try learner.validateNamed()["accuracy"] }

let trainedLoss = try trained(learner)
expect(trainedLoss != nil)
try expect(validated() == learner.validate()[1])
try expect(learner.validateNamed()["no such metric"] == nil)
let ranks = try InProcessWorld(2).run { communicator in
    // Each rank has a learner of its own.
    let learner = Learner(dls: try .digits(), model: Linear(64, 10), loss: .crossEntropy, defaultCallbacks: .core)
    try learner.distributed(over: communicator) { try learner.fit(1) }
    return Float(learner.model.parameters()[0].value.sum())
}
expect(ranks[0] == ranks[1])

// MARK: Rates that are variables

let lr = 1e-3
let single: Float = 1e-3
let found = try learner.lrFind(iterations: 30)
try learner.withoutLogging {
    try learner.withoutProgress {
        try learner.fit(1, lr: lr)
        try learner.fit(1, lr: single, wd: lr)
        try learner.fit(1, lr: 1e-3)
        try learner.fit(1, lr: lr / 10, wd: 1e-2)
        try learner.fit(1, lr: 1.0 / 100)
        expect(learner.optimizer?.hypers[0]["lr"] == 0.01)
        try learner.fit(1, lr: .slice(1e-5, 1e-3), wd: lr)
        try learner.fitOneCycle(1, lrMax: found.valley)
        try learner.fitOneCycle(1, lrMax: lr, wd: 0)
        try learner.fitFlatCos(1, lr: lr)
        try learner.fitSGDR(cycles: 1, cycleLength: 1, lrMax: lr)
        try learner.fit(1, lr: nil, wd: nil)
    }
}
let rated = Learner(dls: dls, model: Linear(64, 10), loss: .crossEntropy, lr: lr, wd: single)
rated.lr = HyperValue(lr)
let optimizer = try rated.createOptimizer()
expect(optimizer.hypers[0]["lr"] == rated.lr)
expect(optimizer.hypers[0]["lr"] == 1e-3)
expect(optimizer.hypers[0]["lr"] != HyperValue.slice(1e-5, 1e-3))
try optimizer.setHyper("lr", lr)
do {
    try optimizer.setHyper("lrr", 1)
    expect(false)
} catch {
    expect("\(error)".contains("did you mean lr?"))
}
expect(optimizer.stateDictionary == optimizer.stateDictionary)

// MARK: Tensors

let x = Tensor.normal([3])
setSeed(1)
let y = Tensor.normal([3])
setSeed(1)
expect(Tensor.normal([3]).floats == y.floats && Tensor.uniform([3]).floats != Tensor.uniform([3]).floats)
final class Scaled: Module, UnaryLayer {
    @Parameter var scale = Tensor.normal([3], std: 0.02)
    @Parameter var offset = Tensor.uniform([3], low: -1)
    let layer = Linear(3, 3)
    func callAsFunction(_ x: Tensor) -> Tensor { gelu(layer(relu(x))) * scale + offset }
}
let k = 3
let half: Float = 0.5
expect(
    (x * k).floats == (x * 3.0).floats && (half * x).floats == (0.5 * x).floats && (k - x).floats == (3.0 - x).floats)
expect((x * (1 / 2)).floats == (x * 0.5).floats)  // not the division of integers, which is 0
expect((Tensor([1, 2] as [Int]) * k).ints == [3, 6])
expect((x .> half).bools == (x .> 0.5).bools && x.pow(k - 1).floats == x.square().floats)
let names = ["cat", "dog", "fox"]
expect(names[Tensor([0.1, 0.7, 0.2]).argmax()] == "dog")
expect(Int(Tensor([0.1, 0.7, 0.2]).argmax()) == 1 && Double(Tensor([2]).sum()) == 2)
expect(relu(x).floats == x.relu().floats && softmax(x, axis: 0).floats == x.softmax(axis: 0).floats)
expect(exp(x).floats == x.exp().floats && exp(0.0) == 1 && abs(-2.0) == 2)
expect(learner.model(Tensor.ones([2, 64])).shape == [2, 10])
expect(Scaled()(Tensor.ones([2, 3])).shape == [2, 3])

// MARK: Data

var items = 0
for batch in dls.train { items += batch.size }
expect(items == 64 * (1438 / 64))
let shown = try dls.showBatch(maxCount: 2, console: nil)
expect(shown.items.count == 2 && shown.items[0].target != nil && shown.items[0].prediction == nil)
let pairs = [(Tensor([1, 2]), 0), (Tensor([3, 4]), 1), (Tensor([5, 6]), 0), (Tensor([7, 8]), 1)]
let paired = try Datasets(pairs, transforms: [[]])
expect(paired.train.count == 4 && (try? paired.train.item(at: 1).targets[0].ints) == [1])
let squares = MapDataset(0..<8) { i in (Tensor([Double(i)]), Tensor([Double(i * i)])) }
try expect(squares.item(at: 3).targets[0].item() == 9)
let plain = DataLoaders([squares, squares], batchSize: 4)
try expect(plain.testLoader(for: [(Tensor([1]), Tensor([1]))], withLabels: true).oneBatch().targets.count == 1)

// MARK: Losses and metrics

struct Doubled: LossFunction {
    var reduction = Reduction.mean
    func callAsFunction(_ p: Tensor, _ t: Tensor) -> Tensor { crossEntropy(p, t, reduction: reduction) * 2 }
}
let measured = Learner(
    dls: dls, model: Linear(64, 10), loss: Doubled(),
    metrics: [{ p, t in (p.argmax(axis: 1) .== t).to(.float32).mean() }])
try expect(measured.validateNamed()["metric_0"] != nil)
expect(
    measured.metrics.count == 1
        && Learner(dls: dls, model: Linear(64, 10), loss: .crossEntropy, metrics: []).metrics.isEmpty)

// MARK: Two outputs

final class Both: Module {
    let left = Linear(64, 10), right = Linear(64, 10)
    override func forward(_ inputs: [Tensor]) -> [Tensor] { [left(inputs[0]), right(inputs[0])] }
}
struct Sum: MultipleLossFunction {
    var reduction = Reduction.mean
    func callAsFunction(_ p: Tensor, _ t: Tensor) -> Tensor { crossEntropy(p, t, reduction: reduction) }
    func callAsFunction(_ p: [Tensor], _ t: [Tensor]) -> Tensor { p.map { self($0, t[0]) }.reduce(Tensor(0), +) }
    func activation(_ p: Tensor) -> Tensor { p.softmax(axis: 1) }
    func decodes(_ p: Tensor) -> Tensor { p.argmax(axis: 1) }
}
let both = Learner(dls: dls, model: Both(), loss: Sum(), defaultCallbacks: .core)
let answer = try both.predict(try dls.train.oneBatch().inputs[0][0])
expect(answer.decisions.count == 2 && answer.outputs[1].shape == [10] && answer.decodings.count == 2)
try expect(both.showResults(maxCount: 2, console: nil).items[0].predictions.count == 2)

// MARK: Printing

_ = try trained(learner)
print(dls)
print(learner)
expect("\(learner.recorder?.plotLoss() ?? Plot())".contains("learning curve"))
expect("\(learner.metrics)" == "[\(learner.metrics[0])]" && "\(learner.metrics[0])".hasPrefix("accuracy"))
print(try both.dls.oneBatch())
