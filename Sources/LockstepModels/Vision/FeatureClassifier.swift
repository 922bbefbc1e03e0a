// SPDX-License-Identifier: Apache-2.0
// Networks that torchvision makes of features, a pooling and a classifier.

public import LockstepNN
public import LockstepTensor

/// Layers that give features, their mean over the image, and layers that classify it.
///
/// What torchvision's MobileNetV2, MobileNetV3, EfficientNet and ConvNeXt are: see ``VisionArchitecture``.
///
/// - Shape: `[N, C, H, W]` → what the classifier makes of `[N, features]`, or of `[N, features, 1, 1]` where it begins with
///   layers for images.
/// - Note: torchvision's names: `features.0.0.weight`, `classifier.1.weight`.
public final class FeatureClassifier: Module, UnaryLayer {
    /// Images to features.
    public let features: Sequential
    private let avgpool = AdaptiveAvgPool2d(1)
    /// The pooled features to scores.
    public let classifier: Sequential
    /// Whether the classifier takes `[N, features]`.
    public let flattens: Bool

    /// A network of these layers.
    public init(features: Sequential, classifier: Sequential, flattens: Bool = true) {
        (self.features, self.classifier, self.flattens) = (features, classifier, flattens)
        super.init()
    }

    /// What the layer makes of its input.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        let pooled = avgpool(features(x))
        return observed(classifier(flattens ? pooled.flattened(from: 1) : pooled))
    }
}

extension FeatureClassifier: UnaryOutlining {
    package func outline(of x: Outline, in trial: OutlineTrial) throws(ModelMismatch) -> Outline {
        try trial.chain([features, avgpool] + (flattens ? [Flatten()] : []) + [classifier], x)
    }
}

extension FeatureClassifier: Configurable {
    public static let configuration = Configuration(FeatureClassifier.self) {
        Field(part: "features", \.features)
        Field(part: "classifier", \.classifier)
        Field("flattens", \.flattens)
    } make: {
        FeatureClassifier(
            features: try $0.part("features"), classifier: try $0.part("classifier"), flattens: try $0("flattens"))
    }
}
