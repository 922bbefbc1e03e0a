// SPDX-License-Identifier: Apache-2.0
// What layers without windows put out: containers, activations, affine maps, tables, normalisation.

import LockstepTensor

extension Sequential: UnaryOutlining {
    package func outline(of x: Outline, in trial: OutlineTrial) throws(ModelMismatch) -> Outline {
        var y = x
        for layer in layers { y = try trial.output(layer, y) }
        return y
    }
}

extension Residual: UnaryOutlining {
    package func outline(of x: Outline, in trial: OutlineTrial) throws(ModelMismatch) -> Outline {
        let y = try trial.output(layers, x)
        var around = x
        if let shortcut { around = try trial.output(shortcut, x) }
        try insist(
            around.fits(y), "Residual: the layers turn \(x) into \(y), the shortcut into \(around); both must be equal")
        return try trial.made(y.axes == nil ? around.real : y.real, by: self)
    }
}

extension Identity: UnaryOutlining {
    package func outline(of x: Outline, in trial: OutlineTrial) -> Outline { x }
}

/// Drops by item while training. A layer that does says so in its own file.
protocol DroppingLayer: UnaryOutlining {
    var p: Double { get }
}

extension DroppingLayer {
    package func outline(of x: Outline, in trial: OutlineTrial) throws(ModelMismatch) -> Outline {
        try insist(
            !isTraining || p == 0 || x.kind == nil || x.kind == .real && x.rank != 0,
            "\(label): needs real numbers with an axis of items, not \(x)")
        return try trial.made(x, by: self)
    }
}

extension Dropout: DroppingLayer {}
extension DropPath: DroppingLayer {}

extension Dropout2d: UnaryOutlining {
    package func outline(of x: Outline, in trial: OutlineTrial) throws(ModelMismatch) -> Outline {
        try insist(
            x.rank ?? 4 == 4 && (!isTraining || p == 0 || x.kind ?? .real == .real),
            "\(label): needs real numbers [N, C, H, W], not \(x)")
        return try trial.made(x.axes == nil ? Outline([nil, nil, nil, nil], kind: x.kind) : x, by: self)
    }
}

/// A function of each element by itself, which gives real numbers. A layer that is one says so in its own file.
protocol ElementwiseLayer: UnaryOutlining {}

extension ElementwiseLayer {
    package func outline(of x: Outline, in trial: OutlineTrial) throws(ModelMismatch) -> Outline {
        try insist(x.kind != .bool, "\(label): needs numbers, not truth values \(x)")
        return try trial.made(x.real, by: self)
    }
}

extension ReLU: ElementwiseLayer {}
extension LeakyReLU: ElementwiseLayer {}
extension GELU: ElementwiseLayer {}
extension SiLU: ElementwiseLayer {}
extension ReLU6: ElementwiseLayer {}
extension Hardsigmoid: ElementwiseLayer {}
extension Hardswish: ElementwiseLayer {}
extension Sigmoid: ElementwiseLayer {}
extension Tanh: ElementwiseLayer {}
extension Softplus: ElementwiseLayer {}

/// A function along one axis, which gives real numbers. A layer that is one says so in its own file.
protocol AxisLayer: UnaryOutlining {
    var axis: Int { get }
}

extension AxisLayer {
    package func outline(of x: Outline, in trial: OutlineTrial) throws(ModelMismatch) -> Outline {
        try insist(x.has(axis: axis), "\(label): axis \(axis) does not exist in \(x)")
        return try trial.made(x.real, by: self)
    }
}

extension Softmax: AxisLayer {}
extension LogSoftmax: AxisLayer {}

extension Flatten: UnaryOutlining {
    package func outline(of x: Outline, in trial: OutlineTrial) throws(ModelMismatch) -> Outline {
        try insist(
            x.rank == 0 || x.has(axis: from) && x.has(axis: to), "\(label): axes \(from) to \(to) do not exist in \(x)")
        guard let axes = x.axes else { return Outline(nil, kind: x.kind, values: x.values) }
        if axes.isEmpty { return Outline([1], kind: x.kind, values: x.values) }
        let (low, high) = (from < 0 ? from + axes.count : from, to < 0 ? to + axes.count : to)
        try insist(low <= high, "\(label): axis \(from) comes after axis \(to) in \(x)")
        let joined = Outline(Array(axes[low...high]))
        try insist(joined.leastCount != nil, "\(label): \(x) has more elements than a computer can count")
        return try trial.made(
            Outline(axes[..<low] + [joined.count] + axes[(high + 1)...], kind: x.kind, values: x.values), by: self)
    }
}

