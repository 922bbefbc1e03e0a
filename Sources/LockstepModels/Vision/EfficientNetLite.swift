// SPDX-License-Identifier: Apache-2.0
// EfficientNet-Lite: EfficientNet without the weighing of channels and with ReLU6, for small processors.

public import LockstepNN
public import LockstepTensor

/// EfficientNet-Lite, padded as TensorFlow pads.
///
/// Tan and Le, *EfficientNet* (2019); the Lite variants keep the first and last layers' sizes. From 0 to 4 they get wider, deeper and
/// take larger images: 224, 240, 260, 280, 300 pixels.
///
/// - Shape: `[N, channels, H, W]` → `[N, classes]`, or the features `[N, 1280, ⌈H/32⌉, ⌈W/32⌉]` without classes.
/// - Note: the names of the files in efficientnet-lite-pytorch: `_conv_stem.weight`, `_blocks.0._bn1.weight`, `_fc.weight`.
public final class EfficientNetLite: Module, UnaryLayer {
    @Submodule private var stem: Conv2d
    @Submodule private var stemNorm: BatchNorm2d
    @Submodule private var blocks: [EfficientNetLiteBlock]
    @Submodule private var last: Conv2d
    @Submodule private var lastNorm: BatchNorm2d
    private let dropout: Dropout
    @Submodule private var classifier: Linear?
    package let (variant, classes, channels): (Int, Int, Int)

    /// - Parameters:
    ///   - variant: 0 … 4.
    ///   - classes: Size of the output; 0 leaves pooling and classifier out.
    ///   - channels: Channels of images.
    public init(
        _ variant: Int = 0, classes: Int = 1000, channels: Int = 3, file: StaticString = #fileID, line: UInt = #line
    ) {
        require(
            (0...4).contains(variant) && classes >= 0 && channels > 0,
            "EfficientNetLite(\(variant)): there are 0 to 4; \(classes) classes, \(channels) channels", file: file,
            line: line)
        (self.variant, self.classes, self.channels) = (variant, classes, channels)
        let sizes = EfficientNetLite.sizes(variant)
        _stem = Submodule(
            wrappedValue: Conv2d(channels, 32, kernelSize: 3, stride: 2, bias: false), "_conv_stem")
        _stemNorm = Submodule(wrappedValue: liteNorm(32), "_bn0")
        let count = sizes.count
        let blocks = sizes.enumerated().map { index, size in
            EfficientNetLiteBlock(
                size.inputs, size.outputs, kernel: size.kernel, stride: size.stride, expansion: size.expansion,
                dropPath: 0.2 * Double(index) / Double(count), file: file, line: line)
        }
        _blocks = Submodule(wrappedValue: blocks, "_blocks")
        _last = Submodule(
            wrappedValue: Conv2d(sizes[count - 1].outputs, 1280, kernelSize: 1, bias: false), "_conv_head")
        _lastNorm = Submodule(wrappedValue: liteNorm(1280), "_bn1")
        dropout = Dropout(variant < 2 ? 0.2 : 0.3)
        _classifier = Submodule(wrappedValue: classes > 0 ? Linear(1280, classes) : nil, "_fc")
        super.init()
        initializeConvolutions()
    }

    /// The same network, sharing its parameters, but for pooling and classifier.
    package var withoutClassifier: EfficientNetLite { EfficientNetLite(bodyOf: self) }

    private init(bodyOf whole: EfficientNetLite) {
        (variant, classes, channels) = (whole.variant, 0, whole.channels)
        (_stem, _stemNorm, _blocks, _last, _lastNorm) = (
            whole._stem, whole._stemNorm, whole._blocks, whole._last, whole._lastNorm
        )
        dropout = whole.dropout
        _classifier = Submodule(wrappedValue: nil, "_fc")
        super.init()
    }

    public override var describeExtra: String { "\(variant)" }

    /// What the layer makes of its input.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        var y = stemNorm(stem.paddedSame(x)).relu6()
        for block in blocks { y = block(y) }
        y = lastNorm(last(y)).relu6()
        guard let classifier else { return observed(y) }
        return observed(classifier(dropout(y.mean(axes: [2, 3]))))
    }

    /// The body, step by step.
    var stages: [any UnaryLayer] {
        let first = Apply("stem") { [stem, stemNorm] in stemNorm(stem.paddedSame($0)).relu6() }
        return [first] + blocks + [Apply("last") { [last, lastNorm] in lastNorm(last($0)).relu6() }]
    }

    /// One block's sizes.
    struct BlockSize {
        let (inputs, outputs, kernel, stride, expansion): (Int, Int, Int, Int, Int)
    }

    /// The blocks of a variant, widened and repeated by EfficientNet's rule but for the first and last stage's depth.
    static func sizes(_ variant: Int) -> [BlockSize] {
        let scales: [(Double, Double)] = [(1, 1), (1, 1.1), (1.1, 1.2), (1.2, 1.4), (1.4, 1.8)]
        let (width, depth) = scales[variant]
        func rounded(_ channels: Int) -> Int { roundedToEight(Double(channels) * width) }
        let stages = [
            (1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80), (3, 5, 1, 6, 112),
            (4, 5, 2, 6, 192), (1, 3, 1, 6, 320),
        ]
        var (sizes, inputs) = ([BlockSize](), 32)
        for (index, (count, kernel, stride, expansion, outputs)) in stages.enumerated() {
            let isFixed = index == 0 || index == stages.count - 1
            for place in 0..<(isFixed ? count : Int((Double(count) * depth).rounded(.up))) {
                sizes.append(
                    BlockSize(
                        (inputs, rounded(outputs), kernel, place == 0 ? stride : 1, expansion)))
                inputs = rounded(outputs)
            }
        }
        return sizes
    }
}

