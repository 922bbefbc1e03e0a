// SPDX-License-Identifier: Apache-2.0
// How a model of tables is described and made again: every number in it is a size that somebody may have made up.

public import LockstepTensor

extension TabularModel: Configurable {
    public static let configuration = Configuration(TabularModel.self) {
        Field("categories", { $0.options.embeddings.map(\.categories) })
        Field("widths", { $0.options.embeddings.map(\.width) })
        Field("continuous", \.options.continuous, .length, python: "n_cont")
        Field("outputs", \.options.outputs, .size, python: "out_sz")
        Field("layers", \.options.layers)
        Field("dropout", \.options.dropout, python: "ps")
        Field("embeddingDropout", \.options.embeddingDropout, .within(0...1), python: "embed_p")
        Field("outputRange", { $0.options.outputRange.map { [$0.lowerBound, $0.upperBound] } }, python: "y_range")
        Field("outputScale", { $0.options.outputScale.map { [$0.mean, $0.deviation] } ?? [] }, absent: [])
        Field("batchNorm", \.options.batchNorm, python: "use_bn")
        Field("normalizesContinuous", \.options.normalizesContinuous, python: "bn_cont")
    } make: { fields in
        let embeddings = try checkedEmbeddings(fields)
        let (layers, dropout): ([Int], [Double]) = (try fields("layers"), try fields("dropout"))
        let range: [Double]? = try fields("outputRange")
        try fields.check(range.map { $0.count == 2 && $0[0] <= $0[1] } ?? true, "outputRange is no range")
        let scale: [Double] = try fields("outputScale")
        try fields.check(
            scale.isEmpty || scale.count == 2 && scale.allSatisfy(\.isFinite) && scale[1] > 0 && range == nil,
            "outputScale is no mean and deviation")
        return TabularModel(
            embeddings: embeddings, continuous: try fields("continuous"), outputs: try fields("outputs"),
            layers: layers, dropout: dropout, embeddingDropout: try fields("embeddingDropout"),
            outputRange: range.map { $0[0]...$0[1] },
            outputScale: scale.isEmpty ? nil : (mean: scale[0], deviation: scale[1]),
            batchNorm: try fields("batchNorm"), normalizesContinuous: try fields("normalizesContinuous"))
    }

    /// The columns, when all weights that go with them are there.
    private static func checkedEmbeddings(_ fields: ExportFields) throws -> [(categories: Int, width: Int)] {
        let (categories, widths): ([Int], [Int]) = (try fields("categories"), try fields("widths"))
        let (layers, dropout): ([Int], [Double]) = (try fields("layers"), try fields("dropout"))
        let (continuous, outputs): (Int, Int) = (try fields("continuous"), try fields("outputs"))
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
        return zip(categories, widths).map { (categories: $0, width: $1) }
    }
}
