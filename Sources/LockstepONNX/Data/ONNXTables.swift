// SPDX-License-Identifier: Apache-2.0
// Rows of a table in ONNX: words looked up, gaps filled, numbers standardised.

import Foundation
import LockstepData

extension ONNXGraph {
    /// The model's inputs, categories int64 [N, …] and numbers float32 [N, …], made of an input [N, 1] for each column.
    ///
    /// Numbers come as float64, not-a-number for a gap; categories as text, in any words that `spellings` knows. A word that
    /// training did not have, and the empty one, are missing.
    func rows(_ columns: TabularColumns) throws(ONNXError) -> (inputs: [ONNXValue], model: [ONNXValue]) {
        var inputs: [ONNXValue] = []
        func input(_ name: String, _ element: ONNXElement) -> ONNXValue {
            let value = ONNXValue(self.name(name.isEmpty ? "column" : name), ["batch", 1], element)
            inputs.append(value)
            return value
        }
        var numbers: [String: ONNXValue] = [:]
        // In the order of the columns: categories, then numbers.
        let words = columns.categorical.map { $0.marksMissing == nil ? input($0.name, .string) : nil }
        let given = columns.continuous.map { column in
            let value = input(column.name, .float64)
            numbers[column.name] = value
            return value
        }
        var categories: [ONNXValue] = []
        for (column, word) in zip(columns.categorical, words) {
            if let word {
                categories.append(looked(up: word, column))
                continue
            }
            guard let marked = column.marksMissing.flatMap({ numbers[$0] }) else {
                throw ONNXError(
                    .unsupported, at: "data",
                    "the column “\(column.name)” says where “\(column.marksMissing ?? "")” is missing, which is no input"
                )
            }
            categories.append(
                choose(isMissing(marked), integers([2], shape: [1, 1]), integers([1], shape: [1, 1])))
        }
        var model: [ONNXValue] = []
        if !categories.isEmpty { model.append(joined(categories, axis: 1)) }
        if !given.isEmpty { model.append(joined(zip(columns.continuous, given).map(standardised), axis: 1)) }
        return (inputs, model)
    }

    private func isMissing(_ x: ONNXValue) -> ONNXValue { map("IsNaN", x, element: .bool) }

    /// A median for a gap, then `(x − mean) / deviation` in float64, as rows of tables are made.
    private func standardised(_ column: ContinuousColumn, _ x: ONNXValue) -> ONNXValue {
        let (median, mean) = column.rests
        let distance = sum(sum(x, -column.mean), -mean)
        let filled = scalar((column.median - column.mean) + (median - mean), like: x)
        return cast(quotient(choose(isMissing(x), filled, distance), column.deviation), to: .float32)
    }

    /// The numbers of categories; 0 for a word that is none.
    private func looked(up word: ONNXValue, _ column: CategoricalColumn) -> ONNXValue {
        var spellings = column.spellings
        // Training rows had gaps only: a lookup needs a word, and this one stands for a gap, too.
        if spellings.isEmpty { spellings = [("", 0)] }
        return add(
            "LabelEncoder", [word],
            [
                ("keys_strings", .strings(spellings.map(\.word))), ("values_int64s", .ints(spellings.map(\.place))),
                ("default_int64", 0),
            ], shapes: [word.shape], element: .int64, domain: "ai.onnx.ml")[0]
    }

    /// The words that classes are called, for their numbers.
    func labels(_ decision: ONNXValue, _ classes: [String]) -> ONNXValue {
        add(
            "LabelEncoder", [decision],
            [
                ("keys_int64s", .ints(Array(classes.indices))), ("values_strings", .strings(classes)),
                ("default_string", ""),
            ], shapes: [decision.shape], element: .string, domain: "ai.onnx.ml")[0]
    }
}
