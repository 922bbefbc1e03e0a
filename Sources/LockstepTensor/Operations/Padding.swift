// SPDX-License-Identifier: Apache-2.0
// Making axes longer at their ends.

import CLockstepKernels

/// What stands beyond the ends of a padded axis.
public enum PaddingMode: String, Sendable, CaseIterable {
    /// One value.
    case constant
    /// The axis mirrored at its end, which is not repeated: `c b | a b c | b a`.
    case reflect
    /// The end, repeated: `a a | a b c | c c`.
    case replicate
}

extension Tensor {
    /// The tensor with `amounts` positions added before and after its last axes.
    ///
    /// ```swift
    /// image.padded([(1, 1), (2, 2)])     // one row above and below, two columns left and right
    /// ```
    /// - Parameters:
    ///   - amounts: `(before, after)` for each of the last `amounts.count` axes, in the order of the shape. With a
    ///     constant they may be negative and take positions away.
    ///   - value: What ``PaddingMode/constant`` adds.
    /// - Shape: each of those axes grows by before + after.
    /// - Gradient: `ȳ` without the padding; reflected and replicated positions add to their origin.
    /// - Precondition: an integer type holds `value`.
    public func padded(
        _ amounts: [(Int, Int)], value: Double = 0, mode: PaddingMode = .constant, file: StaticString = #fileID,
        line: UInt = #line
    ) -> Tensor {
        require(
            amounts.count <= rank
                && (mode == .constant || amounts.allSatisfy { $0.0 >= 0 && $0.1 >= 0 }),
            "padded: amounts \(amounts) do not fit shape \(shape): at most one pair per axis, none negative in mode \(mode)",
            file: file, line: line)
        let first = rank - amounts.count
        if amounts.contains(where: { $0.0 < 0 || $0.1 < 0 }) {
            return cropped(amounts, file, line)
                .padded(amounts.map { (Swift.max($0.0, 0), Swift.max($0.1, 0)) }, value: value, file: file, line: line)
        }
        if mode != .constant {
            var result = self
            for (i, (before, after)) in amounts.enumerated() where before > 0 || after > 0 {
                result = result.extended(first + i, before, after, mode, file, line)
            }
            return result
        }
        var target = shape
        for (i, (before, after)) in amounts.enumerated() { target[first + i] += before + after }
        if target == shape { return self }
        require(dtype.holds(value), dtype.refusal("padded", value), file: file, line: line)
        let result = Tensor.uninitialized(target, inOrderOf: memoryOrder, dtype: dtype)
        result.fillMemory(value)
        let source = shape
        func inner(_ tensor: Tensor) -> Tensor {
            var part = tensor
            for (i, (before, _)) in amounts.enumerated() {
                part = part.narrowed(axis: first + i, from: before, count: source[first + i])
            }
            return part
        }
        Tensor.copy(detached, into: inner(result))
        return result.recording("padded", from: self) { dy in inner(dy) }
    }

    /// Without the positions that negative amounts take away.
    private func cropped(_ amounts: [(Int, Int)], _ file: StaticString, _ line: UInt) -> Tensor {
        var result = self
        for (i, (before, after)) in amounts.enumerated() {
            let axis = rank - amounts.count + i
            let (start, end) = (Swift.max(0, -before), shape[axis] - Swift.max(0, -after))
            require(
                start <= end, "padded: (\(before), \(after)) takes more than axis \(axis) of shape \(shape) has",
                file: file,
                line: line)
            result = result.narrowed(axis: axis, from: start, count: end - start)
        }
        return result
    }

    /// One axis longer, by reading its own positions again.
    private func extended(
        _ axis: Int, _ before: Int, _ after: Int, _ mode: PaddingMode, _ file: StaticString, _ line: UInt
    ) -> Tensor {
        let size = shape[axis]
        require(
            mode == .reflect ? Swift.max(before, after) < size : size > 0,
            "padded: (\(before), \(after)) is too much for axis \(axis) of shape \(shape) in mode \(mode)", file: file,
            line: line)
        let positions = (-before..<size + after).map { position in
            if mode == .replicate { return Swift.min(Swift.max(position, 0), size - 1) }
            return position < 0 ? -position : position < size ? position : 2 * (size - 1) - position
        }
        return indexSelect(axis: axis, index: Tensor(positions, shape: [positions.count]))
    }
}
