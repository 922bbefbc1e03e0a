// SPDX-License-Identifier: Apache-2.0
// Gradients of a function against central differences in float64.

import Foundation
public import LockstepTensor

/// Expects the gradients of `function` to agree with central differences.
///
/// The floating inputs are widened to float64; integer and boolean ones are passed on as they are. The result, of any
/// shape, is multiplied with fixed random numbers and summed, so that every element of the result counts. Small inputs
/// are checked element by element; inputs with more than `limit` elements along `directions` random directions.
///
/// ```swift
/// checkGradients(of: { $0[0].matmul($0[1]) }, at: [sample([2, 3]), sample([3, 4])])
/// ```
///
/// - Parameters:
///   - function: Must be smooth at the inputs (keep away from kinks and ties) and give the same every time.
///   - inputs: Where to check.
///   - step: Distance of the differences, multiplied with |x| where that exceeds 1.
///   - relative: Allowed error relative to the larger of the two gradients.
///   - absolute: Allowed error near zero.
///   - limit: Largest input that is checked element by element.
///   - directions: How many random directions a larger one is checked along.
/// - Returns: Whether all agreed.
@discardableResult
public func checkGradients(
    of function: ([Tensor]) throws -> Tensor, at inputs: [Tensor], step: Double = 1e-5,
    relative: Double = 1e-6, absolute: Double = 1e-7, limit: Int = 128, directions: Int = 8,
    fileID: String = #fileID, filePath: String = #filePath, line: Int = #line, column: Int = #column
) rethrows -> Bool {
    let fail = { (message: String) in
        report("gradient check: " + message, fileID: fileID, filePath: filePath, line: line, column: column)
    }
    let points = inputs.map { $0.dtype.isFloatingPoint ? $0.detached.to(.float64) : $0.detached }
    let leaves = points.map { $0.dtype.isFloatingPoint ? $0.requiringGradient() : $0 }
    let result = try function(leaves)
    guard result.dtype == .float64 else {
        fail("the function turned float64 inputs into \(result.dtype)")
        return false
    }
    guard result.requiresGradient else {
        fail("no gradient flows from the result to the inputs")
        return false
    }
    let cotangent = sample(result.shape, seed: 0x5EED, dtype: .float64)
    result.backward(gradient: cotangent)
    let weights = cotangent.doubles

    var agreed = true
    for (position, point) in points.enumerated() where point.dtype.isFloatingPoint {
        let gradient = leaves[position].gradient ?? .zeros(point.shape, dtype: .float64)
        guard gradient.shape == point.shape, gradient.dtype == .float64 else {
            fail("input \(position) is float64 \(point.shape), its gradient \(gradient.dtype) \(gradient.shape)")
            agreed = false
            continue
        }
        let (center, analytic) = (point.doubles, gradient.doubles)
        var worst = Disagreement()
        let probes = Probe.all(over: center, limit: limit, directions: directions, step: step, seed: UInt64(position))
        for probe in probes {
            var ends = [0.0, 0.0]
            for (end, sign) in [(0, 1.0), (1, -1.0)] {
                var moved = points
                moved[position] = Tensor(probe.moved(center, by: sign), shape: point.shape)
                let values = try withNoGrad { try function(moved) }.doubles
                ends[end] = zip(values, weights).reduce(0) { $0 + $1.0 * $1.1 }
            }
            let numeric = (ends[0] - ends[1]) / probe.width(center)
            worst.consider(
                probe.derivative(analytic), numeric, at: probe.name(in: point.shape.dimensions), relative: relative,
                absolute: absolute)
        }
        if let sentence = worst.sentence(of: probes.count) {
            fail("input \(position) \(point.shape): \(sentence)")
            agreed = false
        }
    }
    return agreed
}

/// Expects the gradient of a function of one tensor to agree with central differences.
@discardableResult
public func checkGradients(
    of function: (Tensor) throws -> Tensor, at input: Tensor, step: Double = 1e-5,
    relative: Double = 1e-6, absolute: Double = 1e-7, limit: Int = 128, directions: Int = 8,
    fileID: String = #fileID, filePath: String = #filePath, line: Int = #line, column: Int = #column
) rethrows -> Bool {
    try checkGradients(
        of: { try function($0[0]) }, at: [input], step: step, relative: relative, absolute: absolute, limit: limit,
        directions: directions, fileID: fileID, filePath: filePath, line: line, column: column)
}
