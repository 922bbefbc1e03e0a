// SPDX-License-Identifier: Apache-2.0
// The layers and models that files call by name. Swift finds no type by itself, so each has a line here.

package import LockstepTensor

extension Configuration {
    /// Every layer and model of the package but functions.
    package static let layers: [Configuration] = layerTypes.map { $0.configuration }

    private static let layerTypes: [any Configurable.Type] = [
        Identity.self, ReLU.self, LeakyReLU.self, GELU.self, SiLU.self, Sigmoid.self, Tanh.self, Softplus.self,
        Softmax.self, LogSoftmax.self,
        Sequential.self, Residual.self, Flatten.self, Dropout.self,
        Linear.self, Embedding.self,
        Conv1d.self, Conv2d.self, ConvTranspose2d.self,
        MaxPool2d.self, AvgPool2d.self, MaxPool1d.self, AvgPool1d.self,
        AdaptiveAvgPool2d.self, AdaptiveMaxPool2d.self, AdaptiveAvgPool1d.self, AdaptiveMaxPool1d.self,
        BatchNorm.self, BatchNorm1d.self, BatchNorm2d.self, BatchNorm3d.self, InstanceNorm2d.self, GroupNorm.self,
        LayerNorm.self,
        LSTM.self, GRU.self, MultiheadAttention.self, TransformerBlock.self,
        TabularModel.self, GPT.self, RecurrentLanguageModel.self,
    ]
}

extension Module: SharedPart {}
