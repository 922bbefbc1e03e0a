// SPDX-License-Identifier: Apache-2.0
// How an ensemble for tables is described and made again: every number in it is a size that somebody may have made up.

public import LockstepTensor

extension TabM: Configurable {
    public static let configuration = Configuration(TabM.self) {
        Field("categories", { $0.options.embeddings.map(\.categories) })
        Field("widths", { $0.options.embeddings.map(\.width) })
        Field("continuous", \.options.continuous, .length, python: "n_num_features")
        Field("outputs", \.options.outputs, .size, python: "d_out")
        Field("averages", \.options.averages)
        Field("layers", \.options.layers)
        Field("members", \.options.members, .size, python: "k")
        Field("dropout", \.options.dropout)
        Field("embeddingDropout", \.options.embeddingDropout, .within(0...1))
        Field("outputRange", { $0.options.outputRange.map { [$0.lowerBound, $0.upperBound] } })
        Field("outputScale", { $0.options.outputScale.map { [$0.mean, $0.deviation] } ?? [] })
    } make: { fields in
        let (outputs, averages): (Int, TabM.Average) = (try fields("outputs"), try fields("averages"))
        let (members, layers): (Int, [Int]) = (try fields("members"), try fields("layers"))
        let ends = try fields.outputEnds()
        try fields.check(
            averages == .numbers || outputs > 1 && ends.range == nil && ends.scale == nil,
            "averages is probabilities, of \(outputs) outputs or of numbers in a range")
        try fields.check(!layers.isEmpty, "layers is empty")
        let embeddings = try fields.tableColumns(parts: 4)
        var width = embeddings.reduce(try fields("continuous")) { $0 + $1.width }
        for size in layers {
            for sizes in [[width, size], [members, width], [members, size], [members, size]] {
                try fields.claim(sizes)
            }
            width = size
        }
        try fields.claim(members, width, outputs)
        try fields.claim(members, outputs)
        return TabM(
            embeddings: embeddings, continuous: try fields("continuous"), outputs: outputs, averages: averages,
            layers: layers, members: members, dropout: try fields("dropout"),
            embeddingDropout: try fields("embeddingDropout"), outputRange: ends.range, outputScale: ends.scale)
    }
}
