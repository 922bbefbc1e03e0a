// SPDX-License-Identifier: Apache-2.0
// Convolution of volumes, as a sum of convolutions of their slices.

extension Tensor {
    /// Three-dimensional convolution (cross-correlation): for each plane of the kernel, all slices at once as images.
    ///
    /// - Parameters:
    ///   - weight: [O, C / groups, kD, kH, kW].
    ///   - stride: Along depth, height and width; one number for all.
    ///   - padding: Zeros around the volume.
    /// - Returns: [N, O, D′, H′, W′] with `D′ = (D + 2·padding − dilation·(kD − 1) − 1) / stride + 1`.
    /// - Precondition: self is [N, C, D, H, W].
    public func conv3d(
        _ weight: Tensor, bias: Tensor? = nil, stride: [Int] = [1], padding: [Int] = [0], dilation: [Int] = [1],
        groups: Int = 1, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        require(
            rank == 5 && weight.rank == 5,
            "conv3d: needs an input [N, C, D, H, W] and a kernel [O, C, kD, kH, kW], not \(shape) with \(weight.shape)",
            file: file, line: line)
        func three(_ name: String, _ sizes: [Int], from least: Int) -> [Int] {
            threeSizes(sizes, "conv3d: the \(name)", from: least, file: file, line: line)
        }
        let (steps, zeros) = (three("stride", stride, from: 1), three("padding", padding, from: 0))
        let gaps = three("dilation", dilation, from: 1)
        let reach = gaps[0] * (weight.shape[2] - 1) + 1
        require(
            weight.shape[2] > 0 && shape[2] + 2 * zeros[0] >= reach,
            "conv3d: the kernel \(weight.shape) does not fit into the input \(shape) with padding \(zeros)", file: file,
            line: line)
        let depth = (shape[2] + 2 * zeros[0] - reach) / steps[0] + 1
        let volume = zeros[0] == 0 ? self : padded([(zeros[0], zeros[0]), (0, 0), (0, 0)])
        func part(_ plane: Int) -> Tensor {
            let first = plane * gaps[0]
            let slices = volume[.all, .all, .stride(from: first, to: first + (depth - 1) * steps[0] + 1, by: steps[0])]
            let images = slices.permuted([0, 2, 1, 3, 4]).flattened(to: 1)
            return images.conv2d(
                weight[.all, .all, plane], bias: plane == 0 ? bias : nil, stride: Pair(steps[1], steps[2]),
                padding: .zeros(Pair(zeros[1], zeros[2])), dilation: Pair(gaps[1], gaps[2]), groups: groups, file: file,
                line: line)
        }
        let y = (1..<weight.shape[2]).reduce(part(0)) { $0 + part($1) }
        return y.reshaped([shape[0], depth, y.shape[1], y.shape[2], y.shape[3]]).permuted([0, 2, 1, 3, 4])
    }
}

/// Sizes along depth, height and width: one for all, or one for each.
///
/// - Parameters:
///   - subject: Whose sizes they are, at the start of the sentence about others.
///   - least: What each of them is at least; not looked at when nil.
package func threeSizes(
    _ sizes: [Int], _ subject: @autoclosure () -> String, from least: Int? = nil, file: StaticString, line: UInt
) -> [Int] {
    require(
        (sizes.count == 1 || sizes.count == 3) && sizes.allSatisfy { $0 >= least ?? .min },
        "\(subject()) is \(sizes); one size or three are needed\(least.map { ", each \($0) at least" } ?? "")",
        file: file, line: line)
    return sizes.count == 1 ? [sizes[0], sizes[0], sizes[0]] : sizes
}
