// SPDX-License-Identifier: Apache-2.0
// Comparing numbers, arrays and tensors within a tolerance; a failure names the worst element and both values.

public import LockstepTensor

/// Expects two tensors of the same shape with close elements.
///
/// - Parameters:
///   - actual: What the code under test gave.
///   - expected: What it should give; the relative tolerance is relative to this.
///   - name: Put in front of the message, for calls in a loop.
///   - relative: Default: ``Tolerance/standard(for:)`` of the less precise of the two element types.
///   - absolute: Default: likewise.
///   - nanEqual: Whether NaN matches NaN. The default is `false`: an unexpected NaN is a failure.
/// - Returns: Whether they were close, for programs that do their own counting.
@discardableResult
public func expectClose(
    _ actual: Tensor, _ expected: Tensor, _ name: String = "", relative: Double? = nil, absolute: Double? = nil,
    nanEqual: Bool = false,
    fileID: String = #fileID, filePath: String = #filePath, line: Int = #line, column: Int = #column
) -> Bool {
    if actual.shape != expected.shape {
        report(
            prefix(name) + "shape \(actual.shape), expected \(expected.shape)",
            fileID: fileID, filePath: filePath, line: line, column: column)
        return false
    }
    let types = [Tolerance.standard(for: actual.dtype), .standard(for: expected.dtype)]
    let looser = types[0].relative > types[1].relative ? types[0] : types[1]
    return compare(
        actual.doubles, expected.doubles, shape: actual.shape.dimensions, name: name,
        tolerance: Tolerance(relative: relative ?? looser.relative, absolute: absolute ?? looser.absolute),
        nanEqual: nanEqual, fileID: fileID, filePath: filePath, line: line, column: column)
}

/// Expects the elements of a tensor, in row-major order, to be close to the given numbers.
@discardableResult
public func expectClose(
    _ actual: Tensor, _ expected: [Double], _ name: String = "", relative: Double? = nil, absolute: Double? = nil,
    nanEqual: Bool = false,
    fileID: String = #fileID, filePath: String = #filePath, line: Int = #line, column: Int = #column
) -> Bool {
    let standard = Tolerance.standard(for: actual.dtype)
    return compare(
        actual.doubles, expected, shape: [expected.count], name: name,
        tolerance: Tolerance(relative: relative ?? standard.relative, absolute: absolute ?? standard.absolute),
        nanEqual: nanEqual, fileID: fileID, filePath: filePath, line: line, column: column)
}

/// Expects two arrays of the same count with close elements.
@discardableResult
public func expectClose<Number: BinaryFloatingPoint>(
    _ actual: [Number], _ expected: [Number], _ name: String = "", relative: Double? = nil, absolute: Double? = nil,
    nanEqual: Bool = false,
    fileID: String = #fileID, filePath: String = #filePath, line: Int = #line, column: Int = #column
) -> Bool {
    let standard = Tolerance.standard(for: Number.self == Double.self ? .float64 : .float32)
    return compare(
        actual.map { Double($0) }, expected.map { Double($0) }, shape: [expected.count], name: name,
        tolerance: Tolerance(relative: relative ?? standard.relative, absolute: absolute ?? standard.absolute),
        nanEqual: nanEqual, fileID: fileID, filePath: filePath, line: line, column: column)
}

/// Expects two numbers to be close.
@discardableResult
public func expectClose<Number: BinaryFloatingPoint>(
    _ actual: Number, _ expected: Number, _ name: String = "", relative: Double? = nil, absolute: Double? = nil,
    nanEqual: Bool = false,
    fileID: String = #fileID, filePath: String = #filePath, line: Int = #line, column: Int = #column
) -> Bool {
    let standard = Tolerance.standard(for: Number.self == Double.self ? .float64 : .float32)
    return compare(
        [Double(actual)], [Double(expected)], shape: [], name: name,
        tolerance: Tolerance(relative: relative ?? standard.relative, absolute: absolute ?? standard.absolute),
        nanEqual: nanEqual, fileID: fileID, filePath: filePath, line: line, column: column)
}

private func prefix(_ name: String) -> String { name.isEmpty ? "" : name + ": " }

private func compare(
    _ actual: [Double], _ expected: [Double], shape: [Int], name: String, tolerance: Tolerance, nanEqual: Bool,
    fileID: String, filePath: String, line: Int, column: Int
) -> Bool {
    var sentence: String?
    if actual.count != expected.count {
        sentence = "\(actual.count) elements, expected \(expected.count)"
    } else {
        let difference = Difference(actual, expected, tolerance: tolerance, nanEqual: nanEqual)
        sentence = difference.sentence(actual, expected, shape: shape, tolerance: tolerance)
    }
    guard let sentence else { return true }
    report(prefix(name) + sentence, fileID: fileID, filePath: filePath, line: line, column: column)
    return false
}
