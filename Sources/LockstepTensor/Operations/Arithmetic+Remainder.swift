// SPDX-License-Identifier: Apache-2.0
// Division that rounds down, and what it leaves.

import CLockstepKernels

extension Tensor {
    /// The largest whole number not above `self / divisor`; shapes broadcast. Integers stay integers, and are exact.
    ///
    /// - Gradient: 0.
    /// - Precondition: no integer is divided by 0.
    /// - Note: PyTorch: `torch.floor_divide`, Python's `//`.
    public func floorDivided(by divisor: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        let (a, b) = Tensor.together(self, divisor)
        b.requireDivisor("floorDivided", file, line)
        let (x, y) = (a.shape, b.shape)
        let result = Tensor.binary(LSK_FLOOR_DIVIDE, "floorDivided", a, b, file: file, line: line)
        return result.recording("floorDivided", from: a, b) { dy, needs in
            (needs.0 ? .zeros(x, dtype: dy.dtype) : nil, needs.1 ? .zeros(y, dtype: dy.dtype) : nil)
        }
    }

    /// The largest whole number not above `self / divisor`. Integers divided by a whole number stay integers.
    public func floorDivided(by divisor: Double, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        let a = calculable
        requireDivisor(divisor, "floorDivided", file, line)
        return Tensor.scalar(LSK_FLOOR_DIVIDE, "floorDivided", a, divisor).recording("floorDivided", from: a) { dy in
            .zeros(like: dy)
        }
    }

    /// `self − divisor·⌊self / divisor⌋`, which has the divisor's sign; shapes broadcast. Integers stay integers, and are exact.
    ///
    /// - Gradient: `ȳ`, and `−ȳ·⌊self / divisor⌋`.
    /// - Precondition: no integer is divided by 0.
    /// - Note: PyTorch: `torch.remainder`, Python's `%`. Swift's own `%` has the sign of what is divided.
    public func remainder(by divisor: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        let (a, b) = Tensor.together(self, divisor)
        b.requireDivisor("remainder", file, line)
        let (x, y) = (a.detached, b.detached)
        let result = Tensor.binary(LSK_REMAINDER, "remainder", a, b, file: file, line: line)
        return result.recording("remainder", from: a, b) { dy, needs in
            (
                needs.0 ? dy.summed(to: x.shape) : nil,
                needs.1 ? (-(dy * Tensor.binary(LSK_FLOOR_DIVIDE, "remainder", x, y))).summed(to: y.shape) : nil
            )
        }
    }

    /// `self − divisor·⌊self / divisor⌋`, which has the divisor's sign. Integers divided by a whole number stay integers.
    public func remainder(by divisor: Double, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        let a = calculable
        requireDivisor(divisor, "remainder", file, line)
        return Tensor.scalar(LSK_REMAINDER, "remainder", a, divisor).recording("remainder", from: a) { dy in dy }
    }

    private func requireDivisor(_ name: StaticString, _ file: StaticString, _ line: UInt) {
        require(
            dtype.isFloatingPoint || !(detached .== 0).any().bools[0], "\(name): an integer is divided by 0",
            file: file,
            line: line)
    }

    private func requireDivisor(_ divisor: Double, _ name: StaticString, _ file: StaticString, _ line: UInt) {
        require(
            dtype.isFloatingPoint || divisor != 0 && (dtype != .uint8 || divisor > 0),
            "\(name): \(dtype) divided by \(divisor)", file: file, line: line)
    }
}
