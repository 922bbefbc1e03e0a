// SPDX-License-Identifier: Apache-2.0
// Every public operation on tensors, once at least: what the walks over layouts and element types go through.

import LockstepTensor

extension OperationCase {
    static let all = elementwise + reductions + shaping + indexing + products + layers + losses + networks

    private static let binaryShapes: [(String, Shape)] = [("", [3, 4, 2]), (", broadcast", [4, 1])]

    private static let elementwise: [OperationCase] =
        binaryShapes.flatMap { note, other -> [OperationCase] in
            [
                OperationCase("+" + note, .real([3, 4, 2]), .real(other), integers: true) { $0[0] + $0[1] },
                OperationCase("-" + note, .real([3, 4, 2]), .real(other), integers: true) { $0[0] - $0[1] },
                OperationCase("*" + note, .real([3, 4, 2]), .real(other), integers: true) { $0[0] * $0[1] },
                OperationCase("/" + note, .real([3, 4, 2]), .real(other, 1..<2), integers: true) { $0[0] / $0[1] },
                OperationCase("maximum" + note, .real([3, 4, 2]), .real(other), integers: true) {
                    maximum($0[0], $0[1])
                },
                OperationCase("minimum" + note, .real([3, 4, 2]), .real(other), integers: true) {
                    minimum($0[0], $0[1])
                },
                OperationCase("pow, tensor" + note, .real([3, 4, 2], 0.5..<2), .real(other), integers: true) {
                    $0[0].pow($0[1])
                },
                OperationCase(".==" + note, .real([3, 4, 2]), .real(other), integers: true) { $0[0] .== $0[1] },
                OperationCase(".!=" + note, .real([3, 4, 2]), .real(other), integers: true) { $0[0] .!= $0[1] },
                OperationCase(".<" + note, .real([3, 4, 2]), .real(other), integers: true) { $0[0] .< $0[1] },
                OperationCase(".<=" + note, .real([3, 4, 2]), .real(other), integers: true) { $0[0] .<= $0[1] },
                OperationCase(".>" + note, .real([3, 4, 2]), .real(other), integers: true) { $0[0] .> $0[1] },
                OperationCase(".>=" + note, .real([3, 4, 2]), .real(other), integers: true) { $0[0] .>= $0[1] },
                OperationCase("where" + note, .mask([4, 2]), .real([3, 4, 2]), .real(other), integers: true) {
                    Tensor.where($0[0], $0[1], $0[2])
                },
                OperationCase("&" + note, .mask([3, 4, 2]), .mask(other)) { $0[0] & $0[1] },
                OperationCase("|" + note, .mask([3, 4, 2]), .mask(other)) { $0[0] | $0[1] },
            ]
        } + [
            OperationCase("+, number", .real([3, 4]), integers: true) { 1 + ($0[0] + 2) },
            OperationCase("-, number", .real([3, 4]), integers: true) { 5 - ($0[0] - 1) },
            OperationCase("-, prefix", .real([3, 4]), integers: true) { 3 + -$0[0] },
            OperationCase("*, number", .real([3, 4]), integers: true) { 2 * ($0[0] * 3) },
            OperationCase("/, number", .real([3, 4], 1..<2), integers: true) { 2 / ($0[0] / 4) },
            OperationCase(".<, number", .real([3, 4]), integers: true) { $0[0] .< 0.5 },
            OperationCase(".==, number", .real([3, 4]), integers: true) { $0[0] .== 1 },
            OperationCase("~", .mask([3, 4])) { ~$0[0] },
            OperationCase("isNaN", .real([3, 4]), integers: true) { $0[0].isNaN() },
            OperationCase("isFinite", .real([3, 4]), integers: true) { $0[0].isFinite() },
            OperationCase("filled", .real([3, 4]), .mask([4]), integers: true) { $0[0].filled(where: $0[1], with: 1) },
            OperationCase("exp", .real([3, 5]), integers: true) { $0[0].exp() },
            OperationCase("log", .real([3, 5], 0.5..<2), integers: true) { $0[0].log() },
            OperationCase("log1p", .real([3, 5], 0..<2), integers: true) { $0[0].log1p() },
            OperationCase("sqrt", .real([3, 5], 0.5..<2), integers: true) { $0[0].sqrt() },
            OperationCase("rsqrt", .real([3, 5], 0.5..<2), integers: true) { $0[0].rsqrt() },
            OperationCase("abs", .real([3, 5]), integers: true) { $0[0].abs() },
            OperationCase("sign", .real([3, 5]), integers: true) { $0[0].sign() },
            OperationCase("sin", .real([3, 5]), integers: true) { $0[0].sin() },
            OperationCase("cos", .real([3, 5]), integers: true) { $0[0].cos() },
            OperationCase("tanh", .real([3, 5]), integers: true) { $0[0].tanh() },
            OperationCase("erf", .real([3, 5]), integers: true) { $0[0].erf() },
            OperationCase("square", .real([3, 5]), integers: true) { $0[0].square() },
            OperationCase("reciprocal", .real([3, 5], 0.5..<2), integers: true) { $0[0].reciprocal() },
            OperationCase("floor", .real([3, 5], -3..<3), integers: true) { $0[0].floor() },
            OperationCase("ceil", .real([3, 5], -3..<3), integers: true) { $0[0].ceil() },
            OperationCase("round", .real([3, 5], -3..<3), integers: true) { $0[0].round() },
            OperationCase("pow", .real([3, 5], 0.5..<2), integers: true) { $0[0].pow(3) },
            OperationCase("pow, fraction", .real([3, 5], 0.5..<2), integers: true) { $0[0].pow(1.5) },
            OperationCase("clamped", .real([3, 5]), integers: true) { $0[0].clamped(min: 0, max: 2) },
            OperationCase("relu", .real([3, 5]), integers: true) { $0[0].relu() },
            OperationCase("leakyRelu", .real([3, 5]), integers: true) { $0[0].leakyRelu(slope: 0.25) },
            OperationCase("sigmoid", .real([3, 5]), integers: true) { $0[0].sigmoid() },
            OperationCase("gelu", .real([3, 5]), integers: true) { $0[0].gelu() },
            OperationCase("gelu, tanh", .real([3, 5]), integers: true) { $0[0].gelu(approximation: .tanh) },
            OperationCase("relu6", .real([3, 5], -2..<9), integers: true) { $0[0].relu6() },
            OperationCase("hardsigmoid", .real([3, 5], -5..<5), integers: true) { $0[0].hardsigmoid() },
            OperationCase("hardswish", .real([3, 5], -5..<5), integers: true) { $0[0].hardswish() },
            OperationCase("log2", .real([3, 5], 0.5..<2), integers: true) { $0[0].log2() },
            OperationCase("expm1", .real([3, 5]), integers: true) { $0[0].expm1() },
            OperationCase("silu", .real([3, 5]), integers: true) { $0[0].silu() },
            OperationCase("softplus", .real([3, 5]), integers: true) { $0[0].softplus() },
            OperationCase("rounded", .real([3, 5]), integers: true) { $0[0].rounded(to: .bfloat16) },
        ]

