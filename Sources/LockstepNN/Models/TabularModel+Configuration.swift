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
        let embeddings = try fields.tableColumns(parts: 4)
        let (layers, dropout): ([Int], [Double]) = (try fields("layers"), try fields("dropout"))
        let (continuous, outputs): (Int, Int) = (try fields("continuous"), try fields("outputs"))
        var width = embeddings.reduce(continuous) { $0 + $1.width }
        for size in layers + [outputs] {
            try fields.claim(width, size)
            width = size
        }
        let ends = try fields.outputEnds()
        return TabularModel(
            embeddings: embeddings, continuous: continuous, outputs: outputs, layers: layers, dropout: dropout,
            embeddingDropout: try fields("embeddingDropout"), outputRange: ends.range, outputScale: ends.scale,
            batchNorm: try fields("batchNorm"), normalizesContinuous: try fields("normalizesContinuous"))
    }
}
