// SPDX-License-Identifier: Apache-2.0
// Holding an operation against a reference case: its result and the gradient of every input, in every memory layout.

package import LockstepTensor
package import LockstepTesting

extension Reference {
    /// Expects `function` of the case's inputs to give the case's result, and backward its gradients.
    ///
    /// ```swift
    /// try Reference.load("ops").check("linear", "x", "weight", "bias") { $0[0].linear($0[1], $0[2]) }
    /// ```
    ///
    /// - Parameters:
    ///   - name: The case.
    ///   - inputs: Names of the inputs, in the order in which `function` takes them.
    ///   - relative: Allowed error; default as ``expectClose(_:_:_:relative:absolute:nanEqual:fileID:filePath:line:column:)``.
    ///   - absolute: Likewise.
    ///   - layouts: How the inputs lie in memory: once for each of these.
    package func check(
        _ name: String, _ inputs: String..., relative: Double? = nil, absolute: Double? = nil,
        layouts: [Layout] = Layout.allCases,
        fileID: String = #fileID, filePath: String = #filePath, line: Int = #line, column: Int = #column,
        of function: ([Tensor]) throws -> Tensor
    ) throws {
        try check(
            name, inputs, results: ["y"], relative: relative, absolute: absolute, layouts: layouts, fileID: fileID,
            filePath: filePath, line: line, column: column, of: { [try function($0)] })
    }

    /// Expects a `function` with several results to give the case's `y0`, `y1`, …
    package func check(
        _ name: String, _ inputs: String..., relative: Double? = nil, absolute: Double? = nil,
        layouts: [Layout] = Layout.allCases,
        fileID: String = #fileID, filePath: String = #filePath, line: Int = #line, column: Int = #column,
        ofSeveral function: ([Tensor]) throws -> [Tensor]
    ) throws {
        let results = (0...).lazy.map { "y\($0)" }.prefix { contains("\(name)/\($0)") }
        try check(
            name, inputs, results: Array(results), relative: relative, absolute: absolute, layouts: layouts,
            fileID: fileID, filePath: filePath, line: line, column: column, of: function)
    }

    private func check(
        _ name: String, _ inputs: [String], results: [String], relative: Double?, absolute: Double?,
        layouts: [Layout], fileID: String, filePath: String, line: Int, column: Int,
        of function: ([Tensor]) throws -> [Tensor]
    ) throws {
        for layout in layouts {
            let close = { (actual: Tensor, expected: Tensor, part: String) in
                _ = expectClose(
                    actual, expected, "\(name)/\(part), \(layout) inputs", relative: relative, absolute: absolute,
                    nanEqual: true, fileID: fileID, filePath: filePath, line: line, column: column)
            }
            let fail = { (message: String) in
                report(
                    "\(name), \(layout) inputs: \(message)", fileID: fileID, filePath: filePath, line: line,
                    column: column)
            }
            let leaves = try inputs.map { input in
                let value = try tensor("\(name)/\(input)").laidOut(layout)
                return value.dtype.isFloatingPoint ? value.requiringGradient() : value
            }
            let outputs = try function(leaves)
            guard outputs.count == results.count else {
                fail("\(outputs.count) results, expected \(results.count)")
                continue
            }
            let wanted = inputs.indices.filter { contains("\(name)/d\(inputs[$0])") }
            func compareGradients() throws {
                for index in wanted {
                    let expected = try tensor("\(name)/d\(inputs[index])")
                    close(leaves[index].gradient ?? .zeros(like: expected), expected, "d\(inputs[index])")
                }
            }
            if outputs.count == 1, let output = outputs.first, output.requiresGradient,
                contains("\(name)/d\(results[0])")
            {
                // The gradient arrives as the inputs lie: a view of any kind.
                close(output.detached, try tensor("\(name)/\(results[0])"), results[0])
                output.backward(gradient: try tensor("\(name)/d\(results[0])").laidOut(layout))
                try compareGradients()
                continue
            }
            var objective: Tensor?
            for (output, result) in zip(outputs, results) {
                close(output.detached, try tensor("\(name)/\(result)"), result)
                let cotangent = "\(name)/d\(result)"
                guard contains(cotangent), output.requiresGradient else { continue }
                // One sum over all results: a second backward would find the shared part of the graph spent.
                let part = (output * (try tensor(cotangent))).sum()
                objective = objective.map { $0 + part } ?? part
            }
            guard let objective else {
                if !wanted.isEmpty { fail("no gradient flows from the result to the inputs") }
                continue
            }
            objective.backward()
            try compareGradients()
        }
    }
}