    private static let reductions: [OperationCase] =
        [nil, 0, 1, -1].flatMap { axis -> [OperationCase] in
            let note = axis.map { ", \($0)" } ?? ""
            return [
                OperationCase("sum" + note, .real([3, 4, 2]), integers: true) { $0[0].sum(axis: axis) },
                OperationCase("mean" + note, .real([3, 4, 2]), integers: true) { $0[0].mean(axis: axis) },
                OperationCase("product" + note, .real([3, 4, 2], 0.5..<1.5), integers: true) {
                    $0[0].product(axis: axis)
                },
                OperationCase("max" + note, .real([3, 4, 2]), integers: true) { $0[0].max(axis: axis) },
                OperationCase("min" + note, .real([3, 4, 2]), integers: true) { $0[0].min(axis: axis) },
                OperationCase("argmax" + note, .real([3, 4, 2]), integers: true) { $0[0].argmax(axis: axis) },
                OperationCase("argmin" + note, .real([3, 4, 2]), integers: true) { $0[0].argmin(axis: axis) },
                OperationCase("variance" + note, .real([3, 4, 2]), integers: true) { $0[0].variance(axis: axis) },
                OperationCase("standardDeviation" + note, .real([3, 4, 2]), integers: true) {
                    $0[0].standardDeviation(axis: axis, keepDims: true)
                },
                OperationCase("norm" + note, .real([3, 4, 2]), integers: true) { $0[0].norm(axis: axis) },
                OperationCase("norm, 1" + note, .real([3, 4, 2]), integers: true) { $0[0].norm(order: 1, axis: axis) },
                OperationCase("norm, 3" + note, .real([3, 4, 2], 0.5..<1), integers: true) {
                    $0[0].norm(order: 3, axis: axis)
                },
                OperationCase("norm, infinity" + note, .real([3, 4, 2]), integers: true) {
                    $0[0].norm(order: .infinity, axis: axis)
                },
                OperationCase("logSumExp" + note, .real([3, 4, 2]), integers: true) { $0[0].logSumExp(axis: axis) },
                OperationCase("any" + note, .mask([3, 4, 2])) { $0[0].any(axis: axis) },
                OperationCase("all" + note, .real([3, 4, 2]), integers: true) { $0[0].all(axis: axis) },
            ]
        }
        + [0, 1, 2].flatMap { axis -> [OperationCase] in
            [
                OperationCase("softmax, \(axis)", .real([3, 4, 2]), integers: true) { $0[0].softmax(axis: axis) },
                OperationCase("logSoftmax, \(axis)", .real([3, 4, 2]), integers: true) { $0[0].logSoftmax(axis: axis) },
                OperationCase("cumsum, \(axis)", .real([3, 4, 2]), integers: true) { $0[0].cumsum(axis: axis) },
                OperationCase("topK, \(axis)", .real([3, 4, 2]), integers: true) { $0[0].topK(2, axis: axis).values },
                OperationCase("sorted, \(axis)", .real([3, 4, 2]), integers: true) {
                    let (values, indices) = $0[0].sorted(axis: axis, descending: true)
                    return [values, indices]
                },
                OperationCase("argsorted, \(axis)", .real([3, 4, 2]), integers: true) { $0[0].argsorted(axis: axis) },
            ]
        }

