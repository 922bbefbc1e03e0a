// SPDX-License-Identifier: Apache-2.0
// A learner that came from a bundle is tried on outlines before it runs: what does not fit is an error, not the end.

import LockstepData
import LockstepModels
import LockstepNN
import LockstepTensor

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// What is checked of a learner that somebody else has described, each time it meets data of new sizes.
///
/// Whatever a bundle holds, loading it and running it end with an `ExportError` or come to their end: before a batch goes
/// through the model, ``OutlineTrial`` works out what every layer would put out and compute, and losses and metrics say what they take.
final class BundleCheck {
    private let file: String
    private unowned let model: Module
    private let places: [ObjectIdentifier: String]
    /// Metrics of the bundle; others are the program's own.
    private let metrics: [ObjectIdentifier: String]
    /// Sizes that have passed, the latest last.
    private var passed: [[Outline]] = []
    /// Bytes that the output of one layer may take: a quarter of the machine's memory.
    private static let memory: Int = {
        let (pages, size) = (sysconf(Int32(_SC_PHYS_PAGES)), sysconf(Int32(_SC_PAGESIZE)))
        return pages > 0 && size > 0 ? pages * size / 4 : 1 << 32
    }()

    init(file: String, model: Module, places: [ObjectIdentifier: String], metrics: [Metric]) {
        (self.file, self.model, self.places) = (file, model, places)
        self.metrics = Dictionary(
            metrics.enumerated().map { (ObjectIdentifier($1), "metrics.\($0)") },
            uniquingKeysWith: { first, _ in first })
    }

    /// Tries the batch at hand.
    ///
    /// - Throws: `ExportError` with the place of what does not fit.
    func check(_ learner: Learner) throws(ExportError) {
        guard learner.model === model, !learner.xb.isEmpty else { return }
        let (inputs, targets) = (learner.xb.map { Outline($0) }, learner.yb.map { Outline($0) })
        let key = inputs + [Outline([learner.training ? 1 : 0])] + targets
        if passed.contains(key) { return }
        let items = learner.xb[0].rank > 0 ? learner.xb[0].shape[0] : 1
        let outputs = try outputs(for: inputs, items: items)
        guard let output = outputs.first else { return }
        if learner.training, learner.lossFunction.reduction == .none {
            throw error(
                "\(learner.lossFunction.name): a loss that is not reduced to one number cannot be trained", "loss")
        }
        let target = targets.count == 1 ? targets[0] : nil
        if outputs.count > 1, let target, let loss = learner.lossFunction as? any OutlinedLoss {
            do throws(ModelMismatch) { try loss.check(outputs, target) } catch let mismatch {
                throw error(mismatch.sentence, "loss")
            }
        }
        try check(learner.lossFunction, output, target)
        if let target {
            for metric in learner.metrics {
                guard let place = metrics[ObjectIdentifier(metric)] else { continue }
                if let problem = metric.refusal(of: output, target, loss: learner.lossFunction) {
                    throw error(problem, place)
                }
            }
        }
        passed = passed.suffix(7) + [key]
    }

    /// What the model would put out.
    func outputs(for inputs: [Outline], items: Int = 1) throws(ExportError) -> [Outline] {
        let trial = OutlineTrial(places: places, items: items, memory: BundleCheck.memory)
        do throws(ModelMismatch) {
            let outputs = try trial.outputs(model, inputs)
            if let rankless = outputs.first(where: { $0.rank == 0 }) {
                throw ModelMismatch("the model's output \(rankless) has no axis of items")
            }
            return outputs
        } catch let mismatch {
            throw error(mismatch.sentence, mismatch.place ?? "model")
        }
    }

    /// Tries the loss on an output of the model.
    func check(_ loss: any LossFunction, _ output: Outline, _ target: Outline?) throws(ExportError) {
        guard let loss = loss as? any OutlinedLoss else { return }
        do throws(ModelMismatch) { try loss.check(output, target) } catch let mismatch {
            throw error(mismatch.sentence, "loss")
        }
    }

    /// Tries what the bundle says of itself: layers with each other, the loss with what they put out, and a model of a table with
    /// the table. A model that is not made of layers in a row is tried when data are there.
    func check(_ description: LearnerDescription, _ learner: Learner) throws(ExportError) {
        let loss = learner.lossFunction
        if let model = model as? TextClassifier, let texts = learner.dls.trainDataset as? TokenizedTexts {
            return try check(model, texts, loss)
        }
        if let model = model as? any TableNetwork, let columns = description.data.columns {
            return try check(model, columns, loss)
        }
        guard model is any UnaryOutlining, let output = try outputs(for: [.unknown]).first else { return }
        try check(loss, output, nil)
    }

    private func check(
        _ model: TextClassifier, _ texts: TokenizedTexts, _ loss: any LossFunction
    ) throws(ExportError) {
        let inputs = (0..<texts.inputCount).map { _ in Outline([nil, nil], kind: .integer) }
        guard let output = try outputs(for: inputs).first else { return }
        guard model.classes == texts.classes.count else {
            throw error("tells \(model.classes) classes, the texts have \(texts.classes.count)", "model")
        }
        try check(loss, output, nil)
    }

    private func check(
        _ model: any TableNetwork, _ columns: TabularColumns, _ loss: any LossFunction
    ) throws(ExportError) {
        var inputs: [Outline] = []
        if !columns.categorical.isEmpty { inputs.append(Outline([nil, columns.categorical.count], kind: .integer)) }
        if !columns.continuous.isEmpty { inputs.append(Outline([nil, columns.continuous.count], kind: .real)) }
        guard let output = try outputs(for: inputs).first else { return }
        let (target, wanted) = (columns.target.name, columns.target.outputCount)
        guard output.fits(Outline([nil, wanted])) else {
            throw error("puts out \(output), but the column \(target) needs \(wanted) numbers per row", "model")
        }
        do throws(ModelMismatch) {
            // A column that marks missing values has the codes 1 and 2.
            try model.check(codes: columns.categorical.map { max($0.vocabulary.count, $0.marksMissing == nil ? 1 : 3) })
        } catch let mismatch {
            throw error(mismatch.sentence, "model")
        }
        try check(loss, output, nil)
        if let loss = loss as? any OutlinedLoss, loss.choosesClasses != (columns.classes != nil) {
            let what = columns.classes == nil ? "a number" : "a class"
            throw error("\(loss.name) is the loss of another task: the column \(target) is \(what)", "loss")
        }
    }

    private func error(_ reason: String, _ place: String) -> ExportError {
        ExportError(.malformed, file: file, at: place, reason)
    }
}
