// SPDX-License-Identifier: Apache-2.0
// What decides how a learner trains, in lines that ranks can compare.

import Foundation
import LockstepData
import LockstepNN
import LockstepOptim
import LockstepTensor

extension Learner {
    /// Everything that decides what a fit does, a line each: the same on ranks that are set up alike. Left out is what changes
    /// no result: values that rank 0 gives to all, worker threads, numbers of cores, paths.
    package func fitSetup() -> [String] {
        var lines = [
            "epochs: \(nEpoch)", "epochs of earlier fits: \(epochsSeen)", "learner's seed: \(seed)",
            "trainBn: \(trainBn), wdBnBias: \(wdBnBias)",
        ]
        lines += modelSetup()
        if let optimizer {
            lines.append("optimizer \(optimizer.rule.name) \(optimizer.groups.map(\.count))")
            // A rule is a value: its options are in what it prints as.
            lines.append("rule \(optimizer.rule)")
            for (index, group) in optimizer.hypers.enumerated() {
                lines.append(
                    "group \(index) " + optimizer.hyperNames.map { "\($0) \(group[$0] ?? .nan)" }.joined(separator: " ")
                )
            }
        }
        for (index, loader) in dls.loaders.enumerated() { lines += setup(of: loader, "loader \(index)") }
        return lines + partSetup(callbacks)
    }

    /// Everything that decides what an inference run over ``dl`` gives, likewise.
    package func inferenceSetup() -> [String] {
        ["learner's seed: \(seed)"] + modelSetup() + (dl.map { setup(of: $0, "loader") } ?? [])
            + partSetup(callbacks.filter(\.takesPartInInference))
    }

    private func modelSetup() -> [String] {
        var lines: [String] = []
        for (name, parameter) in model.namedParameters() {
            let isTrained = parameter.isTrainable ? "trainable" : "frozen"
            lines.append("parameter \(name) \(parameter.value.shape) \(parameter.value.dtype) \(isTrained)")
        }
        for (name, buffer) in model.namedBuffers() {
            lines.append("buffer \(name) \(buffer.wrappedValue.shape) \(buffer.wrappedValue.dtype)")
        }
        lines += "\(model)".split(separator: "\n").map { "layer \($0.trimmingCharacters(in: .whitespaces))" }
        // Options that a printed model leaves out decide as much.
        for (name, module) in model.namedModules() {
            let label = "layer \(name.isEmpty ? "" : "\(name): ")\(type(of: module))"
            lines += arguments(of: module).map { "\(label), \($0.name): \(short("\($0.value)"))" }
        }
        return lines
    }

    private func setup(of loader: any BatchSource, _ label: String) -> [String] {
        var lines = loader.setupLines.map { "\(label): \($0)" }
        let stages = (loader as? any TransformingBatchSource)?.transforms
        let item = loader.dataset?.itemPipelines ?? []
        let pipelines =
            item.map { ("items", $0) }
            + (stages.map {
                [("afterItem", $0.afterItem), ("beforeBatch", $0.beforeBatch), ("afterBatch", $0.afterBatch)]
            } ?? [])
        for (stage, pipeline) in pipelines {
            for transform in pipeline.transforms { lines += setupLines(of: transform, "\(label): \(stage)") }
        }
        return lines
    }

    private func partSetup(_ callbacks: [Callback]) -> [String] {
        setupLines(of: lossFunction, "loss") + metrics.flatMap { setupLines(of: $0, "metric \($0.name)") }
            + callbacks.flatMap { setupLines(of: $0, "callback") }
    }
}

/// The type of a part, and a line for each of its arguments: as an export stores them, or as the part tells them.
private func setupLines(of part: Any, _ label: String) -> [String] {
    let type = "\(type(of: part))"
    let known = (try? ExportRegistry.describe(part, at: ""))?.arguments.compactMap { name, value in
        json(value).map { (name, $0) }
    }
    let arguments = known ?? arguments(of: part).map { ($0.name, "\($0.value)") }
    return ["\(label): \(type)"]
        + arguments.filter { !pathNames.contains($0.0) }.map { "\(label): \(type), \($0.0): \(short($0.1))" }
}

/// Where files lie changes nothing.
private let pathNames: Set = ["filename", "fname", "path", "file"]

/// Long values, such as weights of many classes, by their checksum.
private func short(_ text: String) -> String {
    guard text.utf8.count > 160 else { return text }
    var sum = Fingerprint()
    sum.add(text)
    return "\(text.prefix(60))… (checksum \(String(sum.value, radix: 16)))"
}

private func json(_ value: any Encodable) -> String? {
    struct Whole: Encodable {
        let value: any Encodable
        func encode(to encoder: any Encoder) throws { try value.encode(to: encoder) }
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
        positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    encoder.userInfo[ExportWriter.key] = ExportWriter(RegistryCatalog())
    return (try? encoder.encode(Whole(value: value))).map { String(decoding: $0, as: UTF8.self) }
}
