// SPDX-License-Identifier: Apache-2.0
// Vision transformers with timm's names: ViT, DeiT.

public import LockstepNN
public import LockstepTensor

/// A transformer over square patches of an image.
///
/// Dosovitskiy et al., *An Image is Worth 16×16 Words* (2020). A learned vector stands before the patches; what becomes of it is
/// classified.
///
/// ```swift
/// let model = VisionTransformer(width: 384, depth: 12, heads: 6, classes: 10)      // ViT-S/16
/// ```
///
/// - Shape: `[N, channels, imageSize, imageSize]` → `[N, classes]`, or `[N, width]` without classes.
/// - Note: timm: `VisionTransformer`, with its names: `patch_embed.proj.weight`, `blocks.0.attn.qkv.weight`, `head.weight`.
public final class VisionTransformer: Module, UnaryLayer {
    @Parameter private var classToken: Tensor
    @Parameter private var positions: Tensor
    @Submodule private var patches: Conv2d
    private let blocks: [VisionTransformerBlock]
    private let norm: LayerNorm
    private let head: Linear?
    package let (imageSize, patchSize, channels, width): (Int, Int, Int, Int)
    package let (depth, heads, classes, dropPath): (Int, Int, Int, Double)

    /// - Parameters:
    ///   - imageSize: Height and width of images.
    ///   - patchSize: Height and width of patches; divides the images'.
    ///   - channels: Channels of images.
    ///   - width: Size of the vector of each patch.
    ///   - depth: Number of blocks.
    ///   - heads: Number of attention heads; divides the width.
    ///   - classes: Size of the output; 0 leaves the classifier out.
    ///   - dropPath: The probability that an item has only its shortcut in the last block; rises from 0 in the first.
    public init(
        imageSize: Int = 224, patchSize: Int = 16, channels: Int = 3, width: Int, depth: Int, heads: Int,
        classes: Int = 1000, dropPath: Double = 0, file: StaticString = #fileID, line: UInt = #line
    ) {
        require(
            imageSize > 0 && patchSize > 0 && imageSize % patchSize == 0 && depth > 0 && classes >= 0,
            "VisionTransformer: images of \(imageSize), patches of \(patchSize), \(depth) blocks, \(classes) classes",
            file: file, line: line)
        (self.imageSize, self.patchSize, self.channels, self.width) = (imageSize, patchSize, channels, width)
        (self.depth, self.heads, self.classes, self.dropPath) = (depth, heads, classes, dropPath)
        let small = Initializer.normal(standardDeviation: 0.02)
        let count = (imageSize / patchSize) * (imageSize / patchSize)
        _classToken = Parameter(
            wrappedValue: Initializer.normal(standardDeviation: 1e-6)([1, 1, width]), "cls_token")
        _positions = Parameter(wrappedValue: small([1, count + 1, width]), "pos_embed")
        let patches = Conv2d(
            channels, width, kernelSize: Pair(patchSize), stride: Pair(patchSize), file: file, line: line)
        _patches = Submodule(wrappedValue: patches, "patch_embed.proj")
        blocks = (0..<depth).map { index in
            VisionTransformerBlock(
                width, heads, dropPath: dropPath * Double(index) / Double(max(1, depth - 1)), file: file, line: line)
        }
        norm = LayerNorm(width, epsilon: 1e-6)
        head = classes > 0 ? Linear(width, classes, file: file, line: line) : nil
        super.init()
        initializeLinear { _ in small }
    }

    /// The same network, sharing its parameters, but for the classifier.
    package var withoutClassifier: VisionTransformer { VisionTransformer(bodyOf: self) }

    private init(bodyOf whole: VisionTransformer) {
        (imageSize, patchSize, channels, width) = (whole.imageSize, whole.patchSize, whole.channels, whole.width)
        (depth, heads, classes, dropPath) = (whole.depth, whole.heads, 0, whole.dropPath)
        (_classToken, _positions, _patches) = (whole._classToken, whole._positions, whole._patches)
        (blocks, norm, head) = (whole.blocks, whole.norm, nil)
        super.init()
    }

    public override var describeExtra: String {
        "imageSize: \(imageSize), patchSize: \(patchSize), width: \(width), heads: \(heads)"
    }

    /// What the layer makes of its input.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        require(
            x.rank == 4 && x.shape[2] == imageSize && x.shape[3] == imageSize,
            "\(label): needs an input [N, \(channels), \(imageSize), \(imageSize)], not \(x.shape)")
        // [N, width, h, w] → [N, h · w, width]: a view, as channels lie together in memory.
        let grid = patches(x).flattened(from: 2).transposed(1, 2)
        let token = classToken.expanded(to: [x.shape[0], 1, width])
        var y = Tensor.concatenated([token, grid], axis: 1) + positions
        for block in blocks { y = block(y) }
        let first = norm(y[.all, 0])
        return observed(head.map { $0(first) } ?? first)
    }
}

extension VisionTransformer: UnaryOutlining {
    package func outline(of x: Outline, in trial: OutlineTrial) throws(ModelMismatch) -> Outline {
        try insist(
            x.rank ?? 4 == 4 && x[2] ?? imageSize == imageSize && x[3] ?? imageSize == imageSize,
            "\(label): needs an input [N, \(channels), \(imageSize), \(imageSize)], not \(x)")
        let grid = try trial.output(patches, Outline([x[0], x[1], imageSize, imageSize], kind: x.kind))
        let count = (imageSize / patchSize) * (imageSize / patchSize) + 1
        var y = Outline([grid[0], count, width], kind: .real)
        for block in blocks { y = try trial.output(block, y) }
        let first = Outline([grid[0], width], kind: .real)
        guard let head else { return first }
        return try trial.output(head, first)
    }
}

