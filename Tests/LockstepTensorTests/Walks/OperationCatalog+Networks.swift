// SPDX-License-Identifier: Apache-2.0
// The operations that known networks use besides: repeating, writing by index, resampling, einsum.

import LockstepTensor

extension OperationCase {
    static let networks = repeating + writing + resampling + contractions

    private static let repeating: [OperationCase] = [
        OperationCase("repeatInterleaved", .real([3, 4, 2]), integers: true) { $0[0].repeatInterleaved(2, axis: 1) },
        OperationCase("repeatInterleaved, flat", .real([3, 2]), integers: true) { $0[0].repeatInterleaved(3) },
        OperationCase("repeatInterleaved, counts", .real([3, 4]), .index([4], 3), integers: true) {
            $0[0].repeatInterleaved($0[1], axis: 1)
        },
        OperationCase("repeated", .real([3, 4]), integers: true) { $0[0].repeated([2, 1, 3]) },
        OperationCase("tiled", .real([3, 1, 2]), integers: true) { $0[0].tiled([2, 3]) },
        OperationCase("unbind", .real([3, 4]), integers: true, several: { $0[0].unbind(axis: 1) }),
        OperationCase("meshgrid", .real([3]), .real([2]), integers: true, several: { Tensor.meshgrid($0) }),
        OperationCase("windows", .real([3, 5, 2]), integers: true) { $0[0].windows(axis: 1, size: 3) },
        OperationCase("glu", .real([3, 4, 2]), integers: true) { $0[0].glu(axis: 1) },
        OperationCase("normalized", .real([3, 4, 2]), integers: true) { $0[0].normalized() },
        OperationCase("pixelShuffle", .real([2, 8, 3, 2]), integers: true) { $0[0].pixelShuffle(2) },
        OperationCase("pixelUnshuffle", .real([2, 3, 4, 2]), integers: true) { $0[0].pixelUnshuffle(2) },
        OperationCase("floorDivided", .real([3, 4], -9..<9), .real([4], 1..<2), integers: true) {
            $0[0].floorDivided(by: $0[1])
        },
        OperationCase("floorDivided, number", .real([3, 4], -9..<9), integers: true) { $0[0].floorDivided(by: 2) },
        OperationCase("remainder", .real([3, 4], -9..<9), .real([4], 1..<2), integers: true) {
            $0[0].remainder(by: $0[1])
        },
        OperationCase("remainder, number", .real([3, 4], -9..<9), integers: true) { $0[0].remainder(by: 2) },
    ]

    private static let writing: [OperationCase] = [
        OperationCase("nonzero", .mask([3, 4, 2])) { $0[0].nonzero() },
        OperationCase("scatter", .real([3, 4]), .index([3, 2], 4), .real([3, 2]), integers: true) {
            $0[0].scatter(axis: 1, index: $0[1].cumsum(axis: 1).clamped(max: 3), source: $0[2])
        },
        OperationCase("scatter, value", .real([3, 4]), .index([2, 4], 3), integers: true) {
            $0[0].scatter(axis: 0, index: $0[1], value: 1)
        },
        OperationCase("indexAdd", .real([3, 4, 2]), .index([5], 4), .real([3, 5, 2]), integers: true) {
            $0[0].indexAdd(axis: 1, index: $0[1], source: $0[2])
        },
        OperationCase("maskedScatter", .real([3, 4]), .mask([3, 4]), .real([3, 5]), integers: true) {
            $0[0].maskedScatter($0[1], source: $0[2])
        },
        OperationCase("subscript, tensor", .real([3, 4, 2]), .index([2, 3], 3), integers: true) { $0[0][$0[1]] },
        OperationCase("subscript, tensors", .real([3, 4, 2]), .index([2, 3], 3), .index([3], 4), integers: true) {
            $0[0][$0[1], $0[2]]
        },
        OperationCase("subscript, mask", .real([3, 4, 2]), .mask([3, 4]), integers: true) { $0[0][$0[1]] },
    ]

    private static let resampling: [OperationCase] =
        [InterpolationMode.nearest, .nearestExact, .bilinear, .bicubic, .area].map { mode in
            OperationCase("interpolated, \(mode)", .real([2, 3, 5, 4])) { $0[0].interpolated(to: [7, 3], mode: mode) }
        } + [
            OperationCase("interpolated, linear", .real([1, 3, 5])) { $0[0].interpolated(scale: 1.6, mode: .linear) },
            OperationCase("gridSample", .real([2, 3, 4, 5]), .real([2, 2, 3, 2])) { $0[0].gridSample($0[1]) },
            OperationCase("gridSample, reflection", .real([2, 3, 4, 5]), .real([2, 2, 3, 2], -2..<2)) {
                $0[0].gridSample($0[1], padding: .reflection)
            },
            OperationCase("gridSample, nearest", .real([2, 3, 4, 5]), .real([2, 2, 3, 2], -2..<2)) {
                $0[0].gridSample($0[1], mode: .nearest, padding: .border)
            },
            OperationCase("unfolded", .real([2, 3, 5, 4]), integers: true) {
                $0[0].unfolded(kernelSize: [2, 3], stride: 2, padding: 1)
            },
            OperationCase("folded", .real([2, 12, 6])) { $0[0].folded(to: [3, 4], kernelSize: 2) },
            OperationCase("convTranspose1d", .real([2, 4, 5]), .real([4, 3, 3]), .real([3])) {
                $0[0].convTranspose1d($0[1], bias: $0[2], stride: 2)
            },
            OperationCase("conv3d", .real([2, 4, 3, 5, 4]), .real([6, 2, 2, 3, 2]), .real([6])) {
                $0[0].conv3d($0[1], bias: $0[2], stride: [1, 2, 1], padding: [1], groups: 2)
            },
        ]

    private static let contractions: [OperationCase] = [
        OperationCase("einsum", .real([2, 3, 4]), .real([2, 4, 5])) { .einsum("bij,bjk->kb", $0) },
        OperationCase("einsum, diagonal", .real([3, 3])) { .einsum("ii->i", $0) },
        OperationCase("einsum, three", .real([2, 3]), .real([3, 3]), .real([2, 3])) { .einsum("bi,ij,bj->b", $0) },
        OperationCase("weightNorm", .real([3, 2, 4]), .real([3], 0.5..<1.5)) { Tensor.weightNorm($0[0], $0[1]) },
        OperationCase(
            "scaledDotProductAttention, grouped", .real([2, 6, 3, 4]), .real([2, 2, 5, 4]), .real([2, 2, 5, 3])
        ) { .scaledDotProductAttention($0[0], $0[1], $0[2], groupedQueries: true) },
    ]
}
