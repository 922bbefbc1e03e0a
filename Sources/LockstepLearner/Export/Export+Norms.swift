// SPDX-License-Identifier: Apache-2.0
// How normalisation, pooling, recurrent and attention layers are described and made again.

import LockstepNN
import LockstepTensor

extension ExportRegistry.Entry {
    typealias Entry = ExportRegistry.Entry

    // MARK: Normalisation

    static let norms: [Entry] = [
        batchNorm(BatchNorm.self) { BatchNorm($0, epsilon: $1, momentum: $2, affine: $3, trackRunningStats: $4) },
        batchNorm(BatchNorm1d.self) { BatchNorm1d($0, epsilon: $1, momentum: $2, affine: $3, trackRunningStats: $4) },
        batchNorm(BatchNorm2d.self) { BatchNorm2d($0, epsilon: $1, momentum: $2, affine: $3, trackRunningStats: $4) },
        batchNorm(BatchNorm3d.self) { BatchNorm3d($0, epsilon: $1, momentum: $2, affine: $3, trackRunningStats: $4) },
        Entry(InstanceNorm2d.self) {
            normArguments($0.channels, $0.epsilon, $0.momentum, $0.weight != nil, $0.runningMean != nil)
        } _: {
            let (channels, epsilon, momentum, affine, tracks) = try normOptions($0)
            return InstanceNorm2d(
                channels, epsilon: epsilon, momentum: momentum, affine: affine, trackRunningStats: tracks)
        },
        Entry(GroupNorm.self) {
            ["groups": $0.groups, "channels": $0.channels, "epsilon": $0.epsilon, "affine": $0.weight != nil]
        } _: { fields in
            let (groups, channels) = (try fields.size("groups"), try fields.size("channels"))
            let affine: Bool = try fields("affine")
            try fields.check(channels % groups == 0, "groups do not divide the channels")
            if affine { try fields.claim(channels) }
            return GroupNorm(groups, channels, epsilon: try fields("epsilon"), affine: affine)
        },
        Entry(LayerNorm.self) {
            [
                "shape": $0.normalizedShape.dimensions, "epsilon": $0.epsilon, "affine": $0.weight != nil,
                "bias": $0.bias != nil,
            ]
        } _: { fields in
            let shape: [Int] = try fields("shape")
            let affine: Bool = try fields("affine")
            try fields.check(
                (1...Shape.maxRank).contains(shape.count) && shape.allSatisfy { $0 > 0 }, "\(shape) is no shape")
            if affine { try fields.claim(shape) }
            return LayerNorm(
                Shape(shape), epsilon: try fields("epsilon"), elementwiseAffine: affine, bias: try fields("bias"))
        },
    ]

    private static func batchNorm<Layer: BatchNorm>(
        _ type: Layer.Type,
        _ make: @escaping @Sendable (Int, Double, Double?, Bool, Bool) -> Layer
    ) -> Entry {
        Entry(type) {
            normArguments($0.channels, $0.epsilon, $0.momentum, $0.weight != nil, $0.runningMean != nil)
        } _: {
            let (channels, epsilon, momentum, affine, tracks) = try normOptions($0)
            return make(channels, epsilon, momentum, affine, tracks)
        }
    }

    private static func normArguments(
        _ channels: Int, _ epsilon: Double, _ momentum: Double?, _ affine: Bool, _ tracks: Bool
    ) -> ExportRegistry.Arguments {
        ["channels": channels, "epsilon": epsilon, "momentum": momentum, "affine": affine, "tracks": tracks]
    }

    private static func normOptions(_ fields: ExportFields) throws -> (Int, Double, Double?, Bool, Bool) {
        let channels = try fields.size("channels")
        let (affine, tracks): (Bool, Bool) = (try fields("affine"), try fields("tracks"))
        if affine || tracks { try fields.claim(channels) }
        return (channels, try fields("epsilon"), try fields("momentum"), affine, tracks)
    }

    // MARK: Pooling

