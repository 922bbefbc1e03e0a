// SPDX-License-Identifier: Apache-2.0
// Networks for images by name, and where each is cut for transfer learning.

public import LockstepData
public import LockstepNN
import LockstepTensor

/// A network for images that files with pretrained weights exist for.
///
/// ```swift
/// let model = VisionArchitecture.resnet34.model(classes: 10)
/// print(VisionArchitecture.all.map(\.name))
/// ```
///
/// The names of its parameters are those in the files. A learner's model is cut before its classifier and gets a new head:
/// `Learner.vision(dls:_:weights:)`.
public struct VisionArchitecture: Sendable, CustomStringConvertible {
    /// What the command calls it: `resnet34`.
    public let name: String
    /// Channels of the features before the classifier.
    public let features: Int
    /// Whether the features are an image, `[N, features, H, W]`, which a head pools; otherwise `[N, features]`.
    public let givesImage: Bool
    /// The height and width of images that it was trained on.
    public let imageSize: Int
    /// The least height and width of images that it takes; other than ``imageSize`` only where any is.
    public let leastImageSize: Int
    /// The statistics of the images that its weights were trained on.
    public let statistics: Normalize
    /// Where the body is cut into parameter groups: parts before each number. fastai's splitters.
    package let cuts: [Int]
    /// The names of the classifier's parts.
    package let headParts: [String]
    private let make: @Sendable (_ classes: Int, _ channels: Int) -> Module
    private let layers: @Sendable (Module) -> [any UnaryLayer]

    init<Network: Module>(
        _ name: String, features: Int, givesImage: Bool = true, imageSize: Int = 224, leastImageSize: Int = 32,
        statistics: Normalize = .imageNet, cuts: [Int] = [], headParts: [String],
        make: @escaping @Sendable (_ classes: Int, _ channels: Int) -> Network,
        body: @escaping @Sendable (Network) -> [any UnaryLayer]
    ) {
        (self.name, self.features, self.givesImage, self.imageSize) = (name, features, givesImage, imageSize)
        (self.leastImageSize, self.statistics, self.cuts, self.headParts) = (
            leastImageSize, statistics, cuts, headParts
        )
        self.make = make
        layers = { model in (model as? Network).map(body) ?? [] }
    }

    /// The whole network as its paper has it, with new weights.
    ///
    /// - Parameters:
    ///   - classes: Size of the output.
    ///   - channels: Channels of the images.
    public func model(classes: Int = 1000, channels: Int = 3) -> Module { make(classes, channels) }

    /// The parts of a network that ``model(classes:channels:)`` has made, but for its classifier.
    package func bodyLayers(of model: Module) -> [any UnaryLayer] { layers(model) }

    public var description: String { name }
}

extension VisionArchitecture {
    /// All networks by name, those of one family together.
    public static let all: [VisionArchitecture] = [
        resnet18, resnet34, resnet50, resnet101, resnext50_32x4d, wideResnet50_2,
        xresnet18, xresnet34, xresnet50, xresnet101, mobilenetV2, mobilenetV3Small, mobilenetV3Large, efficientnetB0,
        efficientnetLite0, efficientnetLite1,
        efficientnetLite2, efficientnetLite3, efficientnetLite4, convnextTiny, vitSmall, vitBase, deitSmall, deitBase,
    ]

    /// The network called `name`; nil when there is none.
    public init?(named name: String) {
        guard let found = VisionArchitecture.all.first(where: { $0.name == name }) else { return nil }
        self = found
    }

    // MARK: Residual networks, torchvision's names

    /// ResNet-18, 11.7 million parameters. He et al. (2015).
    public static let resnet18 = residual("resnet18", .basic, [2, 2, 2, 2])
    /// ResNet-34, 21.8 million parameters. He et al. (2015).
    public static let resnet34 = residual("resnet34", .basic, [3, 4, 6, 3])
    /// ResNet-50, 25.6 million parameters. He et al. (2015).
    public static let resnet50 = residual("resnet50", .bottleneck, [3, 4, 6, 3])
    /// ResNet-101, 44.5 million parameters. He et al. (2015).
    public static let resnet101 = residual("resnet101", .bottleneck, [3, 4, 23, 3])
    /// ResNeXt-50 of 32 groups of width 4, 25.0 million parameters. Xie et al. (2016).
    public static let resnext50_32x4d = residual("resnext50_32x4d", .bottleneck, [3, 4, 6, 3], groups: 32, width: 4)
    /// Wide ResNet-50-2, 68.9 million parameters. Zagoruyko and Komodakis (2016).
    public static let wideResnet50_2 = residual("wide_resnet50_2", .bottleneck, [3, 4, 6, 3], width: 128)

    /// fastai cuts the body of a ResNet before its third stage.
    private static func residual(
        _ name: String, _ block: ResNet.Block, _ layers: [Int], groups: Int = 1, width: Int = 64
    ) -> VisionArchitecture {
        VisionArchitecture(
            name, features: 512 * block.expansion, leastImageSize: 1, cuts: [6], headParts: ["fc"],
            make: { classes, channels in
                ResNet(
                    block, layers: layers, classes: classes, channels: channels, groups: groups, groupWidth: width)
            }, body: { $0.body })
    }

    // MARK: fastai's residual networks, its names