extension Linear: UnaryOutlining {
    package func outline(of x: Outline, in trial: OutlineTrial) throws(ModelMismatch) -> Outline {
        try insist(
            x.rank != 0 && x[-1] ?? inputs == inputs, "\(label): an input of shape \(x) does not end in \(inputs)")
        return try trial.made(x.ending(in: outputs), by: self, work: Double(inputs))
    }
}

extension Embedding: UnaryOutlining {
    package func outline(of x: Outline, in trial: OutlineTrial) throws(ModelMismatch) -> Outline {
        try insist(x.kind == nil || x.kind == .integer, "\(label): needs integers, not real numbers \(x)")
        if let values = x.values {
            let worst = values.lowerBound < 0 ? values.lowerBound : values.upperBound
            try insist(
                (0..<count).contains(worst),
                "\(label): \(worst) is none of its \(count) rows, which are 0 to \(count - 1)")
        }
        let result = x.axes.map { Outline($0 + [width], kind: .real) } ?? Outline.unknown.ending(in: width)
        return try trial.made(result, by: self)
    }
}

// MARK: - Normalisation

extension BatchNorm: UnaryOutlining {
    package func outline(of x: Outline, in trial: OutlineTrial) throws(ModelMismatch) -> Outline {
        try insist(
            (x.kind ?? .real) == .real && accepted.ranks.contains(x.rank ?? accepted.ranks.lowerBound)
                && x[1] ?? channels == channels, "\(label): needs an input \(accepted.form), not \(x)")
        guard x.axes == nil, accepted.ranks.count == 1 else { return try trial.made(x.real, by: self) }
        return Outline([nil, channels] + Array(repeating: nil, count: accepted.ranks.lowerBound - 2), kind: .real)
    }
}

extension InstanceNorm2d: UnaryOutlining {
    package func outline(of x: Outline, in trial: OutlineTrial) throws(ModelMismatch) -> Outline {
        try insist(
            (x.kind ?? .real) == .real && x.rank ?? 4 == 4 && x[1] ?? channels == channels,
            "\(label): needs an input [N, \(channels), H, W], not \(x)")
        let usesOwn = isTraining || runningMean == nil
        try insist(
            !usesOwn || x[2] != 1 || x[3] != 1, "\(label): one value per channel and sample has no variance: \(x)")
        return try trial.made(x.axes == nil ? Outline([nil, channels, nil, nil], kind: .real) : x.real, by: self)
    }
}

extension GroupNorm: UnaryOutlining {
    package func outline(of x: Outline, in trial: OutlineTrial) throws(ModelMismatch) -> Outline {
        try insist(
            (x.kind ?? .real) == .real && (2...5).contains(x.rank ?? 2) && x[1] ?? channels == channels,
            "\(label): needs an input [N, \(channels), …], not \(x)")
        return try trial.made(x.real, by: self)
    }
}

extension LayerNorm2d: UnaryOutlining {
    package func outline(of x: Outline, in trial: OutlineTrial) throws(ModelMismatch) -> Outline {
        try insist(
            (x.kind ?? .real) == .real && x.rank ?? 4 == 4 && x[1] ?? channels == channels,
            "\(label): needs an input [N, \(channels), H, W], not \(x)")
        return try trial.made(x.axes == nil ? Outline([nil, channels, nil, nil], kind: .real) : x.real, by: self)
    }
}

/// Normalises over the last axes. A layer that does says so in its own file.
protocol LastAxesNorm: UnaryOutlining {
    var normalizedShape: Shape { get }
}

extension LayerNorm: LastAxesNorm {}
extension RMSNorm: LastAxesNorm {}

extension LastAxesNorm {
    package func outline(of x: Outline, in trial: OutlineTrial) throws(ModelMismatch) -> Outline {
        let sizes = normalizedShape.dimensions
        let isReal = (x.kind ?? .real) == .real && x.rank ?? sizes.count >= sizes.count
        try insist(
            isReal && sizes.enumerated().allSatisfy { x[$0 - sizes.count] ?? $1 == $1 },
            "\(label): \(sizes) are not the last axes of real numbers \(x)")
        return try trial.made(x.axes == nil ? Outline.unknown.ending(in: sizes.last ?? 1) : x.real, by: self)
    }
}
