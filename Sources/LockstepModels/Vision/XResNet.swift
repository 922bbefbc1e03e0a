// SPDX-License-Identifier: Apache-2.0
// fastai's own residual networks.

public import LockstepNN
public import LockstepTensor

/// A residual network for images with a stem of three convolutions and blocks that start as the identity.
///
/// He et al., *Bag of Tricks for Image Classification* (2018), as fastai has it.
///
/// ```swift
/// let model = XResNet(layers: [2, 2, 2, 2], classes: 10)       // xresnet18
/// ```
///
/// - Shape: `[N, channels, H, W]` → `[N, classes]`; any height and width from 1.
/// - Note: fastai: `XResNet`, with its names (`0.0.weight`, `4.0.convpath.0.0.weight`, …) and initialisation.
public final class XResNet: Module, UnaryLayer {
    @Submodule("") package private(set) var parts = Sequential([])
    package let (layers, expansion, classes, channels): ([Int], Int, Int, Int)
    /// Channels behind the three convolutions of the stem.
    package let stem: [Int]

    /// - Parameters:
    ///   - layers: Numbers of blocks, four of them or more; each but the first halves the image.
    ///   - expansion: 1 for blocks of two convolutions, 4 for those of three.
    ///   - classes: Size of the output.
    ///   - channels: Channels of the images.
    ///   - stem: Channels behind the three convolutions before the blocks; the last are 64.
    /// - Precondition: sizes are positive, the stem ends with 64 and `expansion` divides 64.
    public init(
        layers: [Int], expansion: Int = 1, classes: Int = 1000, channels: Int = 3, stem: [Int] = [32, 32, 64],
        file: StaticString = #fileID, line: UInt = #line
    ) {
        require(
            layers.count > 3 && layers.allSatisfy { $0 > 0 } && classes > 0 && channels > 0,
            "XResNet: layers \(layers), \(classes) classes, \(channels) channels: four numbers of layers or more, all positive",
            file: file, line: line)
        require(
            stem.count == 3 && stem.allSatisfy { $0 > 0 } && stem[2] == 64 && expansion > 0 && 64 % expansion == 0,
            "XResNet: a stem of \(stem) channels before blocks of expansion \(expansion); three sizes, the last 64, which the expansion divides",
            file: file, line: line)
        (self.layers, self.expansion, self.classes) = (layers, expansion, classes)
        (self.channels, self.stem) = (channels, stem)
        super.init()
        let sizes = [channels] + stem
        var parts: [any UnaryLayer] = (0..<3).map { index in
            ConvLayer(sizes[index], sizes[index + 1], stride: index == 0 ? 2 : 1, file: file, line: line)
        }
        parts.append(MaxPool2d(3, stride: 2, padding: 1))
        var inputs = 64 / expansion
        for (index, count) in layers.enumerated() {
            let outputs = XResNet.width(index)
            parts.append(
                Sequential(
                    (0..<count).map { place in
                        defer { inputs = outputs }
                        return ResBlock(
                            inputs, outputs, expansion: expansion, stride: place == 0 && index > 0 ? 2 : 1,
                            file: file, line: line)
                    }))
        }
        parts += [AdaptiveAvgPool2d(1), Flatten(), Dropout(0), Linear(inputs * expansion, classes)]
        self.parts = Sequential(parts)
        initialize()
    }

    /// Outputs of the blocks of a stage, in units of the expansion.
    private static func width(_ stage: Int) -> Int { stage < 4 ? 64 << stage : 256 }

    /// fastai's `init_cnn`: He et al. (2015) for every weight of two axes and more, 0 for every offset.
    private func initialize() {
        initializeConvolutions { _ in .kaimingNormal() }
        initializeLinear { _ in .kaimingNormal() }
        for case let layer as BatchNorm in modules() { layer.bias = .zeros([layer.channels]) }
    }

    public override var describeExtra: String { "\(channels), \(classes), layers: \(layers)" }

    /// What the layer makes of its input.
    public func callAsFunction(_ x: Tensor) -> Tensor { observed(parts(x)) }

    /// Everything before the pooling of the last features, in order: fastai's `create_body`.
    package var body: [any UnaryLayer] { Array(parts.layers.dropLast(4)) }
}

extension XResNet: UnaryOutlining {
    package func outline(of x: Outline, in trial: OutlineTrial) throws(ModelMismatch) -> Outline {
        try trial.output(parts, x)
    }
}

extension XResNet: Configurable {
    public static let configuration = Configuration(XResNet.self) {
        Field("layers", \.layers)
        Field("expansion", \.expansion, .size)
        Field("classes", \.classes, .size, python: "n_out")
        Field("channels", \.channels, .size, python: "c_in")
        Field("stem", \.stem, python: "stem_szs")
    } make: { fields in
        let (layers, stem): ([Int], [Int]) = (try fields("layers"), try fields("stem"))
        let (expansion, classes, channels): (Int, Int, Int) = (
            try fields("expansion"), try fields("classes"), try fields("channels")
        )
        try fields.check(
            (4...64).contains(layers.count) && layers.allSatisfy { (1...1024).contains($0) },
            "\(layers) are not four numbers of layers or more")
        try fields.check(
            stem.count == 3 && stem.allSatisfy { (1...1 << 16).contains($0) } && stem[2] == 64
                && 64 % expansion == 0, "a stem of \(stem) before blocks of expansion \(expansion)")
        try fields.claim(parts: layers.reduce(0, +), 12)
        try fields.claim(stem[0], channels, 3, 3)
        try fields.claim(stem[1], stem[0], 3, 3)
        try fields.claim(64, stem[1], 3, 3)
        var inputs = 64 / expansion
        for (index, count) in layers.enumerated() {
            for _ in 0..<count {
                try ResBlock.claim(inputs, width(index), expansion, in: fields)
                inputs = width(index)
            }
        }
        try fields.claim(classes, inputs * expansion)
        return XResNet(layers: layers, expansion: expansion, classes: classes, channels: channels, stem: stem)
    }
}