    private static let shaping: [OperationCase] = [
        OperationCase("reshaped", .real([3, 4, 2]), integers: true) { $0[0].reshaped([4, -1]) },
        OperationCase("reshaped, as", .real([3, 4]), .real([2, 6]), integers: true) {
            $0[0].reshaped($0[1].shape) * $0[1]
        },
        OperationCase("transposed", .real([3, 4, 2]), integers: true) { $0[0].transposed(0, 2) },
        OperationCase("permuted", .real([3, 4, 2]), integers: true) { $0[0].permuted([1, 2, 0]) },
        OperationCase("squeezed", .real([3, 1, 2]), integers: true) { $0[0].squeezed(axis: 1) },
        OperationCase("unsqueezed", .real([3, 2]), integers: true) { $0[0].unsqueezed(axis: 1) },
        OperationCase("flattened", .real([3, 4, 2]), integers: true) { $0[0].flattened(from: 1) },
        OperationCase("expanded", .real([4, 1]), integers: true) { $0[0].expanded(to: [3, 4, 2]) },
        OperationCase("rolled", .real([3, 4, 2]), integers: true) { $0[0].rolled(by: 1, axis: 1) },
        OperationCase("flipped", .real([3, 4, 2]), integers: true) { $0[0].flipped(axes: [0, 2]) },
        OperationCase("tril", .real([2, 3, 4]), integers: true) { $0[0].tril() },
        OperationCase("triu", .real([2, 3, 4]), integers: true) { $0[0].triu(1) },
        OperationCase("padded", .real([2, 3, 4]), integers: true) { $0[0].padded([(1, 2), (0, 1)], value: 1) },
        OperationCase("padded, reflect", .real([2, 3, 4]), integers: true) {
            $0[0].padded([(1, 2), (2, 1)], mode: .reflect)
        },
        OperationCase("padded, replicate", .real([2, 3, 4]), integers: true) {
            $0[0].padded([(1, 2), (2, 1)], mode: .replicate)
        },
        OperationCase("concatenated", .real([3, 2]), .real([3, 4]), integers: true) { .concatenated($0, axis: 1) },
        OperationCase("stacked", .real([3, 2]), .real([3, 2]), integers: true) { .stacked($0, axis: 1) },
        OperationCase("split", .real([3, 5]), integers: true, several: { $0[0].split(sizes: [2, 3], axis: 1) }),
        OperationCase("chunks", .real([3, 5]), integers: true, several: { $0[0].chunks(2, axis: 1) }),
    ]

