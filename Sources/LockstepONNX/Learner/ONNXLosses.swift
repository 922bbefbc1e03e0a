// SPDX-License-Identifier: Apache-2.0
// What losses make of a model's output, in ONNX: probabilities, and decisions.

public import LockstepNN
import LockstepTensor

/// A loss that says in ONNX what a model's output means. Every loss of this package is one.
///
/// One of your own that has no activation conforms with nothing more to say.
public protocol ONNXExportableLoss: LossFunction {
    /// Adds the nodes of the loss's `activation`; the default is the output itself.
    func onnxActivation(_ prediction: ONNXValue, in graph: ONNXGraph) throws(ONNXError) -> ONNXValue
    /// Adds the nodes of its `decodes`, of activated predictions; nil (the default) where that changes nothing.
    func onnxDecision(_ prediction: ONNXValue, in graph: ONNXGraph) throws(ONNXError) -> ONNXValue?
}

extension ONNXExportableLoss {
    /// The output itself.
    public func onnxActivation(_ prediction: ONNXValue, in graph: ONNXGraph) throws(ONNXError) -> ONNXValue {
        prediction
    }
    /// No decision.
    public func onnxDecision(_ prediction: ONNXValue, in graph: ONNXGraph) throws(ONNXError) -> ONNXValue? { nil }
}

/// A loss of classes, of which there are as many as the axis is long.
private protocol ONNXClasses: ONNXExportableLoss {
    func classAxis(of prediction: ONNXValue) -> Int
}

extension ONNXClasses {
    /// Adds a softmax.
    public func onnxActivation(_ prediction: ONNXValue, in graph: ONNXGraph) throws(ONNXError) -> ONNXValue {
        graph.map("Softmax", prediction, ["axis": .int(classAxis(of: prediction))])
    }
    /// Adds the choice of the class with the largest probability.
    public func onnxDecision(_ prediction: ONNXValue, in graph: ONNXGraph) throws(ONNXError) -> ONNXValue? {
        let axis = prediction.axis(classAxis(of: prediction))
        var shape = prediction.shape
        shape.remove(at: axis)
        return graph.add(
            "ArgMax", [prediction], ["axis": .int(axis), "keepdims": 0], shape: shape, element: .int64)
    }
}

extension CrossEntropyFlat: ONNXClasses {
    fileprivate func classAxis(of prediction: ONNXValue) -> Int { axis }
}

extension FocalFlat: ONNXClasses {
    fileprivate func classAxis(of prediction: ONNXValue) -> Int { axis }
}

extension DiceLoss: ONNXClasses {
    fileprivate func classAxis(of prediction: ONNXValue) -> Int { axis }
}

extension LabelSmoothingCrossEntropy: ONNXClasses {
    fileprivate func classAxis(of prediction: ONNXValue) -> Int { prediction.rank > 1 ? 1 : -1 }
}

extension LabelSmoothingCrossEntropyFlat: ONNXClasses {
    fileprivate func classAxis(of prediction: ONNXValue) -> Int { axis }
}

extension BCEWithLogitsFlat: ONNXExportableLoss {
    /// Adds a sigmoid.
    public func onnxActivation(_ prediction: ONNXValue, in graph: ONNXGraph) throws(ONNXError) -> ONNXValue {
        graph.map("Sigmoid", prediction)
    }
    /// Adds the comparison with the threshold.
    public func onnxDecision(_ prediction: ONNXValue, in graph: ONNXGraph) throws(ONNXError) -> ONNXValue? {
        graph.combine("Greater", prediction, graph.scalar(threshold, like: prediction), element: .bool)
    }
}

extension PoissonFlat: ONNXExportableLoss {
    /// Adds an exponential where the model's output is a logarithm.
    public func onnxActivation(_ prediction: ONNXValue, in graph: ONNXGraph) throws(ONNXError) -> ONNXValue {
        logInput ? graph.map("Exp", prediction) : prediction
    }
}

extension MemberLoss: ONNXExportableLoss {
    /// Adds what the members' loss makes of a prediction.
    public func onnxActivation(_ prediction: ONNXValue, in graph: ONNXGraph) throws(ONNXError) -> ONNXValue {
        try exportable.onnxActivation(prediction, in: graph)
    }
    /// Adds the decision of the members' loss.
    public func onnxDecision(_ prediction: ONNXValue, in graph: ONNXGraph) throws(ONNXError) -> ONNXValue? {
        try exportable.onnxDecision(prediction, in: graph)
    }
    private var exportable: any ONNXExportableLoss {
        get throws(ONNXError) {
            if let base = base as? any ONNXExportableLoss { return base }
            throw ONNXError(
                base is CustomLoss ? .function : .unsupported, at: "loss",
                "\(base.name) does not say what it is in ONNX",
                remedy:
                    "Let a loss of your own conform to ONNXExportableLoss, or write the model alone: model.onnx(inputs:)"
            )
        }
    }
}

extension BCEFlat: ONNXExportableLoss {}
extension MSEFlat: ONNXExportableLoss {}
extension L1Flat: ONNXExportableLoss {}
