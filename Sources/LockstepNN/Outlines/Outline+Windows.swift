// SPDX-License-Identifier: Apache-2.0
// What convolutions and poolings put out.

import LockstepTensor

/// How far sizes of windows may go, so that nothing worked out from them overflows.
private let largestSize = 1 << 24

/// Along one axis: the outputs of windows over `size` elements; nil when `size` is not known.
private struct WindowSize {
    let kernel: Int
    var stride = 1
    var before = 0
    var behind = 0
    var dilation = 1
    var ceilMode = false

    /// - Throws: when the window is impossible, or does not fit.
    func outputs(_ size: Int?, _ module: Module, _ x: Outline) throws(ModelMismatch) -> Int? {
        try insist(
            [kernel, stride, dilation].allSatisfy { (1...largestSize).contains($0) }
                && [before, behind].allSatisfy { (0...largestSize).contains($0) } && size ?? 0 <= Int(Int32.max),
            "\(module.label): its windows have no possible sizes for \(x)")
        guard let size else { return nil }
        let room = size + before + behind - dilation * (kernel - 1) - 1
        try insist(room >= 0, "\(module.label): the window does not fit into the padded input \(x)")
        guard ceilMode else { return room / stride + 1 }
        let count = (room + stride - 1) / stride + 1
        return (count - 1) * stride >= size + before ? count - 1 : count
    }
}

/// An input [N, C, …] of `rank` axes, `channels` of them where that is fixed.
private func image(
    _ x: Outline, rank: Int, channels: Int?, of module: Module
) throws(ModelMismatch) -> (items: Int?, channels: Int?, sizes: [Int?]) {
    try insist(
        x.rank ?? rank == rank && (channels == nil || x[1] == nil || x[1] == channels),
        "\(module.label): needs an input [N, \(channels.map(String.init) ?? "C"), \(rank == 5 ? "D, H, W" : rank == 4 ? "H, W" : "L")], not \(x)"
    )
    return (x[0], channels ?? x[1], (2..<rank).map { x[$0] })
}

// MARK: - Convolutions

extension Padding {
    /// The padding before and behind, along height and width.
    fileprivate func amounts(kernel: [Int], dilation: [Int], stride: [Int]) -> [(before: Int, behind: Int)]? {
        switch self {
        case .zeros(let pair): return [pair.height, pair.width].suffix(kernel.count).map { ($0, $0) }
        case .same:
            guard stride.allSatisfy({ $0 == 1 }) else { return nil }
            return zip(kernel, dilation).map { kernel, dilation in
                let reach = min(dilation, largestSize) * (min(kernel, largestSize) - 1)
                return (reach / 2, reach - reach / 2)
            }
        }
    }
}

private func convolved(
    _ x: Outline, by module: Module, weight: Shape, stride: [Int], padding: Padding, dilation: [Int], groups: Int,
    in trial: OutlineTrial
) throws(ModelMismatch) -> Outline {
    let (items, _, sizes) = try image(x, rank: weight.rank, channels: weight[1] * groups, of: module)
    let kernel = Array(weight.dimensions.dropFirst(2))
    guard let amounts = padding.amounts(kernel: kernel, dilation: dilation, stride: stride) else {
        throw ModelMismatch("\(module.label): padding .same needs stride 1")
    }
    var outputs: [Int?] = [items, weight[0]]
    for axis in kernel.indices {
        let window = WindowSize(
            kernel: kernel[axis], stride: stride[axis], before: amounts[axis].before, behind: amounts[axis].behind,
            dilation: dilation[axis])
        outputs.append(try window.outputs(sizes[axis], module, x))
    }
    return try trial.made(
        Outline(outputs, kind: .real), by: module, work: Double(weight.elementCount) / Double(max(weight[0], 1)))
}

extension Conv2d: UnaryOutlining {
    package func outline(of x: Outline, in trial: OutlineTrial) throws(ModelMismatch) -> Outline {
        try convolved(
            x, by: self, weight: $weight.value.shape, stride: [stride.height, stride.width], padding: padding,
            dilation: [dilation.height, dilation.width], groups: groups, in: trial)
    }
}

