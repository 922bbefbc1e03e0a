// SPDX-License-Identifier: Apache-2.0
// How the losses of LockstepNN are described and made again.

import LockstepNN
import LockstepTensor

extension ExportRegistry.Entry {
    /// Every loss of the package but functions.
    static let losses: [Entry] = classLosses + smoothLosses + realLosses

    private static let classLosses: [Entry] = [
        Entry(CrossEntropyFlat.self) {
            [
                "axis": $0.axis, "weight": $0.weight.map(ExportTensor.init), "ignoreIndex": $0.ignoreIndex,
                "reduction": "\($0.reduction)",
            ]
        } _: {
            CrossEntropyFlat(
                axis: try $0("axis"), weight: try $0.tensor("weight"), ignoreIndex: try $0("ignoreIndex"),
                reduction: try $0.reduction())
        },
        Entry(FocalFlat.self) {
            [
                "gamma": $0.gamma, "weight": $0.weight.map(ExportTensor.init), "axis": $0.axis,
                "reduction": "\($0.reduction)",
            ]
        } _: {
            FocalFlat(
                gamma: try $0("gamma"), weight: try $0.tensor("weight"), axis: try $0("axis"),
                reduction: try $0.reduction())
        },
        Entry(DiceLoss.self) {
            [
                "axis": $0.axis, "smooth": $0.smooth, "squaresInUnion": $0.squaresInUnion,
                "reduction": "\($0.reduction)",
            ]
        } _: {
            DiceLoss(
                axis: try $0("axis"), smooth: try $0("smooth"), reduction: try $0.reduction(),
                squaresInUnion: try $0("squaresInUnion"))
        },
    ]

    private static let smoothLosses: [Entry] = [
        Entry(LabelSmoothingCrossEntropy.self) {
            ["eps": $0.eps, "weight": $0.weight.map(ExportTensor.init), "reduction": "\($0.reduction)"]
        } _: {
            LabelSmoothingCrossEntropy(
                eps: try $0("eps"), weight: try $0.tensor("weight"), reduction: try $0.reduction())
        },
        Entry(LabelSmoothingCrossEntropyFlat.self) {
            [
                "eps": $0.eps, "axis": $0.axis, "weight": $0.weight.map(ExportTensor.init),
                "reduction": "\($0.reduction)",
            ]
        } _: {
            LabelSmoothingCrossEntropyFlat(
                axis: try $0("axis"), eps: try $0("eps"), weight: try $0.tensor("weight"),
                reduction: try $0.reduction())
        },
    ]

    private static let realLosses: [Entry] = [
        Entry(MSEFlat.self) {
            ["convertsTarget": $0.flattening.convertsTarget, "reduction": "\($0.reduction)"]
        } _: {
            MSEFlat(reduction: try $0.reduction(), convertsTarget: try $0("convertsTarget"))
        },
        Entry(L1Flat.self) {
            ["convertsTarget": $0.flattening.convertsTarget, "reduction": "\($0.reduction)"]
        } _: {
            L1Flat(reduction: try $0.reduction(), convertsTarget: try $0("convertsTarget"))
        },
        Entry(BCEFlat.self) {
            ["reduction": "\($0.reduction)"]
        } _: {
            BCEFlat(reduction: try $0.reduction())
        },
        Entry(BCEWithLogitsFlat.self) {
            [
                "threshold": $0.threshold, "weight": $0.weight.map(ExportTensor.init),
                "positiveWeight": $0.positiveWeight.map(ExportTensor.init), "flattens": $0.flattening.flattens,
                "convertsTarget": $0.flattening.convertsTarget, "reduction": "\($0.reduction)",
            ]
        } _: { fields in
            let (positive, flattens): (Tensor?, Bool) = (try fields.tensor("positiveWeight"), try fields("flattens"))
            try fields.check(positive == nil || !flattens, "positiveWeight needs flattens to be false")
            return BCEWithLogitsFlat(
                threshold: try fields("threshold"), weight: try fields.tensor("weight"), positiveWeight: positive,
                flattens: flattens, convertsTarget: try fields("convertsTarget"), reduction: try fields.reduction())
        },
    ]
}
