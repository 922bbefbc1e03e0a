// SPDX-License-Identifier: Apache-2.0
// Giving a trained learner away: one file that needs neither the data nor the program that made them.

import LockstepData
import LockstepNN
import LockstepTensor

extension Learner {
    /// Writes the learner to a file for use elsewhere: weights, a description of the model, loss, metrics, callbacks
    /// without what they have seen, transforms with their vocabularies and statistics, and settings.
    ///
    /// Left out: items, and the optimizer with its state. The file is a safetensors file with the weights under PyTorch's
    /// names; its metadata holds the description as JSON (`lockstep.learner`), so it can be read without running code.
    /// Types of your own must be in ``ExportRegistry``; what is not is refused by name before anything is written. The
    /// learner is not changed. The file appears whole or not at all.
    ///
    /// ```swift
    /// try learner.export(to: "export.bundle")
    /// let learner = try Learner.load(contentsOf: "export.bundle")     // in another program
    /// ```
    ///
    /// Collective: every rank describes its learner, only the writing rank writes, and the others wait for it.
    ///
    /// - Parameter file: A name inside ``path``, or an absolute path.
    /// - Returns: the path of the file, on every rank.
    /// - Throws: `ExportError` for what cannot be stored, `DataError` when the file cannot be written.
    /// - Note: fastai: `export`.
    @discardableResult
    public func export(to file: String = "export.bundle") throws -> String {
        let metadata = try exportMetadata()
        let path = joined(path, file)
        try coordinator.write {
            try Safetensors.write(Checkpoint.parts(of: model, optimizer: nil), metadata: metadata, to: path)
        }
        return path
    }

    /// What ``export(to:)`` would write, in memory. Not collective.
    public func exported() throws -> [UInt8] {
        try Safetensors.encode(parts: Checkpoint.parts(of: model, optimizer: nil), metadata: exportMetadata())
    }

    private func exportMetadata() throws -> [(key: String, value: String)] {
        let json = try described().json()
        return [("format", "pt"), (LearnerBundle.key, json), (LearnerBundle.checksumKey, LearnerBundle.checksum(json))]
    }

    private func described() throws -> LearnerDescription {
        LearnerDescription(
            model: ExportPart(model),
            frozen: model.namedParameters().filter { !$0.parameter.isTrainable }.map(\.name),
            loss: ExportPart(lossFunction), metrics: metrics.map(ExportPart.init),
            callbacks: callbacks.filter(\.isExported).map(ExportPart.init), data: try DataDescription(dls),
            lr: HyperDescription(lr), wd: wd.map(HyperDescription.init), moms: [moms.0, moms.1, moms.2],
            wdBnBias: wdBnBias, trainBn: trainBn, path: path, modelDirectory: modelDirectory, seed: seed)
    }
}

/// The names under which a safetensors file holds a learner.
enum LearnerBundle {
    static let key = "lockstep.learner"
    static let checksumKey = "lockstep.learner.crc32"

    /// CRC-32 of the description, eight hexadecimal digits.
    static func checksum(_ json: String) -> String { Safetensors.checksum(of: json) }
}
