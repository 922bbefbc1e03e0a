// SPDX-License-Identifier: Apache-2.0
// `lockstep export`: a trained learner as a file that other programs run.

import ArgumentParser
import Lockstep
import LockstepData

/// Writes the learner of a run, or of an export bundle, as ONNX.
struct Export: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write a trained learner for other programs: as ONNX.",
        discussion:
            "RUN is the folder of a run, or what a training leaves there as export.bundle. The file of ONNX holds what comes before the "
            + "model, too: for a table it has an input for each column (text for categories, float64 for numbers, not-a-number for a "
            + "gap), for images their bytes in any size, for texts numbers of tokens. Its outputs are the model's after the loss's "
            + "activation (probabilities), the decision and, where classes have names, that name. The first axis is any number of "
            + "items. What has no form in ONNX is refused by name.")

    @Argument(help: ArgumentHelp("The folder of a run, or an exported learner.", valueName: "run")) var place: String
    @Option(help: ArgumentHelp("Write ONNX here.", valueName: "file")) var onnx: String
    @Flag(help: "Leave out what comes before the model: the graph takes what the model takes.")
    var noPreprocessing = false

    func validate() throws { try Output.checkName("--onnx", onnx) }

    func run() throws {
        let bundle = try ExportFile.path(place, for: "export")
        try Output.check("--onnx", file: onnx)
        let learner = try Learner.load(contentsOf: bundle)
        let file = try learner.onnxFile(preprocessing: !noPreprocessing)
        try Files.writeAtomically([try file.bytes()], to: onnx)
        guard !OutputFile.isStream(onnx) else { return }
        try say("\(file.summary)\nthe model is in \(onnx)")
    }
}
