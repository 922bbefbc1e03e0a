// SPDX-License-Identifier: Apache-2.0
// What blocks of layers, larger images and models of users and items put out.

import LockstepTensor

/// Layers one after another under one name.
private protocol Block: UnaryOutlining {
    var layers: Sequential { get }
}

extension Block {
    package func outline(of x: Outline, in trial: OutlineTrial) throws(ModelMismatch) -> Outline {
        try trial.output(layers, x)
    }
}

extension ConvLayer: Block {}
extension LinBnDrop: Block {}
extension SimpleCNN: Block {}

extension SigmoidRange: ElementwiseLayer {}

extension GLU: UnaryOutlining {
    package func outline(of x: Outline, in trial: OutlineTrial) throws(ModelMismatch) -> Outline {
        try insist(
            x.kind != .bool && x.has(axis: axis) && (x[axis] ?? 0) % 2 == 0,
            "\(label): axis \(axis) of \(x) has no two halves")
        guard var axes = x.axes else { return .unknown }
        let place = axis < 0 ? axis + axes.count : axis
        axes[place] = axes[place].map { $0 / 2 }
        return try trial.made(Outline(axes, kind: .real), by: self)
    }
}

extension Upsample: UnaryOutlining {
    package func outline(of x: Outline, in trial: OutlineTrial) throws(ModelMismatch) -> Outline {
        try insist(
            x.kind ?? .real == .real && mode.ranks.contains(x.rank ?? mode.ranks.lowerBound),
            "\(label): needs real numbers [N, C, H, W] or [N, C, L], not \(x)")
        guard let axes = x.axes else { return .unknown }
        var outputs = Array(axes.prefix(2))
        for size in axes.dropFirst(2) {
            guard let size else {
                outputs.append(nil)
                continue
            }
            let output = (Double(size) * scale).rounded(.down)
            try insist(output >= 1 && output < 1e9, "\(label): cannot make \(output) outputs of \(x)")
            outputs.append(Int(output))
        }
        return try trial.made(Outline(outputs, kind: .real), by: self, work: 16)
    }
}

extension PixelShuffle: UnaryOutlining {
    package func outline(of x: Outline, in trial: OutlineTrial) throws(ModelMismatch) -> Outline {
        let block = factor * factor
        try insist(
            x.rank ?? 4 == 4 && (x[1] ?? 0) % block == 0, "\(label): needs an input [N, C·\(block), H, W], not \(x)")
        try insist(
            [x[2], x[3]].allSatisfy { $0 ?? 0 <= Int(Int32.max) }, "\(label): \(x) is too large")
        let outputs = [x[0], x[1].map { $0 / block }, x[2].map { $0 * factor }, x[3].map { $0 * factor }]
        return try trial.made(Outline(outputs, kind: x.kind), by: self)
    }
}

extension EmbeddingDotBias: UnaryOutlining {
    package func outline(of x: Outline, in trial: OutlineTrial) throws(ModelMismatch) -> Outline {
        try insist(
            x.kind ?? .integer == .integer && x.rank ?? 2 == 2 && x[1] ?? 2 == 2,
            "\(label): needs integers [N, 2], user and item, not \(x)")
        if let values = x.values {
            let worst = values.lowerBound < 0 ? values.lowerBound : values.upperBound
            try insist(
                (0..<max(users, items)).contains(worst), "\(label): \(worst) is none of its users or items")
        }
        _ = try trial.made(Outline([x[0], factors], kind: .real), by: self)
        return try trial.made(Outline([x[0]], kind: .real), by: self)
    }
}