extension Conv1d: UnaryOutlining {
    package func outline(of x: Outline, in trial: OutlineTrial) throws(ModelMismatch) -> Outline {
        try convolved(
            x, by: self, weight: $weight.value.shape, stride: [stride], padding: padding, dilation: [dilation],
            groups: groups, in: trial)
    }
}

extension Conv3d: UnaryOutlining {
    package func outline(of x: Outline, in trial: OutlineTrial) throws(ModelMismatch) -> Outline {
        let weight = $weight.value.shape
        let (items, _, sizes) = try image(x, rank: 5, channels: weight[1] * groups, of: self)
        var outputs: [Int?] = [items, weight[0]]
        for axis in 0..<3 {
            let window = WindowSize(
                kernel: weight[axis + 2], stride: stride[axis], before: padding[axis], behind: padding[axis],
                dilation: dilation[axis])
            outputs.append(try window.outputs(sizes[axis], self, x))
        }
        return try trial.made(
            Outline(outputs, kind: .real), by: self, work: Double(weight.elementCount) / Double(max(weight[0], 1)))
    }
}

extension ConvTranspose1d: UnaryOutlining {
    package func outline(of x: Outline, in trial: OutlineTrial) throws(ModelMismatch) -> Outline {
        let weight = $weight.value.shape
        let (items, _, sizes) = try image(x, rank: 3, channels: weight[0], of: self)
        try insist(
            [weight[2], stride, dilation].allSatisfy { (1...largestSize).contains($0) }
                && (0...largestSize).contains(padding) && outputPadding >= 0 && outputPadding < max(stride, dilation)
                && sizes[0] ?? 0 <= Int(Int32.max), "\(label): its windows have no possible sizes for \(x)")
        let output = sizes[0].map { ($0 - 1) * stride - 2 * padding + dilation * (weight[2] - 1) + outputPadding + 1 }
        try insist(output ?? 1 > 0, "\(label): would put out nothing of \(x)")
        return try trial.made(
            Outline([items, weight[1] * groups, output], kind: .real), by: self,
            work: Double(weight.elementCount) / Double(max(weight[1], 1)))
    }
}

extension ConvTranspose2d: UnaryOutlining {
    package func outline(of x: Outline, in trial: OutlineTrial) throws(ModelMismatch) -> Outline {
        let weight = $weight.value.shape
        let (items, _, sizes) = try image(x, rank: 4, channels: weight[0], of: self)
        var outputs: [Int?] = [items, weight[1] * groups]
        let axes = [
            (weight[2], stride.height, padding.height, outputPadding.height, dilation.height),
            (weight[3], stride.width, padding.width, outputPadding.width, dilation.width),
        ]
        for (size, (kernel, stride, padding, extra, dilation)) in zip(sizes, axes) {
            try insist(
                [kernel, stride, dilation].allSatisfy { (1...largestSize).contains($0) }
                    && (0...largestSize).contains(padding) && extra >= 0 && extra < max(stride, dilation)
                    && size ?? 0 <= Int(Int32.max), "\(label): its windows have no possible sizes for \(x)")
            let output = size.map { ($0 - 1) * stride - 2 * padding + dilation * (kernel - 1) + extra + 1 }
            try insist(output ?? 1 > 0, "\(label): would put out nothing of \(x)")
            outputs.append(output)
        }
        return try trial.made(
            Outline(outputs, kind: .real), by: self, work: Double(weight.elementCount) / Double(max(weight[1], 1)))
    }
}

// MARK: - Pooling