extension EfficientNetLite.BlockSize {
    init(_ sizes: (Int, Int, Int, Int, Int)) { (inputs, outputs, kernel, stride, expansion) = sizes }
}

extension EfficientNetLite: UnaryOutlining {
    package func outline(of x: Outline, in trial: OutlineTrial) throws(ModelMismatch) -> Outline {
        // The size, of which only the rounding is TensorFlow's, is that of a convolution padded by one.
        var y = try trial.chain([stemNorm], trial.padded(stem, x))
        y = try trial.chain(blocks + [last, lastNorm], y)
        guard let classifier else { return y }
        return try trial.output(classifier, Outline([y[0], 1280], kind: .real))
    }
}

extension EfficientNetLite: Configurable {
    public static let configuration = Configuration(EfficientNetLite.self) {
        Field("variant", \.variant)
        Field("classes", \.classes, .length, python: "num_classes")
        Field("channels", \.channels, .size, python: "in_channels")
    } make: { fields in
        let (variant, classes, channels): (Int, Int, Int) = (
            try fields("variant"), try fields("classes"), try fields("channels")
        )
        try fields.check((0...4).contains(variant), "there is no variant \(variant)")
        let sizes = sizes(variant)
        try fields.claim(parts: sizes.count, 8)
        for size in sizes { try EfficientNetLiteBlock.claim(size, in: fields) }
        try fields.claim(32, channels, 3, 3)
        try fields.claim(1280, sizes.last?.outputs ?? 0)
        try fields.claim(classes, 1280)
        return EfficientNetLite(variant, classes: classes, channels: channels)
    }
}

/// A depthwise convolution between two of 1×1, each with batch norm, ReLU6 behind the first two, beside a shortcut where the shape
/// stays.
///
/// - Shape: `[N, inputs, H, W]` → `[N, outputs, ⌈H/stride⌉, ⌈W/stride⌉]`.
/// - Note: `MBConvBlock` of efficientnet-lite-pytorch, with its names.
public final class EfficientNetLiteBlock: Module, UnaryLayer {
    @Submodule private var expand: Conv2d?
    @Submodule private var expandNorm: BatchNorm2d?
    @Submodule private var depthwise: Conv2d
    @Submodule private var depthwiseNorm: BatchNorm2d
    @Submodule private var project: Conv2d
    @Submodule private var projectNorm: BatchNorm2d
    private let drop: DropPath
    package let (inputs, outputs, kernel, stride, expansion): (Int, Int, Int, Int, Int)

    /// A block whose depthwise convolution has `expansion · inputs` channels.
    public init(
        _ inputs: Int, _ outputs: Int, kernel: Int = 3, stride: Int = 1, expansion: Int = 6, dropPath: Double = 0,
        file: StaticString = #fileID, line: UInt = #line
    ) {
        (self.inputs, self.outputs, self.kernel) = (inputs, outputs, kernel)
        (self.stride, self.expansion) = (stride, expansion)
        let hidden = inputs * expansion
        func convolution(_ inputs: Int, _ outputs: Int, _ kernel: Int = 1, stride: Int = 1, groups: Int = 1) -> Conv2d {
            Conv2d(
                inputs, outputs, kernelSize: Pair(kernel), stride: Pair(stride), groups: groups, bias: false,
                file: file, line: line)
        }
        _expand = Submodule(wrappedValue: expansion > 1 ? convolution(inputs, hidden) : nil, "_expand_conv")
        _expandNorm = Submodule(wrappedValue: expansion > 1 ? liteNorm(hidden) : nil, "_bn0")
        _depthwise = Submodule(
            wrappedValue: convolution(hidden, hidden, kernel, stride: stride, groups: hidden), "_depthwise_conv")
        _depthwiseNorm = Submodule(wrappedValue: liteNorm(hidden), "_bn1")
        _project = Submodule(wrappedValue: convolution(hidden, outputs), "_project_conv")
        _projectNorm = Submodule(wrappedValue: liteNorm(outputs), "_bn2")
        drop = DropPath(dropPath, file: file, line: line)
        super.init()
    }

