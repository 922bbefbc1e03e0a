// SPDX-License-Identifier: Apache-2.0
// fastai's residual block.

public import LockstepNN
public import LockstepTensor

/// Convolutions with normalisation beside a shortcut: `relu(convpath(x) + idpath(x))`.
///
/// He et al., *Bag of Tricks for Image Classification* (2018), as fastai has it: two 3×3 convolutions, or with an expansion 1×1, 3×3
/// and 1×1; where the block makes the image smaller, its shortcut is a mean over windows and a 1×1 convolution (*ResNet-D*). The last
/// normalisation starts at 0.
///
/// - Shape: `[N, inputs · expansion, H, W]` → `[N, outputs · expansion, ⌈H/stride⌉, ⌈W/stride⌉]`.
/// - Note: fastai: `ResBlock`, with its names `convpath` and `idpath`.
public final class ResBlock: Module, UnaryLayer {
    private let convpath: Sequential
    private let idpath: Sequential
    package let (inputs, outputs, expansion, stride): (Int, Int, Int, Int)
    package let norm: ConvLayer.Norm

    /// - Parameters:
    ///   - inputs: Channels of the image, in units of `expansion`.
    ///   - outputs: Channels put out, in units of `expansion`.
    ///   - expansion: 1 for two convolutions, more for three of which the middle one is so much narrower.
    ///   - norm: What normalises: `.batch`, `.instance` or `.none`.
    /// - Precondition: all sizes are positive.
    public init(
        _ inputs: Int, _ outputs: Int, expansion: Int = 1, stride: Int = 1, norm: ConvLayer.Norm = .batch,
        file: StaticString = #fileID, line: UInt = #line
    ) {
        require(
            inputs > 0 && outputs > 0 && expansion > 0 && stride > 0,
            "ResBlock: from \(inputs) to \(outputs) channels, expansion \(expansion), stride \(stride): all must be positive",
            file: file, line: line)
        (self.inputs, self.outputs, self.expansion, self.stride, self.norm) = (inputs, outputs, expansion, stride, norm)
        func layer(_ from: Int, _ to: Int, _ kernel: Int, _ stride: Int = 1, last: Bool = false) -> ConvLayer {
            ConvLayer(
                from, to, kernelSize: Pair(kernel), stride: Pair(stride),
                norm: last && norm == .batch ? .batchZero : norm, activation: last ? nil : ReLU(), file: file,
                line: line)
        }
        let (wideIn, wideOut) = (inputs * expansion, outputs * expansion)
        convpath = Sequential(
            expansion == 1
                ? [layer(wideIn, outputs, 3, stride), layer(outputs, wideOut, 3, last: true)]
                : [
                    layer(wideIn, outputs, 1), layer(outputs, outputs, 3, stride),
                    layer(outputs, wideOut, 1, last: true),
                ])
        var shortcut: [any UnaryLayer] = []
        if stride != 1 { shortcut.append(AvgPool2d(Pair(stride), ceilMode: true)) }
        if wideIn != wideOut {
            // With batch norm whatever normalises the rest: fastai does not pass it on to here where it is the default.
            shortcut.append(
                ConvLayer(
                    wideIn, wideOut, kernelSize: 1, norm: .batch, activation: nil, file: file, line: line))
        }
        idpath = Sequential(shortcut)
        super.init()
    }

    public override var describeExtra: String {
        "\(inputs), \(outputs)" + (expansion == 1 ? "" : ", expansion: \(expansion)")
            + (stride == 1 ? "" : ", stride: \(stride)") + (norm == .batch ? "" : ", norm: .\(norm)")
    }

    /// What the layer makes of its input.
    public func callAsFunction(_ x: Tensor) -> Tensor { observed((convpath(x) + idpath(x)).relu()) }

    static func claim(_ inputs: Int, _ outputs: Int, _ expansion: Int, in fields: ExportFields) throws {
        try fields.check(
            max(inputs, outputs) < 1 << 20 && expansion < 1 << 10,
            "from \(inputs) to \(outputs) channels, expansion \(expansion)")
        let (wideIn, wideOut) = (inputs * expansion, outputs * expansion)
        if expansion == 1 {
            try fields.claim(outputs, wideIn, 3, 3)
            try fields.claim(wideOut, outputs, 3, 3)
        } else {
            try fields.claim(outputs, wideIn)
            try fields.claim(outputs, outputs, 3, 3)
            try fields.claim(wideOut, outputs)
        }
        if wideIn != wideOut { try fields.claim(wideOut, wideIn) }
    }
}

extension ResBlock: UnaryOutlining {
    package func outline(of x: Outline, in trial: OutlineTrial) throws(ModelMismatch) -> Outline {
        try trial.sum(trial.chain([convpath], x), trial.chain([idpath], x), self)
    }
}

extension ResBlock: Configurable {
    public static let configuration = Configuration(ResBlock.self) {
        Field("inputs", \.inputs, .size, python: "ni")
        Field("outputs", \.outputs, .size, python: "nf")
        Field("expansion", \.expansion, .size)
        Field("stride", \.stride, .size)
        Field("norm", \.norm, python: "norm_type")
    } make: { fields in
        let (inputs, outputs): (Int, Int) = (try fields("inputs"), try fields("outputs"))
        let expansion: Int = try fields("expansion")
        try claim(inputs, outputs, expansion, in: fields)
        return ResBlock(
            inputs, outputs, expansion: expansion, stride: try fields("stride"), norm: try fields("norm"))
    }
}