    private static let indexing: [OperationCase] = [
        OperationCase("subscript", .real([3, 4, 2]), integers: true) { $0[0][1..., .stride(by: -2), 1] },
        OperationCase("subscript, twice", .real([3, 4, 2]), integers: true) { $0[0][0] * $0[0][2] },
        OperationCase("gather", .real([3, 4]), .index([2, 4], 3), integers: true) {
            $0[0].gather(axis: 0, index: $0[1])
        },
        OperationCase("indexSelect", .real([3, 4, 2]), .index([5], 4), integers: true) {
            $0[0].indexSelect(axis: 1, index: $0[1])
        },
        OperationCase("scatterAdd", .real([3, 4]), .index([2, 4], 3), .real([2, 4]), integers: true) {
            $0[0].scatterAdd(axis: 0, index: $0[1], source: $0[2])
        },
        OperationCase("selected", .real([3, 4, 2]), .mask([3, 4]), integers: true) { $0[0].selected(mask: $0[1]) },
        OperationCase("maskedSelect", .real([3, 4]), .mask([4]), integers: true) { $0[0].maskedSelect($0[1]) },
        OperationCase("oneHot", .index([3, 2], 4)) { $0[0].oneHot(classes: 4) },
        OperationCase("embedding", .real([5, 3]), .index([2, 4], 5), integers: true) { embedding($0[0], $0[1]) },
        OperationCase("embedding, padding", .real([5, 3]), .index([2, 4], 5), integers: true) {
            embedding($0[0], $0[1], paddingIndex: 1)
        },
    ]

    private static let products: [OperationCase] = [
        OperationCase("matmul", .real([3, 4]), .real([4, 5]), integers: true) { $0[0].matmul($0[1]) },
        OperationCase("matmul, large", .real([17, 33]), .real([33, 19]), integers: true) { $0[0].matmul($0[1]) },
        OperationCase("matmul, vectors", .real([4]), .real([4]), integers: true) { $0[0].matmul($0[1]) },
        OperationCase("matmul, vector", .real([2, 3, 4]), .real([4]), integers: true) { $0[0].matmul($0[1]) },
        OperationCase("matmul, batched", .real([2, 1, 3, 4]), .real([3, 4, 2]), integers: true) { $0[0].matmul($0[1]) },
        OperationCase("matmul, shared", .real([2, 3, 4]), .real([4, 2]), integers: true) { $0[0].matmul($0[1]) },
        OperationCase("linear", .real([2, 3, 4]), .real([5, 4]), .real([5])) { $0[0].linear($0[1], $0[2]) },
        OperationCase("linear, fused", .real([3, 4]), .real([5, 4]), .real([5]), .real([3, 5])) {
            $0[0].linear($0[1], $0[2], then: .gelu, adding: $0[3])
        },
        OperationCase("scaledDotProductAttention", .real([2, 3, 4, 6]), .real([2, 3, 5, 6]), .real([2, 3, 5, 4])) {
            .scaledDotProductAttention($0[0], $0[1], $0[2])
        },
        OperationCase(
            "scaledDotProductAttention, mask", .real([2, 4, 6]), .real([2, 5, 6]), .real([2, 5, 4]), .real([4, 5])
        ) { .scaledDotProductAttention($0[0], $0[1], $0[2], mask: $0[3], causal: true) },
    ]

