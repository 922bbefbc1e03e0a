// SPDX-License-Identifier: Apache-2.0
// How the layers of LockstepNN are described and made again.

import LockstepNN
import LockstepTensor

extension ExportRegistry.Entry {
    /// Every layer and model of the package.
    static let layers: [Entry] =
        activations + containers + dense + convolutions + poolings + norms + sequences + models + languageModels

    private static let activations: [Entry] = [
        Entry(Identity.self) { _ in Identity() }, Entry(ReLU.self) { _ in ReLU() },
        Entry(GELU.self) { _ in GELU() }, Entry(SiLU.self) { _ in SiLU() },
        Entry(Sigmoid.self) { _ in Sigmoid() }, Entry(Tanh.self) { _ in Tanh() },
        Entry(Softplus.self) { _ in Softplus() },
        Entry(LeakyReLU.self) {
            ["slope": $0.slope]
        } _: {
            LeakyReLU(try $0("slope"))
        },
        Entry(Softmax.self) {
            ["axis": $0.axis]
        } _: {
            Softmax(axis: try $0("axis"))
        },
        Entry(LogSoftmax.self) {
            ["axis": $0.axis]
        } _: {
            LogSoftmax(axis: try $0("axis"))
        },
    ]

    private static let containers: [Entry] = [
        Entry(Sequential.self) {
            ["layers": $0.layers.map(ExportPart.init)]
        } _: {
            Sequential(try $0.parts("layers"))
        },
        Entry(Residual.self) {
            ["layers": $0.layers.layers.map(ExportPart.init), "shortcut": $0.shortcut?.layers.map(ExportPart.init)]
        } _: { fields in
            let layers: [any UnaryLayer] = try fields.parts("layers")
            // Decoded once: what is made claims its weights.
            guard let parts = try fields("shortcut", as: [ExportPart]?.self) else { return Residual { layers } }
            let shortcut = try parts.map { try $0.made(as: (any UnaryLayer).self, at: "\(fields.place).shortcut") }
            return Residual {
                layers
            } shortcut: {
                shortcut
            }
        },
        Entry(Flatten.self) {
            ["from": $0.from, "to": $0.to]
        } _: {
            Flatten(from: try $0("from"), to: try $0("to"))
        },
        Entry(Dropout.self) {
            ["p": $0.p]
        } _: {
            Dropout(try $0.number("p", in: 0...1))
        },
    ]

    private static let dense: [Entry] = [
        Entry(Linear.self) {
            ["inputs": $0.inputs, "outputs": $0.outputs, "bias": $0.bias != nil]
        } _: { fields in
            let (inputs, outputs) = (try fields.size("inputs"), try fields.size("outputs"))
            try fields.claim(outputs, inputs)
            return Linear(inputs, outputs, bias: try fields("bias"))
        },
        Entry(Embedding.self) {
            ["count": $0.count, "width": $0.width, "padding": $0.paddingIndex]
        } _: { fields in
            let (count, width) = (try fields.size("count"), try fields.size("width"))
            let padding: Int? = try fields("padding")
            try fields.check(padding.map { $0 >= 0 && $0 < count } ?? true, "padding is not a row")
            try fields.claim(count, width)
            return Embedding(count, width, paddingIndex: padding, initializer: .zeros)
        },
    ]

