// SPDX-License-Identifier: Apache-2.0
// Taking a learner that was given away into use.

package import LockstepData
import LockstepNN
public import LockstepOptim
import LockstepTensor

extension Learner {
    /// The learner in a file that ``export(to:)`` wrote: ready to predict, and to train further with new loaders.
    ///
    /// It computes in the element types of its weights: a float64 model comes back as one, and one that was trained with
    /// `MixedPrecision` in float32, the type that its weights have. Its loaders have no items: `validate` gives nil entries.
    /// It has no optimizer yet. ``path`` is the exporting machine's if that folder exists here, else `.`. It may come
    /// from anyone, and no code in it is run: what it describes is checked before anything is made of it and again before it
    /// meets data, so that predicting and training throw an `ExportError` where layers, loss or metrics do not fit. What may be
    /// described is limited; docs/design.md has the numbers.
    ///
    /// Not collective: every rank that calls it reads the file. After an ``export(to:)`` that ranks made together it is
    /// there for all of them. With files that only one rank can see, use `Learner.load(contentsOf:over:)`.
    ///
    /// - Parameters:
    ///   - file: The path of the file.
    ///   - optimizer: Makes the optimizer for further training; a bundle does not say which one was used.
    ///   - splitter: Cuts the model into parameter groups, likewise.
    /// - Throws: `DataError` for a file that cannot be read or is damaged, `ExportError` for one that holds no learner or
    ///   one of types that are not registered here, `StateDictionaryError` when its weights do not fit its model.
    /// - Note: fastai: `load_learner`.
    public static func load(
        contentsOf file: String, optimizer: OptimizerFactory = .adam(),
        splitter: ParameterSplitter = .trainableParameters
    ) throws -> Learner {
        try load(FileBytes.opened(file), from: file, optimizer: optimizer, splitter: splitter)
    }

    /// The learner in the bytes of a bundle. Not collective: every rank needs them.
    ///
    /// - Parameter source: The name errors carry.
    public static func load(
        exported bytes: [UInt8], from source: String = "bundle", optimizer: OptimizerFactory = .adam(),
        splitter: ParameterSplitter = .trainableParameters
    ) throws -> Learner {
        try load(FileBytes.array(bytes), from: source, optimizer: optimizer, splitter: splitter)
    }

    /// The same for bytes that may be mapped.
    package static func load(
        _ bytes: FileBytes, from source: String, optimizer: OptimizerFactory, splitter: ParameterSplitter
    ) throws -> Learner {
        let archive = try Safetensors.parse(bytes, file: source)
        do {
            return try LearnerBundle.learner(in: archive, optimizer, splitter)
        } catch var error as ExportError {
            error.file = source
            throw error
        } catch let error where !(error is StateDictionaryError || error is DataError) {
            throw ExportError(.malformed, file: source, "\(error)")
        }
    }
}

/// As ``Learner/load(contentsOf:optimizer:splitter:)``, under fastai's name.
public func loadLearner(_ file: String) throws -> Learner { try Learner.load(contentsOf: file) }

extension LearnerBundle {
    static func learner(
        in archive: Safetensors.Archive, _ optimizer: OptimizerFactory, _ splitter: ParameterSplitter
    ) throws -> Learner {
        guard let json = archive.metadata(key) else {
            throw ExportError(
                .malformed, "holds weights, but no learner",
                remedy: "Learner.load(contentsOf:) reads what export(to:) wrote; learner.load(_:) reads weights")
        }
        guard archive.metadata(checksumKey) == checksum(json) else {
            throw ExportError(
                .checksum, "the checksum of its description is wrong",
                remedy: "The file was damaged or changed after it was written; use another copy")
        }
        let weights = archive.entries.reduce(0) { $0 + $1.range.count / $1.type.byteCount }
        // Initial weights are overwritten: the program's own random numbers go on where they were.
        let reader = ExportReader(weights: weights, RegistryCatalog())
        let description = try withSeed(0) { try LearnerDescription.parse(json, reader) }
        let model = try description.model.made(as: Module.self, at: "model")
        let state = Checkpoint.modelState(archive)
        try checkTypes(of: state)
        model.convert(toTypesOf: state)
        try model.loadStateDictionary(state, source: archive.file)
        let frozen = Set(description.frozen)
        for (name, parameter) in model.namedParameters() where frozen.contains(name) { parameter.isTrainable = false }
        let learner = try description.learner(of: model, optimizer, splitter)
        let check = BundleCheck(file: archive.file, model: model, places: reader.places, metrics: learner.metrics)
        try check.check(description, learner)
        learner.bundleCheck = check
        return learner
    }
}

extension LearnerBundle {
    /// - Throws: `ExportError` when the real weights of one layer are not of one type, as its operations need them.
    private static func checkTypes(of state: [(name: String, tensor: Tensor)]) throws(ExportError) {
        var first: [Substring: (name: String, dtype: DType)] = [:]
        for (name, tensor) in state where tensor.dtype.isFloatingPoint {
            let layer = name.lastIndex(of: ".").map { name[..<$0] } ?? ""
            guard let other = first[layer] else {
                first[layer] = (name, tensor.dtype)
                continue
            }
            guard other.dtype == tensor.dtype else {
                throw ExportError(
                    .malformed, at: "model", "\(name) is \(tensor.dtype), but \(other.name) is \(other.dtype)")
            }
        }
    }
}

extension LearnerDescription {
    func learner(of model: Module, _ optimizer: OptimizerFactory, _ splitter: ParameterSplitter) throws -> Learner {
        try checkNumbers()
        let loss = try loss.made(as: (any LossFunction).self, at: "loss")
        let callbacks = try callbacks.enumerated().map { try $1.made(as: Callback.self, at: "callbacks.\($0)") }
        let learner = Learner(
            dls: try data.loaders(path: Files.exists(path) ? path : "."), model: model, loss: loss,
            optimizer: optimizer, lr: lr.value, splitter: splitter,
            metrics: try metrics.enumerated().map { try $1.made(as: Metric.self, at: "metrics.\($0)") },
            modelDirectory: modelDirectory, wd: wd?.value, wdBnBias: wdBnBias, trainBn: trainBn,
            moms: (moms[0], moms[1], moms[2]), defaultCallbacks: .none, seed: seed)
        try learner.addCallbacks(callbacks)
        try learner(.afterCreate)
        return learner
    }

    /// - Throws: `ExportError` for hyper-parameters that cannot be, and more parts than anybody uses.
    private func checkNumbers() throws(ExportError) {
        func fail(_ place: String, _ reason: String) -> ExportError { ExportError(.malformed, at: place, reason) }
        guard moms.count == 3, moms.allSatisfy({ (0...1).contains($0) }) else {
            throw fail("moms", "\(moms.prefix(8)) are not three momenta")
        }
        for (place, hyper) in [("lr", lr), ("wd", wd)] {
            guard let numbers = hyper?.numbers else { continue }
            guard numbers.allSatisfy({ $0 >= 0 && $0.isFinite }) else {
                throw fail(place, "\(numbers.prefix(8)) are not numbers from 0")
            }
        }
        for (place, count) in [("metrics", metrics.count), ("callbacks", callbacks.count)] {
            guard count <= LearnerDescription.mostParts else {
                throw fail(place, "there are \(count), the limit is \(LearnerDescription.mostParts)")
            }
        }
    }
}
