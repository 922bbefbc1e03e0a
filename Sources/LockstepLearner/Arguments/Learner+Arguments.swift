// SPDX-License-Identifier: Apache-2.0
// Everything a learner was configured with, for experiment logs.

import LockstepData
import LockstepNN
import LockstepOptim
public import LockstepTensor

extension Learner {
    /// All that can be said of how this learner was configured: constructor arguments under `Class.__init__.name`,
    /// arguments of the last call of each fit method under `Learner.fit.name`, every callback's name, and sizes of inputs,
    /// batches and model.
    ///
    /// ```swift
    /// learner.gatherArguments()["Learner.__init__.lr"]   // .double(0.01)
    /// ```
    /// What cannot be determined is left out. Nothing changes: the loaders' order is what it was. Not collective: the same
    /// on every rank; write it on the one that writes.
    /// - Note: fastai: `gather_args`.
    public func gatherArguments() -> [String: ConfigValue] {
        var all = fitArguments
        func add(_ type: String, _ arguments: some Sequence<(key: String, value: ConfigValue?)>) {
            for (name, value) in arguments { all["\(type).__init__.\(name)"] = value }
        }
        add(
            "Learner",
            [
                ("lr", ConfigValue(lr)), ("path", .string(path)), ("model_dir", .string(modelDirectory)),
                ("wd", wd.map(ConfigValue.init)), ("wd_bn_bias", .bool(wdBnBias)), ("train_bn", .bool(trainBn)),
                ("moms", .string("(\(moms.0), \(moms.1), \(moms.2))")), ("seed", .string("\(seed)")),
                ("metrics", .string(metrics.map(\.name).joined(separator: ", "))),
            ])
        for callback in callbacks {
            all[callback.typeName] = .bool(true)
            add(callback.typeName, arguments(of: callback).map { ($0.name, $0.value) })
        }
        add(lossFunction.name, arguments(of: lossFunction).map { ($0.name, $0.value) })
        if let options = dls.train.loaderOptions {
            add(
                "DataLoader",
                [
                    ("bs", options.batchSize.map(ConfigValue.int)), ("shuffle", .bool(options.shuffle)),
                    ("drop_last", .bool(options.dropLast)), ("num_workers", .int(options.numWorkers)),
                    ("n", options.n.map(ConfigValue.int)), ("seed", .string("\(options.seed)")),
                ])
            all["batch size"] = options.batchSize.map(ConfigValue.int)
        }
        if let loader = dls.train as? any TransformingBatchSource {
            let stages = loader.transforms
            all["dls.after_item"] = listed(stages.afterItem)
            all["dls.before_batch"] = listed(stages.beforeBatch)
            all["dls.after_batch"] = listed(stages.afterBatch)
        }
        if let pipelines = dls.trainDataset?.itemPipelines {
            all["dataset.tfms"] = .string(pipelines.map { listed($0).description }.joined(separator: " | "))
        }
        all["n_inp"] = .int(dls.inputCount)
        all["batch per epoch"] = dls.train.batchCount.map(ConfigValue.int)
        all["model parameters"] = .int(model.parameterCount)
        all["loss function"] = .string("\(lossFunction)")
        all["device"] = .string("cpu")
        all["optimizer"] = .string(optimizer?.rule.name ?? optimizerFactory.name)
        if let optimizer {
            for (name, value) in optimizer.hypers.last ?? [:] where name != "lr" {
                all["\(optimizer.rule.name).__init__.\(name)"] = .double(value)
            }
            all["frozen"] = .bool(optimizer.frozenIndex != 0)
            all["frozen idx"] = .int(optimizer.frozenIndex)
        }
        for (index, shape) in inputShapes().enumerated() {
            for (axis, size) in shape.enumerated() { all["input \(index + 1) dim \(axis + 1)"] = .int(size) }
        }
        return all
    }

    /// The names of a pipeline's transforms, in order.
    private func listed(_ pipeline: Pipeline) -> ConfigValue {
        .string(pipeline.transforms.map { String(describing: type(of: $0)) }.joined(separator: ", "))
    }

    /// The shapes of the inputs of a batch, without moving any loader on.
    private func inputShapes() -> [Shape] {
        do {
            return try firstBatch(of: dls.valid ?? dls.train)?.inputs.map(\.shape) ?? []
        } catch {
            warn("gatherArguments: the sizes of the inputs are unknown: \(error)")
            return []
        }
    }

    /// The first batch of a loader's epoch 0; its own count of epochs stays as it is.
    func firstBatch(of loader: any BatchSource) throws -> Batch? {
        var batches = try loader.makeIterator(epoch: 0)
        defer { batches.cancel() }
        return try batches.next()
    }

    /// Remembers the arguments of a fit method under its Python name.
    func recordCall(of method: String, _ arguments: KeyValuePairs<String, ConfigValue?>) {
        for (name, value) in arguments { fitArguments["Learner.\(method).\(name)"] = value }
    }
}
