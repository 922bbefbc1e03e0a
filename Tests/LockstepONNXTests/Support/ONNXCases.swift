// SPDX-License-Identifier: Apache-2.0
// Models written to files with what they take and give, and onnxruntime's verdict on all of them.

import Foundation
import LockstepChecks
import LockstepData
import LockstepLearner
import LockstepTensor
import LockstepTesting
import Testing

/// What a model takes or gives, by name.
struct ONNXDatum {
    let name: String
    let tensor: Tensor?
    let words: (values: [String], shape: [Int])?

    init(_ name: String, _ tensor: Tensor) { (self.name, self.tensor, words) = (name, tensor, nil) }
    init(_ name: String, words: [String], shape: [Int]) {
        (self.name, tensor, self.words) = (name, nil, (words, shape))
    }
}

/// A folder of models that one run of Python looks at.
struct ONNXCases {
    let folder: URL
    private(set) var count = 0

    init(_ folder: URL) { self.folder = folder }

    /// - Parameter counts: How many of the items are tried, too, where the first axis of all is that of items.
    mutating func add(
        _ name: String, _ model: [UInt8], inputs: [ONNXDatum], outputs: [ONNXDatum], counts: [Int] = [0, 1]
    ) throws {
        let place = folder.appending(path: String(format: "%03d \(name)", count))
        count += 1
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        try Data(model).write(to: place.appending(path: "model.onnx"))
        func entries(_ data: [ONNXDatum], _ kind: String) throws -> [[String: Any]] {
            try data.enumerated().map { index, datum in
                if let words = datum.words {
                    return ["name": datum.name, "strings": words.values, "shape": words.shape]
                }
                let file = "\(kind)\(index).npy"
                if let tensor = datum.tensor {
                    try NPY.write(NumericArray(tensor.detached.contiguous()), to: place.appending(path: file).path)
                }
                return ["name": datum.name, "npy": file]
            }
        }
        let text: [String: Any] = [
            "inputs": try entries(inputs, "input"), "outputs": try entries(outputs, "output"), "counts": counts,
        ]
        try JSONSerialization.data(withJSONObject: text).write(to: place.appending(path: "case.json"))
    }

    struct Verdict: Decodable {
        let `case`: String
        let error: Double?
        let place: String?
        let problem: String?
        let opsets: [String: Int]?
    }

    /// What onnxruntime says of each.
    func verdicts() throws -> [Verdict] {
        let (status, output, errors) = try Readers.output(of: "onnx_reader.py", about: folder.path)
        #expect(status == 0, "\(errors)")
        let lines = output.split(separator: UInt8(ascii: "\n"))
        return try lines.map { try JSONDecoder().decode(Verdict.self, from: $0) }
    }

    /// Expects every model to give in onnxruntime what it gives here.
    func expectAlike(within limit: Double = 1e-5, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let verdicts = try verdicts()
        #expect(verdicts.count == count, sourceLocation: sourceLocation)
        for verdict in verdicts {
            let error = verdict.error ?? .infinity
            #expect(
                error <= limit,
                "\(verdict.case): \(verdict.problem ?? "\(error) at \(verdict.place ?? "")")",
                sourceLocation: sourceLocation)
            if let opset = verdict.opsets?[""] { #expect(opset == 18, sourceLocation: sourceLocation) }
        }
        let worst = verdicts.compactMap(\.error).max() ?? 0
        print("onnxruntime: \(verdicts.count) models, largest error \(worst)")
    }
}