    private static let convolutions: [Entry] = [
        Entry(Conv1d.self) {
            [
                "inputs": $0.weight.shape[1] * $0.groups, "outputs": $0.weight.shape[0],
                "kernel": $0.weight.shape[2], "stride": $0.stride, "padding": Padded($0.padding),
                "dilation": $0.dilation, "groups": $0.groups, "bias": $0.bias != nil,
            ]
        } _: { fields in
            let (inputs, outputs, groups) = try channels(fields)
            let kernel = try fields.size("kernel")
            try fields.claim(outputs, inputs / groups, kernel)
            return Conv1d(
                inputs, outputs, kernelSize: kernel, stride: try fields.size("stride"),
                padding: try fields.padding("padding"), dilation: try fields.size("dilation"), groups: groups,
                bias: try fields("bias"))
        },
        Entry(Conv2d.self) {
            [
                "inputs": $0.weight.shape[1] * $0.groups, "outputs": $0.weight.shape[0],
                "kernel": [$0.weight.shape[2], $0.weight.shape[3]], "stride": $0.stride.sizes,
                "padding": Padded($0.padding), "dilation": $0.dilation.sizes, "groups": $0.groups,
                "bias": $0.bias != nil,
            ]
        } _: { fields in
            let (inputs, outputs, groups) = try channels(fields)
            let kernel = try fields.pair("kernel")
            try fields.claim(outputs, inputs / groups, kernel.height, kernel.width)
            return Conv2d(
                inputs, outputs, kernelSize: kernel, stride: try fields.pair("stride"),
                padding: try fields.padding("padding"), dilation: try fields.pair("dilation"), groups: groups,
                bias: try fields("bias"))
        },
        Entry(ConvTranspose2d.self) {
            [
                "inputs": $0.weight.shape[0], "outputs": $0.weight.shape[1] * $0.groups,
                "kernel": [$0.weight.shape[2], $0.weight.shape[3]], "stride": $0.stride.sizes,
                "padding": $0.padding.sizes, "outputPadding": $0.outputPadding.sizes, "dilation": $0.dilation.sizes,
                "groups": $0.groups, "bias": $0.bias != nil,
            ]
        } _: { fields in
            let (inputs, outputs, groups) = try channels(fields)
            let kernel = try fields.pair("kernel")
            try fields.claim(inputs, outputs / groups, kernel.height, kernel.width)
            return ConvTranspose2d(
                inputs, outputs, kernelSize: kernel, stride: try fields.pair("stride"),
                padding: try fields.pair("padding", least: 0),
                outputPadding: try fields.pair("outputPadding", least: 0), groups: groups, bias: try fields("bias"),
                dilation: try fields.pair("dilation"))
        },
    ]

    private static func channels(_ fields: ExportFields) throws -> (inputs: Int, outputs: Int, groups: Int) {
        let (inputs, outputs) = (try fields.size("inputs"), try fields.size("outputs"))
        let groups = try fields.size("groups")
        try fields.check(inputs % groups == 0 && outputs % groups == 0, "groups do not divide the channels")
        return (inputs, outputs, groups)
    }

    private static let models: [Entry] = [
        Entry(TabularModel.self) { model in
            let options = model.options
            return [
                "categories": options.embeddings.map(\.categories), "widths": options.embeddings.map(\.width),
                "continuous": options.continuous, "outputs": options.outputs, "layers": options.layers,
                "dropout": options.dropout, "embeddingDropout": options.embeddingDropout,
                "outputRange": options.outputRange.map { [$0.lowerBound, $0.upperBound] },
                "batchNorm": options.batchNorm, "normalizesContinuous": options.normalizesContinuous,
            ]
        } _: { fields in
            let (categories, widths): ([Int], [Int]) = (try fields("categories"), try fields("widths"))
            let (layers, dropout): ([Int], [Double]) = (try fields("layers"), try fields("dropout"))
            let (continuous, outputs) = (try fields.length("continuous"), try fields.size("outputs"))
            try fields.check(
                categories.count == widths.count && (categories + widths + layers).allSatisfy { $0 > 0 && $0 < 1 << 32 }
                    && !(categories.isEmpty && continuous == 0),
                "columns \(categories) × \(widths) and layers \(layers) are no sizes")
            try fields.check(
                (dropout.isEmpty || dropout.count == layers.count) && dropout.allSatisfy { (0...1).contains($0) },
                "dropout \(dropout) does not fit \(layers.count) layers")
            try fields.claim(parts: categories.count + 4 * layers.count)
            for (count, width) in zip(categories, widths) { try fields.claim(count, width) }
            var width = continuous
            for size in widths { width += size }
            for size in layers + [outputs] {
                try fields.claim(width, size)
                width = size
            }
            let range: [Double]? = try fields("outputRange")
            try fields.check(range.map { $0.count == 2 && $0[0] <= $0[1] } ?? true, "outputRange is no range")
            return TabularModel(
                embeddings: zip(categories, widths).map { (categories: $0, width: $1) }, continuous: continuous,
                outputs: outputs, layers: layers, dropout: dropout,
                embeddingDropout: try fields.number("embeddingDropout", in: 0...1),
                outputRange: range.map { $0[0]...$0[1] }, batchNorm: try fields("batchNorm"),
                normalizesContinuous: try fields("normalizesContinuous"))
        }
    ]
}

/// Padding as two sizes, or `same`.
private struct Padded: Encodable {
    let padding: Padding
    init(_ padding: Padding) { self.padding = padding }

    func encode(to encoder: any Encoder) throws {
        switch padding {
        case .zeros(let size): try size.sizes.encode(to: encoder)
        case .same: try "same".encode(to: encoder)
        }
    }
}