private func pooled(
    _ x: Outline, by module: Module, _ windows: [WindowSize], in trial: OutlineTrial
) throws(ModelMismatch) -> Outline {
    try insist(x.kind ?? .real == .real, "\(module.label): needs real numbers, not \(x)")
    let (items, channels, sizes) = try image(x, rank: windows.count + 2, channels: nil, of: module)
    var outputs = [items, channels]
    for (size, window) in zip(sizes, windows) {
        try insist(
            window.before <= window.kernel / 2,
            "\(module.label): a padding of \(window.before) is more than half of its window")
        outputs.append(try window.outputs(size, module, x))
    }
    let work = windows.reduce(1.0) { $0 * Double($1.kernel) }
    return try trial.made(Outline(outputs, kind: .real), by: module, work: work)
}

private func pooled(
    _ x: Outline, by module: Module, to targets: [Int], in trial: OutlineTrial
) throws(ModelMismatch) -> Outline {
    try insist(x.kind ?? .real == .real, "\(module.label): needs real numbers, not \(x)")
    let (items, channels, sizes) = try image(x, rank: targets.count + 2, channels: nil, of: module)
    try insist(
        targets.allSatisfy { $0 > 0 } && sizes.allSatisfy { $0 != 0 },
        "\(module.label): cannot make \(targets) outputs of \(x): sizes must be positive")
    var work = 1.0
    for (size, target) in zip(sizes, targets) { work *= 2 + Double(size ?? 1) / Double(target) }
    return try trial.made(Outline([items, channels] + targets, kind: .real), by: module, work: work)
}

private protocol Pool2d: UnaryOutlining {
    var kernelSize: Pair { get }
    var stride: Pair { get }
    var padding: Pair { get }
    var ceilMode: Bool { get }
}

extension Pool2d {
    package func outline(of x: Outline, in trial: OutlineTrial) throws(ModelMismatch) -> Outline {
        let axes = [
            (kernelSize.height, stride.height, padding.height), (kernelSize.width, stride.width, padding.width),
        ]
        let windows = axes.map {
            WindowSize(kernel: $0.0, stride: $0.1, before: $0.2, behind: $0.2, ceilMode: ceilMode)
        }
        return try pooled(x, by: self, windows, in: trial)
    }
}

extension MaxPool2d: Pool2d {}
extension AvgPool2d: Pool2d {}

private protocol Pool1d: UnaryOutlining {
    var kernelSize: Int { get }
    var stride: Int { get }
    var padding: Int { get }
    var ceilMode: Bool { get }
}

extension Pool1d {
    package func outline(of x: Outline, in trial: OutlineTrial) throws(ModelMismatch) -> Outline {
        let window = WindowSize(
            kernel: kernelSize, stride: stride, before: padding, behind: padding, ceilMode: ceilMode)
        return try pooled(x, by: self, [window], in: trial)
    }
}

extension MaxPool1d: Pool1d {}
extension AvgPool1d: Pool1d {}

private protocol AdaptivePool2d: UnaryOutlining {
    var outputSize: Pair { get }
}

extension AdaptivePool2d {
    package func outline(of x: Outline, in trial: OutlineTrial) throws(ModelMismatch) -> Outline {
        try pooled(x, by: self, to: [outputSize.height, outputSize.width], in: trial)
    }
}

extension AdaptiveConcatPool2d: UnaryOutlining {
    package func outline(of x: Outline, in trial: OutlineTrial) throws(ModelMismatch) -> Outline {
        var y = try pooled(x, by: self, to: [outputSize.height, outputSize.width], in: trial)
        if let channels = y[1] {
            try insist(channels < largestSize, "\(label): twice the channels of \(x) are too many")
            y.axes?[1] = 2 * channels
        }
        return try trial.made(y, by: self)
    }
}

extension AdaptiveAvgPool2d: AdaptivePool2d {}
extension AdaptiveMaxPool2d: AdaptivePool2d {}

private protocol AdaptivePool1d: UnaryOutlining {
    var outputSize: Int { get }
}

extension AdaptivePool1d {
    package func outline(of x: Outline, in trial: OutlineTrial) throws(ModelMismatch) -> Outline {
        try pooled(x, by: self, to: [outputSize], in: trial)
    }
}

extension AdaptiveAvgPool1d: AdaptivePool1d {}
extension AdaptiveMaxPool1d: AdaptivePool1d {}
