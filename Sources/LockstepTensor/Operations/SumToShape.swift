// SPDX-License-Identifier: Apache-2.0
// Undoing a broadcast: the one place where gradients are summed over repeated axes.

extension Tensor {
    /// Sums over the axes along which a tensor of `target` was repeated to reach this shape.
    package func summed(to target: Shape) -> Tensor {
        if shape == target { return self }
        let extra = rank - target.rank
        var axes: [Int] = Array(0..<extra)
        for axis in 0..<target.rank where target[axis] == 1 && shape[axis + extra] != 1 { axes.append(axis + extra) }
        let reduced = axes.isEmpty ? self : sum(axes: axes, keepDims: true)
        return reduced.reshaped(target)
    }
}