    /// fastai's XResNet-18, 11.7 million parameters. He et al. (2018).
    public static let xresnet18 = xresidual("xresnet18", 1, [2, 2, 2, 2])
    /// fastai's XResNet-34, 21.8 million parameters. He et al. (2018).
    public static let xresnet34 = xresidual("xresnet34", 1, [3, 4, 6, 3])
    /// fastai's XResNet-50, 25.6 million parameters. He et al. (2018).
    public static let xresnet50 = xresidual("xresnet50", 4, [3, 4, 6, 3])
    /// fastai's XResNet-101, 44.6 million parameters. He et al. (2018).
    public static let xresnet101 = xresidual("xresnet101", 4, [3, 4, 23, 3])

    /// fastai cuts the body of an XResNet behind its stem.
    private static func xresidual(_ name: String, _ expansion: Int, _ layers: [Int]) -> VisionArchitecture {
        VisionArchitecture(
            name, features: 512 * expansion, leastImageSize: 1, cuts: [3], headParts: ["11"],
            make: { XResNet(layers: layers, expansion: expansion, classes: $0, channels: $1) }, body: { $0.body })
    }

    // MARK: Mobile networks and ConvNeXt, torchvision's names

    /// MobileNetV2, 3.5 million parameters. Sandler et al. (2018).
    public static let mobilenetV2 = torchvision("mobilenet_v2", 1280, FeatureClassifier.mobileNetV2)
    /// MobileNetV3 small, 2.5 million parameters. Howard et al. (2019).
    public static let mobilenetV3Small = torchvision("mobilenet_v3_small", 576, FeatureClassifier.mobileNetV3Small)
    /// MobileNetV3 large, 5.5 million parameters. Howard et al. (2019).
    public static let mobilenetV3Large = torchvision("mobilenet_v3_large", 960, FeatureClassifier.mobileNetV3Large)
    /// EfficientNet-B0, 5.3 million parameters. Tan and Le (2019).
    public static let efficientnetB0 = torchvision("efficientnet_b0", 1280, FeatureClassifier.efficientNetB0)
    /// ConvNeXt-Tiny, 28.6 million parameters. Liu et al. (2022).
    public static let convnextTiny = torchvision("convnext_tiny", 768, FeatureClassifier.convNeXtTiny)

    private static func torchvision(
        _ name: String, _ features: Int,
        _ make: @escaping @Sendable (_ classes: Int, _ channels: Int) -> FeatureClassifier
    ) -> VisionArchitecture {
        VisionArchitecture(
            name, features: features, headParts: ["classifier"], make: make, body: { [$0.features] })
    }

    // MARK: EfficientNet-Lite, the names of efficientnet-lite-pytorch

    /// EfficientNet-Lite0, 4.7 million parameters, images of 224 pixels. Tan and Le (2019).
    public static let efficientnetLite0 = lite(0, 224)
    /// EfficientNet-Lite1, 5.4 million parameters, images of 240 pixels.
    public static let efficientnetLite1 = lite(1, 240)
    /// EfficientNet-Lite2, 6.1 million parameters, images of 260 pixels.
    public static let efficientnetLite2 = lite(2, 260)
    /// EfficientNet-Lite3, 8.2 million parameters, images of 280 pixels.
    public static let efficientnetLite3 = lite(3, 280)
    /// EfficientNet-Lite4, 13.0 million parameters, images of 300 pixels.
    public static let efficientnetLite4 = lite(4, 300)

    private static func lite(_ variant: Int, _ size: Int) -> VisionArchitecture {
        VisionArchitecture(
            "efficientnet_lite\(variant)", features: 1280, imageSize: size,
            statistics: Normalize(mean: [127 / 255, 127 / 255, 127 / 255], std: [128 / 255, 128 / 255, 128 / 255]),
            headParts: ["_fc"], make: { EfficientNetLite(variant, classes: $0, channels: $1) },
            body: { [$0.withoutClassifier] })
    }

    // MARK: Transformers, timm's names

    /// ViT-S/16, 22.1 million parameters, images of 224 pixels, −1 … 1. Dosovitskiy et al. (2020).
    public static let vitSmall = transformer("vit_small_patch16_224", 384, heads: 6, half)
    /// ViT-B/16, 86.6 million parameters, images of 224 pixels, −1 … 1. Dosovitskiy et al. (2020).
    public static let vitBase = transformer("vit_base_patch16_224", 768, heads: 12, half)
    /// DeiT-S/16, ViT-S trained on ImageNet alone. Touvron et al. (2020).
    public static let deitSmall = transformer("deit_small_patch16_224", 384, heads: 6, .imageNet)
    /// DeiT-B/16, ViT-B trained on ImageNet alone. Touvron et al. (2020).
    public static let deitBase = transformer("deit_base_patch16_224", 768, heads: 12, .imageNet)

    private static var half: Normalize { Normalize(mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5]) }

    private static func transformer(
        _ name: String, _ width: Int, heads: Int, _ statistics: Normalize
    ) -> VisionArchitecture {
        VisionArchitecture(
            name, features: width, givesImage: false, leastImageSize: 224, statistics: statistics, headParts: ["head"],
            make: { VisionTransformer(channels: $1, width: width, depth: 12, heads: heads, classes: $0) },
            body: { [$0.withoutClassifier] })
    }
}