extension VisionTransformer: Configurable {
    public static let configuration = Configuration(VisionTransformer.self) {
        Field("imageSize", \.imageSize, .size, python: "img_size")
        Field("patchSize", \.patchSize, .size)
        Field("channels", \.channels, .size, python: "in_chans")
        Field("width", \.width, .size, python: "embed_dim")
        Field("depth", \.depth, .size)
        Field("heads", \.heads, .size, python: "num_heads")
        Field("classes", \.classes, .length, python: "num_classes")
        Field("dropPath", \.dropPath, .within(0...1), python: "drop_path_rate")
    } make: { fields in
        let (imageSize, patchSize): (Int, Int) = (try fields("imageSize"), try fields("patchSize"))
        let (channels, width): (Int, Int) = (try fields("channels"), try fields("width"))
        let (depth, heads, classes): (Int, Int, Int) = (
            try fields("depth"), try fields("heads"), try fields("classes")
        )
        try fields.check(
            imageSize % patchSize == 0 && width % heads == 0 && imageSize / patchSize < 1 << 15,
            "patches of \(patchSize) of images of \(imageSize), \(heads) heads of a width of \(width)")
        try fields.claim(parts: depth, 8)
        try fields.claim((imageSize / patchSize) * (imageSize / patchSize) + 1, width)
        try fields.claim(width, channels, patchSize, patchSize)
        try fields.claim(depth, 12, width, width)
        try fields.claim(classes, width)
        return VisionTransformer(
            imageSize: imageSize, patchSize: patchSize, channels: channels, width: width, depth: depth, heads: heads,
            classes: classes, dropPath: try fields("dropPath"))
    }
}

/// Attention and a perceptron with one hidden layer of four times the width, each behind a layer norm and beside a shortcut.
///
/// - Shape: `[N, T, width]`; unchanged.
/// - Note: timm: `vision_transformer.Block`, with its names.
public final class VisionTransformerBlock: Module, UnaryLayer {
    private let norm1: LayerNorm
    @Submodule private var qkv: Linear
    @Submodule private var projection: Linear
    private let norm2: LayerNorm
    @Submodule private var expansion: Linear
    @Submodule private var reduction: Linear
    private let drop: DropPath
    package let (width, heads): (Int, Int)

    /// A block of `heads` attention heads, which divide the width.
    public init(
        _ width: Int, _ heads: Int, dropPath: Double = 0, file: StaticString = #fileID, line: UInt = #line
    ) {
        require(
            width > 0 && heads > 0 && width % heads == 0,
            "VisionTransformerBlock(\(width), \(heads)): the heads do not divide the width", file: file, line: line)
        (self.width, self.heads) = (width, heads)
        (norm1, norm2) = (LayerNorm(width, epsilon: 1e-6), LayerNorm(width, epsilon: 1e-6))
        _qkv = Submodule(wrappedValue: Linear(width, 3 * width), "attn.qkv")
        _projection = Submodule(wrappedValue: Linear(width, width), "attn.proj")
        _expansion = Submodule(wrappedValue: Linear(width, 4 * width), "mlp.fc1")
        _reduction = Submodule(wrappedValue: Linear(4 * width, width), "mlp.fc2")
        drop = DropPath(dropPath, file: file, line: line)
        super.init()
    }

    /// The probability that an item has only its shortcuts, in training.
    package var dropPath: Double { drop.p }

    public override var describeExtra: String { "\(width), \(heads)" }

    /// What the layer makes of its input.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        // Where nothing is dropped, the shortcut is added as the product is stored.
        let drops = isTraining && drop.p > 0
        let context = attended(norm1(x))
        let y = drops ? drop(projection(context)) + x : projection(context, adding: x)
        let hidden = expansion(norm2(y), then: .gelu)
        return observed(drops ? drop(reduction(hidden)) + y : reduction(hidden, adding: y))
    }

    /// Attention of every position to every other.
    private func attended(_ x: Tensor) -> Tensor {
        let (items, steps) = (x.shape[0], x.shape[1])
        // [N, T, 3, heads, d] → 3 of [N, heads, T, d].
        let parts = qkv(x).reshaped([items, steps, 3, heads, width / heads]).permuted([2, 0, 3, 1, 4])
        return Tensor.scaledDotProductAttention(parts[0], parts[1], parts[2]).permuted([0, 2, 1, 3]).flattened(from: 2)
    }
}

extension VisionTransformerBlock: UnaryOutlining {
    package func outline(of x: Outline, in trial: OutlineTrial) throws(ModelMismatch) -> Outline {
        try insist(
            x.kind != .bool && x.rank ?? 3 == 3 && x[-1] ?? width == width,
            "\(label): needs a sequence [N, T, \(width)], not \(x)")
        let steps = Double(x[1] ?? 1)
        _ = try trial.made(
            Outline([x[0], x[1], 4 * width], kind: .real), by: self, work: 3 * Double(width) + steps)
        return Outline([x[0], x[1], width], kind: .real)
    }
}

extension VisionTransformerBlock: Configurable {
    public static let configuration = Configuration(VisionTransformerBlock.self) {
        Field("width", \.width, .size, python: "dim")
        Field("heads", \.heads, .size, python: "num_heads")
        Field("dropPath", \.dropPath, .within(0...1))
    } make: { fields in
        let (width, heads): (Int, Int) = (try fields("width"), try fields("heads"))
        try fields.check(width % heads == 0, "the heads do not divide the width")
        try fields.claim(12, width, width)
        return VisionTransformerBlock(width, heads, dropPath: try fields("dropPath"))
    }
}
