// SPDX-License-Identifier: Apache-2.0
// Operations as functions: `relu(x)` for `x.relu()`, as PyTorch's `F.relu(x)` and MLX's `relu(x)`.

/// ``Tensor/relu()`` as a function.
public func relu(_ x: Tensor) -> Tensor { x.relu() }
/// ``Tensor/relu6()`` as a function.
public func relu6(_ x: Tensor) -> Tensor { x.relu6() }
/// ``Tensor/silu()`` as a function.
public func silu(_ x: Tensor) -> Tensor { x.silu() }
/// ``Tensor/sigmoid()`` as a function.
public func sigmoid(_ x: Tensor) -> Tensor { x.sigmoid() }
/// ``Tensor/tanh()`` as a function.
public func tanh(_ x: Tensor) -> Tensor { x.tanh() }
/// ``Tensor/softplus()`` as a function.
public func softplus(_ x: Tensor) -> Tensor { x.softplus() }
/// ``Tensor/hardsigmoid()`` as a function.
public func hardsigmoid(_ x: Tensor) -> Tensor { x.hardsigmoid() }
/// ``Tensor/hardswish()`` as a function.
public func hardswish(_ x: Tensor) -> Tensor { x.hardswish() }
/// ``Tensor/exp()`` as a function.
public func exp(_ x: Tensor) -> Tensor { x.exp() }
/// ``Tensor/log()`` as a function.
public func log(_ x: Tensor) -> Tensor { x.log() }
/// ``Tensor/sqrt()`` as a function.
public func sqrt(_ x: Tensor) -> Tensor { x.sqrt() }
/// ``Tensor/abs()`` as a function.
public func abs(_ x: Tensor) -> Tensor { x.abs() }
/// ``Tensor/sin()`` as a function.
public func sin(_ x: Tensor) -> Tensor { x.sin() }
/// ``Tensor/cos()`` as a function.
public func cos(_ x: Tensor) -> Tensor { x.cos() }
/// ``Tensor/square()`` as a function.
public func square(_ x: Tensor) -> Tensor { x.square() }
/// ``Tensor/gelu(approximation:)`` as a function.
public func gelu(_ x: Tensor, approximation: GELUApproximation = .none) -> Tensor {
    x.gelu(approximation: approximation)
}
/// ``Tensor/leakyRelu(slope:)`` as a function.
public func leakyRelu(_ x: Tensor, slope: Double = 0.01) -> Tensor { x.leakyRelu(slope: slope) }
/// ``Tensor/softmax(axis:file:line:)`` as a function.
public func softmax(_ x: Tensor, axis: Int, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    x.softmax(axis: axis, file: file, line: line)
}
/// ``Tensor/logSoftmax(axis:file:line:)`` as a function.
public func logSoftmax(_ x: Tensor, axis: Int, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    x.logSoftmax(axis: axis, file: file, line: line)
}
/// ``Tensor/matmul(_:file:line:)`` as a function.
public func matmul(_ a: Tensor, _ b: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    a.matmul(b, file: file, line: line)
}