    /// The probability that an item has only its shortcut, in training.
    package var dropPath: Double { drop.p }
    private var hasShortcut: Bool { stride == 1 && inputs == outputs }

    public override var describeExtra: String {
        "\(inputs), \(outputs), kernel: \(kernel), stride: \(stride), expansion: \(expansion)"
    }

    /// What the layer makes of its input.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        var y = x
        if let expand, let expandNorm { y = expandNorm(expand(x)).relu6() }
        y = depthwiseNorm(depthwise.paddedSame(y)).relu6()
        y = projectNorm(project(y))
        return observed(hasShortcut ? drop(y) + x : y)
    }

    static func claim(_ size: EfficientNetLite.BlockSize, in fields: ExportFields) throws {
        try fields.check(
            [size.inputs, size.outputs, size.expansion].allSatisfy { $0 < 1 << 20 } && size.kernel < 1 << 10,
            "the sizes are no sizes")
        let hidden = size.inputs * size.expansion
        if size.expansion > 1 { try fields.claim(hidden, size.inputs) }
        try fields.claim(hidden, size.kernel, size.kernel)
        try fields.claim(size.outputs, hidden)
    }
}

extension EfficientNetLiteBlock: UnaryOutlining {
    package func outline(of x: Outline, in trial: OutlineTrial) throws(ModelMismatch) -> Outline {
        var y = x
        if let expand, let expandNorm { y = try trial.chain([expand, expandNorm], x) }
        y = try trial.chain([depthwiseNorm, project, projectNorm], trial.padded(depthwise, y))
        return hasShortcut ? try trial.sum(y, x, self) : y
    }
}

extension EfficientNetLiteBlock: Configurable {
    public static let configuration = Configuration(EfficientNetLiteBlock.self) {
        Field("inputs", \.inputs, .size, python: "input_filters")
        Field("outputs", \.outputs, .size, python: "output_filters")
        Field("kernel", \.kernel, .size, python: "kernel_size")
        Field("stride", \.stride, .size)
        Field("expansion", \.expansion, .size, python: "expand_ratio")
        Field("dropPath", \.dropPath, .within(0...1), python: "drop_connect_rate")
    } make: { fields in
        let size = EfficientNetLite.BlockSize(
            (
                try fields("inputs"), try fields("outputs"), try fields("kernel"), try fields("stride"),
                try fields("expansion")
            ))
        try claim(size, in: fields)
        return EfficientNetLiteBlock(
            size.inputs, size.outputs, kernel: size.kernel, stride: size.stride, expansion: size.expansion,
            dropPath: try fields("dropPath"))
    }
}

private func liteNorm(_ channels: Int) -> BatchNorm2d { BatchNorm2d(channels, epsilon: 1e-3, momentum: 0.01) }

/// TensorFlow's `same`: `⌈size / stride⌉` outputs; where the padding is odd, one more goes behind.
private func samePadding(_ size: Int, _ kernel: Int, _ stride: Int) -> (before: Int, behind: Int) {
    let total = max(0, ((size + stride - 1) / stride - 1) * stride + kernel - size)
    return (total / 2, total - total / 2)
}

extension Conv2d {
    /// The convolution of `x` padded as TensorFlow's `same` does; the layer itself pads nothing.
    fileprivate func paddedSame(_ x: Tensor) -> Tensor {
        let kernel = weight.shape
        let rows = samePadding(x.shape[2], kernel[2], stride.height)
        let columns = samePadding(x.shape[3], kernel[3], stride.width)
        if rows.before == rows.behind && columns.before == columns.behind {
            return observed(
                x.conv2d(
                    weight, bias: bias, stride: stride, padding: .zeros(Pair(rows.before, columns.before)),
                    groups: groups))
        }
        return self(x.padded([(rows.before, rows.behind), (columns.before, columns.behind)]))
    }
}

extension OutlineTrial {
    /// What a convolution of a padded image would put out.
    fileprivate func padded(_ layer: Conv2d, _ x: Outline) throws(ModelMismatch) -> Outline {
        let kernel = layer.weight.shape
        func with(_ size: Int?, _ kernel: Int, _ stride: Int) throws(ModelMismatch) -> Int? {
            guard let size else { return nil }
            try insist((0...Int(Int32.max)).contains(size), "\(layer.label): an image \(x)")
            let padding = samePadding(size, kernel, stride)
            return size + padding.before + padding.behind
        }
        try insist(x.rank ?? 4 == 4, "\(layer.label): needs an image, not \(x)")
        return try output(
            layer,
            Outline(
                [
                    x[0], x[1], try with(x[2], kernel[2], layer.stride.height),
                    try with(x[3], kernel[3], layer.stride.width),
                ],
                kind: x.kind))
    }
}
