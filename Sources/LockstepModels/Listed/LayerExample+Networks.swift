// SPDX-License-Identifier: Apache-2.0
// The networks and their parts: files find them by this list, and what must hold for all of them is tried with its examples.

package import LockstepNN
import LockstepTensor

extension LayerExample {
    /// Every network of this module and every part of one, small.
    package static let networks: [LayerExample] = vision + texts

    /// Every layer and network of the library.
    package static let known: [LayerExample] = all + networks

    private static let vision: [LayerExample] = [
        Self([2, 6, 5, 7]) { SqueezeExcitation(6, 2, activation: SiLU(), scale: Hardsigmoid()) },
        Self([2, 4, 5, 7]) {
            InvertedResidual(
                Sequential {
                    Conv2d(4, 4, kernelSize: 1); BatchNorm2d(4)
                }, name: "conv", hasShortcut: true, dropPath: 0.3)
        },
        Self([2, 3, 5, 7]) {
            FeatureClassifier(
                features: Sequential { Conv2d(3, 4, kernelSize: 3) },
                classifier: Sequential {
                    Flatten(); Linear(4, 2)
                }, flattens: false)
        },
        Self([2, 5, 8, 7]) { ConvNeXtBlock(5, dropPath: 0.2) },
        Self([2, 4, 6]) { VisionTransformerBlock(6, 3, dropPath: 0.2) },
        Self([2, 1, 8, 8]) {
            VisionTransformer(imageSize: 8, patchSize: 4, channels: 1, width: 6, depth: 2, heads: 2, classes: 3)
        },
        Self([2, 4, 6, 7]) { EfficientNetLiteBlock(4, 4, kernel: 5, expansion: 2, dropPath: 0.2) },
        Self([2, 4, 6, 7]) { EfficientNetLiteBlock(4, 6, kernel: 3, stride: 2, expansion: 1) },
        Self([2, 1, 33, 40]) { EfficientNetLite(0, classes: 3, channels: 1) },
        Self([2, 3, 5, 7]) { BasicBlock(3, 4, stride: 2) },
        Self([2, 8, 3, 3]) { Bottleneck(8, 3, groups: 2, groupWidth: 64) },
        Self([2, 6, 5, 7]) { ResBlock(3, 4, expansion: 2, stride: 2, norm: .instance) },
        Self([2, 3, 33, 40]) { XResNet(layers: [1, 1, 1, 1, 1], classes: 3, stem: [3, 5, 64]) },
        Self([2, 5, 3, 4]) { PixelShuffleICNR(5, 3, blurs: true, norm: .batch) },
        Self([2, 1, 13, 16]) {
            UNet(
                Sequential {
                    Conv2d(1, 4, kernelSize: 3, stride: 2, padding: 1); ReLU()
                    MaxPool2d(2, ceilMode: true); Conv2d(4, 6, kernelSize: 1)
                }, outputs: 3, channels: 1, imageSize: [13, 16], blurs: true, norm: .batch)
        },
        Self([2, 1, 33, 40]) { ResNet(.basic, layers: [1, 1, 1, 1], classes: 3, channels: 1, width: 2) },
        Self([2, 3, 34, 33]) {
            ResNet(.bottleneck, layers: [1, 2, 1, 1], classes: 5, width: 2, groups: 2, groupWidth: 32)
        },
    ]
    private static let texts: [LayerExample] = [
        Self(.texts([2, 7])) { Bert(bert) },
        Self(.texts([2, 7])) { Bert(bert, hasPooler: false) },
        Self(.texts([2, 7])) { DistilBert(bert) },
        Self(.texts([2, 7])) { GPT2(gpt2) },
        Self(.tokens([2, 7])) { GPT2LanguageModel(gpt2) },
        Self(.texts([2, 7])) { TextClassifier(Bert(bert), classes: 3) },
        Self(.texts([2, 7])) { TextClassifier(Bert(bert, hasPooler: false), classes: 2, pooling: .mean, dropout: 0.3) },
        Self(.texts([2, 7])) { TextClassifier(DistilBert(bert), classes: 2) },
        Self(.texts([2, 7])) { TextClassifier(DistilBert(bert), classes: 3, pooling: .cls) },
        Self(.texts([2, 7])) { TextClassifier(GPT2(gpt2), classes: 2) },
    ]

    private static var bert: BertConfiguration {
        var bert = BertConfiguration(vocabulary: 6, width: 8, layers: 2, heads: 2, hidden: 5)
        (bert.context, bert.types, bert.dropout, bert.attentionDropout) = (9, 3, 0.2, 0.3)
        (bert.epsilon, bert.activation, bert.paddingID, bert.deviation) = (1e-6, .relu, 1, 0.1)
        return bert
    }

    private static var gpt2: GPT2Configuration {
        var gpt2 = GPT2Configuration(vocabulary: 6, width: 8, layers: 2, heads: 2, hidden: 5, context: 9)
        (gpt2.dropout, gpt2.attentionDropout, gpt2.epsilon, gpt2.deviation) = (0.2, 0.3, 1e-4, 0.1)
        gpt2.activation = .gelu
        return gpt2
    }
}