    private static let layers: [OperationCase] =
        [1, 2].flatMap { items -> [OperationCase] in
            let note = ", \(items)"
            let image = Input.real([items, 4, 6, 5])
            let sequence = Input.real([items, 4, 7])
            return [
                OperationCase("conv2d" + note, image, .real([6, 2, 3, 3]), .real([6])) {
                    $0[0].conv2d($0[1], bias: $0[2], stride: 2, padding: 1, groups: 2)
                },
                OperationCase("conv1d" + note, sequence, .real([3, 4, 3]), .real([3])) {
                    $0[0].conv1d($0[1], bias: $0[2], padding: 1)
                },
                OperationCase("convTranspose2d" + note, image, .real([4, 3, 3, 3]), .real([3])) {
                    $0[0].convTranspose2d($0[1], bias: $0[2], stride: 2)
                },
                OperationCase("maxPool2d" + note, image) { $0[0].maxPool2d(kernelSize: 3, stride: 2, padding: 1) },
                OperationCase("avgPool2d" + note, image) { $0[0].avgPool2d(kernelSize: 2) },
                OperationCase("adaptiveAvgPool2d" + note, image) { $0[0].adaptiveAvgPool2d([3, 2]) },
                OperationCase("adaptiveMaxPool2d" + note, image) { $0[0].adaptiveMaxPool2d([3, 2]) },
                OperationCase("maxPool1d" + note, sequence) { $0[0].maxPool1d(kernelSize: 3, stride: 2, padding: 1) },
                OperationCase("avgPool1d" + note, sequence) { $0[0].avgPool1d(kernelSize: 2) },
                OperationCase("adaptiveAvgPool1d" + note, sequence) { $0[0].adaptiveAvgPool1d(3) },
                OperationCase("adaptiveMaxPool1d" + note, sequence) { $0[0].adaptiveMaxPool1d(3) },
                OperationCase("batchNorm" + note, image, .real([4]), .real([4])) {
                    $0[0].batchNorm(weight: $0[1], bias: $0[2]).output
                },
                OperationCase("batchNorm, fused" + note, image, .real([4]), .real([4]), image) {
                    $0[0].batchNorm(weight: $0[1], bias: $0[2], then: .relu, adding: $0[3]).output
                },
                OperationCase("batchNorm, evaluation" + note, sequence, .real([4], 0.5..<1), .real([4])) {
                    $0[0].batchNorm(
                        mean: .zeros([4]), variance: .ones([4]), weight: $0[1], bias: $0[2], then: .gelu)
                },
                OperationCase("groupNorm" + note, image, .real([4]), .real([4])) {
                    $0[0].groupNorm(groups: 2, weight: $0[1], bias: $0[2])
                },
                OperationCase("instanceNorm" + note, sequence, .real([4]), .real([4])) {
                    $0[0].instanceNorm(weight: $0[1], bias: $0[2])
                },
                OperationCase("rmsNorm" + note, sequence, .real([4, 7])) {
                    $0[0].rmsNorm(normalizedShape: [4, 7], weight: $0[1], epsilon: 1e-5)
                },
                OperationCase("layerNorm" + note, sequence, .real([4, 7]), .real([4, 7])) {
                    $0[0].layerNorm(normalizedShape: [4, 7], weight: $0[1], bias: $0[2])
                },
            ]
        }
        + [(true, false), (true, true), (false, false)].flatMap { batchFirst, reverse -> [OperationCase] in
            let note = ", \(batchFirst) \(reverse)"
            let x = Input.real([3, 4, 5])
            let state = Input.real([batchFirst ? 3 : 4, 2])
            return [
                OperationCase(
                    "lstm" + note, x, .real([8, 5]), .real([8, 2]), .real([8]), .real([8]), state, state,
                    several: {
                        let y = $0[0].lstm(
                            hidden: $0[5], cell: $0[6], inputWeight: $0[1], hiddenWeight: $0[2], inputBias: $0[3],
                            hiddenBias: $0[4], batchFirst: batchFirst, reverse: reverse)
                        return [y.output * y.hidden.sum() + y.cell.sum()]
                    }),
                OperationCase("lstm, output" + note, x, .real([8, 5]), .real([8, 2])) {
                    $0[0].lstm(inputWeight: $0[1], hiddenWeight: $0[2], batchFirst: batchFirst, reverse: reverse).output
                },
                OperationCase("gru" + note, x, .real([6, 5]), .real([6, 2]), .real([6]), .real([6]), state) {
                    $0[0].gru(
                        hidden: $0[5], inputWeight: $0[1], hiddenWeight: $0[2], inputBias: $0[3], hiddenBias: $0[4],
                        batchFirst: batchFirst, reverse: reverse
                    ).output
                },
            ]
        }
        + [
            OperationCase("lstm, one", .real([1, 4, 5]), .real([8, 5]), .real([8, 2])) {
                $0[0].lstm(inputWeight: $0[1], hiddenWeight: $0[2]).output
            },
            OperationCase("lstm, there and back", .real([2, 4, 5]), .real([8, 5]), .real([8, 2])) {
                let forward = $0[0].lstm(inputWeight: $0[1], hiddenWeight: $0[2]).output
                let back = $0[0].flipped(axes: [1]).lstm(inputWeight: $0[1], hiddenWeight: $0[2]).output
                return .concatenated([forward, back.flipped(axes: [1])], axis: 2)
            },
        ]

