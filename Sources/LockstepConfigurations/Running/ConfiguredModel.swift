// SPDX-License-Identifier: Apache-2.0
// The model of a configuration.

import LockstepLearner
import LockstepNN
import LockstepTensor

extension Configuration {
    /// How many numbers the model puts out for an item.
    private var outputs: Int {
        switch targets {
        case .classes: ConfiguredData.classes
        case .numbers: 2
        case .flags: ConfiguredData.classes
        case .positions: 4 * ConfiguredData.classes
        }
    }

    /// The model, with the weights that follow from the seed.
    func model() -> Module {
        setSeed(UInt64(number("seed")))
        let model = newModel()
        if self["dtype"] == "float64" { model.convert(to: .float64) }
        if self["frozen"] == "body" { freezeBody(of: model) }
        return model
    }

    private func newModel() -> Module {
        switch self["model"] {
        case "language", "carriedLanguage":
            return RecurrentLanguageModel(
                vocabulary: ConfiguredData.vocabulary, width: 4, hidden: 5, layers: 2, dropout: 0.2,
                carriesState: carriesState)
        case "gpt":
            return GPT(
                vocabulary: ConfiguredData.vocabulary, context: ConfiguredData.length, width: 4, layers: 1, heads: 2,
                dropout: 0.1)
        case "table" where targets != .positions:
            return TabularModel(
                embeddings: [(3, 2), (3, 2)], continuous: 2, outputs: outputs, layers: [5], dropout: [0.1])
        case "table", "pair", "heads", "secondHead", "normInSecondHead", "normInFirstHead", "branch", "unused", "lstm",
            "gru", "stacked", "carried", "regularized":
            return Network(self["model"], outputs: outputs, isByPlace: targets == .positions)
        default: return Sequential(layers + (targets == .positions ? [Network.toPlaces] : ending))
        }
    }

    private var ending: [any UnaryLayer] { self["loss"] == "bce" ? [Sigmoid()] : [] }

    private var layers: [any UnaryLayer] {
        switch self["model"] {
        case "mlp": [Linear(4, 6), Tanh(), Linear(6, outputs)]
        case "dropout": [Linear(4, 6), Dropout(0.3), ReLU(), Linear(6, outputs)]
        case "batchNorm": [Linear(4, 6, bias: false), BatchNorm1d(6), Tanh(), Linear(6, outputs)]
        case "groupNorm": [Linear(4, 6), GroupNorm(2, 6), GELU(), Linear(6, outputs)]
        case "layerNorm": [Linear(4, 6), LayerNorm(6), SiLU(), Linear(6, outputs)]
        case "conv": [Conv2d(1, 4, kernelSize: 3, padding: 1), ReLU(), MaxPool2d(2), Flatten(), Linear(36, outputs)]
        case "convNorm":
            [
                Conv2d(1, 4, kernelSize: 3, bias: false), BatchNorm2d(4), ReLU(), AdaptiveAvgPool2d(1), Flatten(),
                Linear(4, outputs),
            ]
        case "convGroup":
            [
                Conv2d(1, 4, kernelSize: 3, stride: 2, padding: 1), GroupNorm(2, 4), Tanh(), Flatten(),
                Linear(36, outputs),
            ]
        case "convInstance":
            [
                Conv2d(1, 4, kernelSize: 3), InstanceNorm2d(4, affine: true), Tanh(), AvgPool2d(2), Flatten(),
                Linear(16, outputs),
            ]
        default: [Linear(4, outputs)]
        }
    }

    /// Leaves what comes last: of a model with a branch, the branch.
    private func freezeBody(of model: Module) {
        let parameters = model.namedParameters()
        let last = parameters.suffix(self["model"] == "gpt" ? 1 : 2).map(\.name)
        for (name, parameter) in parameters where !last.contains(name) { parameter.isTrainable = false }
    }
}
