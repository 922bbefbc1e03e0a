// SPDX-License-Identifier: Apache-2.0
// A trained learner for other programs: one file of ONNX with what comes before and behind the model.

import LockstepData
public import LockstepLearner
public import LockstepNN
import LockstepTensor

extension Learner {
    /// Writes the model as ONNX, with the preprocessing of validation items before it and the loss's activation behind it.
    ///
    /// ```swift
    /// try learner.exportONNX(to: "model.onnx")
    /// ```
    /// Operators are those of opset ``ONNXGraph/opset``; the first axis of inputs and outputs is any number of items (`batch`).
    /// Weights are float32 whatever the learner trains in, and keep their names.
    ///
    /// - Inputs: for a table one `[N, 1]` for each column, text for categories and float64 for numbers (not-a-number for a gap); for
    ///   images their bytes, uint8 `[N, C, H, W]` of any size; for texts `input_ids` and `attention_mask`, int64 `[N, T]`: cutting text
    ///   into tokens has no form in ONNX. Otherwise, and without `preprocessing`, what the model takes.
    /// - Outputs: `output`, the model's after the activation; `decision` where the loss decides; `label` where classes have names.
    ///
    /// A recurrent layer that carries state begins at zero in every call. The file appears whole or not at all. Collective: every
    /// rank calls it, only the writing rank writes, and the others wait for it.
    ///
    /// - Parameters:
    ///   - file: A name inside ``LockstepLearner/Learner/path``, or an absolute path.
    ///   - inputs: What the model takes, where neither model nor data say; there is no preprocessing then.
    ///   - preprocessing: Whether transforms and columns of the data are part of the graph.
    /// - Returns: the path of the file, on every rank.
    /// - Throws: ``ONNXError`` for a layer, loss, transform or hook that has no form in ONNX, `DataError` when the file cannot be written.
    /// - Note: PyTorch: `torch.onnx.export(learn.model, …)`; fastai has none of its own.
    @discardableResult
    public func exportONNX(
        to file: String = "model.onnx", inputs: [ONNXValue]? = nil, preprocessing: Bool = true
    ) throws -> String {
        let path = joinedPath(path, file)
        try coordinator.write {
            let bytes = try onnx(inputs: inputs, preprocessing: preprocessing)
            let output = try OutputFile(path)
            try output.write(bytes)
            try output.finish()
        }
        return path
    }

    /// What ``exportONNX(to:inputs:preprocessing:)`` would write, in memory. Not collective.
    public func onnx(inputs: [ONNXValue]? = nil, preprocessing: Bool = true) throws(ONNXError) -> [UInt8] {
        try onnxFile(inputs: inputs, preprocessing: preprocessing).bytes()
    }

    /// The same before it is bytes.
    package func onnxFile(
        inputs: [ONNXValue]? = nil, preprocessing: Bool = true
    ) throws(ONNXError) -> ONNXFile {
        let graph = ONNXGraph(of: model)
        let source = try ONNXSource(self, graph, given: inputs, preprocessing: preprocessing)
        let predictions = try graph.apply(model, source.model)
        guard let loss = lossFunction as? any ONNXExportableLoss else {
            let isFunction = lossFunction is CustomLoss
            throw ONNXError(
                isFunction ? .function : .unsupported, at: "loss",
                isFunction
                    ? "the activation of \(lossFunction.name) is a function, and code cannot be written as ONNX"
                    : "\(lossFunction.name) does not say what it is in ONNX",
                remedy:
                    "Let a loss of your own conform to ONNXExportableLoss, or write the model alone: model.onnx(inputs:)"
            )
        }
        guard predictions.count == 1 || !(lossFunction is any MultipleLossFunction) else {
            throw ONNXError(
                .unsupported, at: "loss",
                "\(lossFunction.name) says what \(predictions.count) outputs mean together, which has no form in ONNX",
                remedy: "Write the model alone: model.onnx(inputs:)")
        }
        var file = ONNXFile(graph, inputs: source.inputs)
        for (index, prediction) in predictions.enumerated() {
            let suffix = index == 0 ? "" : "_\(index + 1)"
            let output = try loss.onnxActivation(prediction, in: graph)
            file.give(output, as: "output" + suffix)
            guard let decision = try loss.onnxDecision(output, in: graph) else { continue }
            file.give(decision, as: "decision" + suffix)
            if decision.element == .int64, let classes = dls.vocabulary, !classes.isEmpty {
                file.give(graph.labels(decision, classes), as: "label" + suffix)
            }
        }
        file.metadata = source.metadata
        return file
    }
}

extension Module {
    /// The model as ONNX, by itself: what it computes in evaluation.
    ///
    /// ```swift
    /// let bytes = try Linear(4, 3).onnx(inputs: [ONNXValue("x", ["batch", 4])])
    /// ```
    /// - Parameter inputs: What it takes; nil where its type or its first layer says it.
    /// - Returns: a file of opset ``ONNXGraph/opset``, with outputs `output`, `output_2`, ….
    /// - Throws: ``ONNXError`` that names a layer which has no form in ONNX.
    /// - Note: PyTorch: `torch.onnx.export`.
    public final func onnx(inputs: [ONNXValue]? = nil) throws(ONNXError) -> [UInt8] {
        let graph = ONNXGraph(of: self)
        let given: [ONNXValue]
        if let inputs { given = inputs } else { given = try ONNXInputs.known(of: self, nil) }
        graph.reserve(given.map(\.name))
        var file = ONNXFile(graph, inputs: given)
        for (index, output) in try graph.apply(self, given).enumerated() {
            file.give(output, as: index == 0 ? "output" : "output_\(index + 1)")
        }
        return try file.bytes()
    }
}