    static let poolings: [Entry] = [
        Entry(MaxPool2d.self) {
            [
                "kernel": $0.kernelSize.sizes, "stride": $0.stride.sizes, "padding": $0.padding.sizes,
                "ceilMode": $0.ceilMode,
            ]
        } _: {
            MaxPool2d(
                try $0.pair("kernel"), stride: try $0.pair("stride"), padding: try $0.pair("padding", least: 0),
                ceilMode: try $0("ceilMode"))
        },
        Entry(AvgPool2d.self) {
            [
                "kernel": $0.kernelSize.sizes, "stride": $0.stride.sizes, "padding": $0.padding.sizes,
                "ceilMode": $0.ceilMode, "countIncludePad": $0.countIncludePad,
            ]
        } _: {
            AvgPool2d(
                try $0.pair("kernel"), stride: try $0.pair("stride"), padding: try $0.pair("padding", least: 0),
                ceilMode: try $0("ceilMode"), countIncludePad: try $0("countIncludePad"))
        },
        Entry(MaxPool1d.self) {
            ["kernel": $0.kernelSize, "stride": $0.stride, "padding": $0.padding]
        } _: {
            MaxPool1d(try $0.size("kernel"), stride: try $0.size("stride"), padding: try $0.length("padding"))
        },
        Entry(AvgPool1d.self) {
            ["kernel": $0.kernelSize, "stride": $0.stride, "padding": $0.padding]
        } _: {
            AvgPool1d(try $0.size("kernel"), stride: try $0.size("stride"), padding: try $0.length("padding"))
        },
        Entry(AdaptiveAvgPool2d.self) {
            ["size": $0.outputSize.sizes]
        } _: {
            AdaptiveAvgPool2d(try $0.pair("size"))
        },
        Entry(AdaptiveMaxPool2d.self) {
            ["size": $0.outputSize.sizes]
        } _: {
            AdaptiveMaxPool2d(try $0.pair("size"))
        },
        Entry(AdaptiveAvgPool1d.self) {
            ["size": $0.outputSize]
        } _: {
            AdaptiveAvgPool1d(try $0.size("size"))
        },
        Entry(AdaptiveMaxPool1d.self) {
            ["size": $0.outputSize]
        } _: {
            AdaptiveMaxPool1d(try $0.size("size"))
        },
    ]

    // MARK: Sequences

    static let sequences: [Entry] = [
        Entry(LSTM.self, as: nil, { recurrentArguments($0) }) { fields in
            let o = try recurrentOptions(fields, gates: 4)
            return LSTM(
                o.inputs, o.hidden, layers: o.layers, bias: o.bias, batchFirst: try fields("batchFirst"),
                dropout: o.dropout, bidirectional: o.bidirectional, carriesState: try fields("carriesState"))
        },
        Entry(GRU.self, as: nil, { recurrentArguments($0) }) { fields in
            let o = try recurrentOptions(fields, gates: 3)
            return GRU(
                o.inputs, o.hidden, layers: o.layers, bias: o.bias, batchFirst: try fields("batchFirst"),
                dropout: o.dropout, bidirectional: o.bidirectional, carriesState: try fields("carriesState"))
        },
        Entry(MultiheadAttention.self) {
            [
                "width": $0.width, "heads": $0.heads, "dropout": $0.dropout, "bias": $0.hasBias,
                "batchFirst": $0.batchFirst, "causal": $0.causal,
            ]
        } _: { fields in
            let (width, heads) = try attentionSizes(fields)
            return MultiheadAttention(
                width, heads, dropout: try fields.number("dropout", in: 0...1), bias: try fields("bias"),
                batchFirst: try fields("batchFirst"), causal: try fields("causal"))
        },
        Entry(TransformerBlock.self) {
            ["width": $0.width, "heads": $0.heads, "hidden": $0.hidden, "dropout": $0.dropoutRate, "causal": $0.causal]
        } _: { fields in
            let (width, heads) = try attentionSizes(fields)
            let hidden = try fields.size("hidden")
            try fields.claim(2, width, hidden)
            return TransformerBlock(
                width, heads, hidden: hidden, dropout: try fields.number("dropout", in: 0...1),
                causal: try fields("causal"))
        },
    ]

    private static func attentionSizes(_ fields: ExportFields) throws -> (width: Int, heads: Int) {
        let (width, heads) = (try fields.size("width"), try fields.size("heads"))
        try fields.check(width % heads == 0, "the heads do not divide the width")
        try fields.claim(4, width, width)
        return (width, heads)
    }

    private static func recurrentArguments(_ layer: Recurrent) -> ExportRegistry.Arguments {
        [
            "inputs": layer.inputSize, "hidden": layer.hiddenSize, "layers": layer.layers, "bias": layer.hasBias,
            "batchFirst": layer.batchFirst, "dropout": layer.dropout, "bidirectional": layer.bidirectional,
            "carriesState": layer.carriesState,
        ]
    }

    private static func recurrentOptions(
        _ fields: ExportFields, gates: Int
    ) throws -> (inputs: Int, hidden: Int, layers: Int, bias: Bool, dropout: Double, bidirectional: Bool) {
        let (inputs, hidden) = (try fields.size("inputs"), try fields.size("hidden"))
        let layers = try fields.size("layers")
        let bidirectional: Bool = try fields("bidirectional")
        try fields.claimRecurrent(
            gates: gates, inputs: inputs, hidden: hidden, layers: layers, directions: bidirectional ? 2 : 1)
        return (
            inputs, hidden, layers, try fields("bias"), try fields.number("dropout", in: 0...1), bidirectional
        )
    }
}

extension ExportFields {
    /// Claims the matrices of recurrent layers: the first reads the input, the others both directions of the one before.
    func claimRecurrent(gates: Int, inputs: Int, hidden: Int, layers: Int, directions: Int = 1) throws {
        try claim(parts: layers, directions, 4)
        try claim(directions, gates, hidden, inputs)
        try claim(layers, directions, gates, hidden, hidden)
        try claim(layers - 1, directions, directions, gates, hidden, hidden)
    }
}
