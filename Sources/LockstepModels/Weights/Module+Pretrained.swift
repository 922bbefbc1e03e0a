// SPDX-License-Identifier: Apache-2.0
// Weights from the files that people have, into a model.

public import LockstepData
public import LockstepNN
import LockstepTensor

extension Module {
    /// Puts the weights of a file into the model, and says what became of each tensor.
    ///
    /// ```swift
    /// print(try Linear(3, 3).loadPretrained("linear.safetensors"))
    /// ```
    /// Names are found through what files wrap around them (`module.`, `model.`, `bert.`: whatever makes the most names those of
    /// the model), on either side. Half precision is converted, MLX's convolutions and GPT-2's products are turned round, and a
    /// first convolution of other input channels is made of the file's as timm does it. Counters and tables (`position_ids`,
    /// `num_batches_tracked`) may be on one side only. All is checked before anything changes.
    /// - Parameters:
    ///   - path: `.safetensors`, `.pth`, `.pt`, `.bin`, an index of several files, or the folder that they lie in.
    ///   - key: The keys that lead to the dictionary of tensors, joined by dots, where a PyTorch file has several.
    ///   - parts: Parts of the model (`["classifier"]`) that stay as they are where the file has nothing that fits.
    ///   - unwanted: Parts of the file that are passed over.
    ///   - keepsOtherHead: Whether the model's last layer stays as it is where the file's has another size.
    ///   - strict: Whether it is an error that tensors of the model are missing in the file, or that the model has no place for
    ///     some of the file; they are reported otherwise. Another size is an error all the same.
    ///   - renaming: The model's name for a file's name; nil for one that stays.
    /// - Returns: what was loaded, converted, ignored, left, missing and unexpected.
    /// - Throws: `DataError`: what is wrong with the file, or (`.mismatch`) all that does not fit the model, which then has not
    ///   been changed.
    @discardableResult
    public final func loadPretrained(
        _ path: String, key: String? = nil, leaving parts: [String] = [], ignoring unwanted: [String] = [],
        keepsOtherHead: Bool = false, strict: Bool = true, renaming: ((String) -> String?)? = nil
    ) throws(DataError) -> WeightReport {
        try loadPretrained(
            try WeightFile(path, key: key), leaving: parts, ignoring: unwanted, keepsOtherHead: keepsOtherHead,
            strict: strict,
            renaming: renaming)
    }

    /// Puts the weights of an open file into the model, as ``loadPretrained(_:key:leaving:ignoring:keepsOtherHead:strict:renaming:)``.
    @discardableResult
    public final func loadPretrained(
        _ weights: WeightFile, leaving parts: [String] = [], ignoring unwanted: [String] = [],
        keepsOtherHead: Bool = false,
        strict: Bool = true, renaming: ((String) -> String?)? = nil
    ) throws(DataError) -> WeightReport {
        let plan = WeightPlan(
            weights, for: self,
            .init(leaving: parts, ignoring: unwanted, keepsOtherHead: keepsOtherHead, renaming: renaming))
        try plan.check(strict: strict)
        for step in plan.steps {
            var tensor = try weights.tensor(step.source)
            for change in step.changes { tensor = change.applied(to: tensor, shape: step.slot.value.shape) }
            step.slot.assign(tensor)
        }
        return plan.report
    }
}

extension WeightPlan {
    /// - Throws: `DataError` that lists all that does not fit.
    fileprivate func check(strict: Bool) throws(DataError) {
        var reasons: [String] = []
        var remedies: [String] = []
        if steps.isEmpty, misfits.isEmpty {
            reasons.append("None of its names is one of the model's: \(WeightReport.list(report.unexpected))")
        } else if strict, !report.missing.isEmpty {
            reasons.append("Missing: \(WeightReport.list(report.missing))")
            remedies.append("leaving: names parts of the model that may stay as they are")
        }
        if !misfits.isEmpty {
            reasons.append(
                "Other sizes: "
                    + WeightReport.list(
                        misfits.map {
                            "\($0.name) is \($0.found.type.rawValue)\($0.found.shape), expected \($0.expected)"
                        }))
            remedies.append("keepsOtherHead: true keeps a last layer of another size")
        }
        if strict, !report.unexpected.isEmpty {
            reasons.append("Unexpected: \(WeightReport.list(report.unexpected))")
            remedies.append("ignoring: names parts of the file to pass over, and strict: false passes over all of them")
        }
        guard !reasons.isEmpty else { return }
        throw DataError(
            .mismatch, file: report.file, "these weights do not fit this model. \(reasons.joined(separator: ". "))",
            remedy: remedies.joined(separator: "; "))
    }
}
