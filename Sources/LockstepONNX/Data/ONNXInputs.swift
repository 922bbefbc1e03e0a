// SPDX-License-Identifier: Apache-2.0
// What a model takes, where nobody says: by the model, by an item, by its first layer.

import LockstepData
import LockstepLearner
import LockstepModels
import LockstepNN
import LockstepTensor

enum ONNXInputs {
    /// What `model` takes: as its type says, as items of the data set are, or as its first layer says. Axes are called `batch`,
    /// `tokens`, `height`, `width`.
    static func known(of model: Module, _ dataset: (any Dataset)?) throws(ONNXError) -> [ONNXValue] {
        if let known = byType(model) { return known }
        if let dataset, !(dataset is any TransformedDataset), dataset.count > 0, let item = try? dataset.item(at: 0) {
            return item.inputs.enumerated().map { index, tensor in
                let isText = tensor.dtype.isInteger && tensor.rank == 1
                return ONNXValue(
                    name(index, of: item.inputs.count),
                    ["batch"] + (isText ? ["tokens"] : tensor.shape.map { .size($0) }),
                    tensor.dtype.isInteger ? .int64 : .float32)
            }
        }
        if let known = byLayer(model) { return known }
        throw ONNXError(
            .inputs, at: "model", "\(model.typeName) does not say what shape it takes, and there are no data that do",
            remedy: "Say it: exportONNX(inputs: [ONNXValue(\"x\", [\"batch\", 3])])")
    }

    private static func name(_ index: Int, of count: Int) -> String { count == 1 ? "input" : "input_\(index + 1)" }

    private static func byType(_ model: Module) -> [ONNXValue]? {
        switch model {
        case let model as any TableNetwork:
            let categories = ONNXValue("categories", ["batch", .size(model.categoricalCount)], .int64)
            let numbers = ONNXValue("numbers", ["batch", .size(model.continuousCount)])
            return (model.categoricalCount > 0 ? [categories] : []) + (model.continuousCount > 0 ? [numbers] : [])
        case is EmbeddingDotBias: return [ONNXValue("input", ["batch", 2], .int64)]
        case is TextClassifier, is TextBody: return texts(hasTypes: false)
        case is GPT, is RecurrentLanguageModel, is GPT2LanguageModel:
            return [ONNXValue("input_ids", ["batch", "tokens"], .int64)]
        case let model as VisionTransformer:
            return [
                ONNXValue(
                    "input", ["batch", .size(model.channels), .size(model.imageSize), .size(model.imageSize)])
            ]
        default: return nil
        }
    }

    /// Tokens and a mask, called as in files of Hugging Face; types where there are pairs.
    static func texts(hasTypes: Bool) -> [ONNXValue] {
        (["input_ids", "attention_mask"] + (hasTypes ? ["token_type_ids"] : [])).map {
            ONNXValue($0, ["batch", "tokens"], .int64)
        }
    }

    /// By the first layer that has a weight, if none before it changes the shape.
    private static func byLayer(_ model: Module) -> [ONNXValue]? {
        for module in model.modules() {
            switch module {
            case let layer as Linear: return [ONNXValue("input", ["batch", .size(layer.inputs)])]
            case let layer as Conv2d:
                let channels = layer.weight.shape[1] * layer.groups
                return [ONNXValue("input", ["batch", .size(channels), "height", "width"])]
            case is Embedding: return [ONNXValue("input", ["batch", "tokens"], .int64)]
            // These hold layers and change nothing by themselves.
            case is Sequential, is ConvLayer, is LinBnDrop, is SimpleCNN, is ResNet, is FeatureClassifier,
                is EfficientNetLite, is Identity, is Dropout:
                continue
            default: return nil
            }
        }
        return nil
    }
}