    private static let losses: [OperationCase] = [Reduction.mean, .none].flatMap { reduction -> [OperationCase] in
        let note = ", \(reduction)"
        return [
            OperationCase("mseLoss" + note, .real([3, 4]), .real([3, 4])) {
                mseLoss($0[0], $0[1], reduction: reduction)
            },
            OperationCase("l1Loss" + note, .real([3, 4]), .real([4])) { l1Loss($0[0], $0[1], reduction: reduction) },
            OperationCase("smoothL1Loss" + note, .real([3, 4]), .real([3, 4])) {
                smoothL1Loss($0[0], $0[1], reduction: reduction)
            },
            OperationCase("huberLoss" + note, .real([3, 4]), .real([3, 4])) {
                huberLoss($0[0], $0[1], delta: 0.5, reduction: reduction)
            },
            OperationCase("bceLoss" + note, .real([3, 4], 0.25..<0.75), .real([3, 4], 0..<1)) {
                bceLoss($0[0], $0[1], reduction: reduction)
            },
            OperationCase("bceWithLogits" + note, .real([3, 4]), .real([3, 4], 0..<1)) {
                bceWithLogits($0[0], $0[1], reduction: reduction)
            },
            OperationCase("crossEntropy" + note, .real([5, 4]), .index([5], 4)) {
                crossEntropy($0[0], $0[1], reduction: reduction, labelSmoothing: 0.25)
            },
            OperationCase("crossEntropy, images" + note, .real([2, 4, 3, 2]), .index([2, 3, 2], 4)) {
                crossEntropy($0[0], $0[1], reduction: reduction)
            },
            OperationCase("crossEntropy, probabilities" + note, .real([2, 4, 3]), .real([2, 4, 3], 0..<1)) {
                crossEntropy($0[0], $0[1], reduction: reduction, labelSmoothing: 0.25)
            },
            OperationCase("nllLoss" + note, .real([5, 4], -2 ..< -0.5), .index([5], 4)) {
                nllLoss($0[0], $0[1], reduction: reduction)
            },
        ]
    }
}
