// SPDX-License-Identifier: Apache-2.0
// The small network of the reference's files, wrappers around it, and files that are made for a test.

import Foundation
import LockstepChecks
import LockstepData
import LockstepLearner
import LockstepNN
import LockstepTensor
import Testing

/// `Net` of Tests/Reference/cases/torchfiles.py.
final class SmallNet: Module {
    let conv: Conv2d
    let norm = BatchNorm2d(2)
    let head: Linear

    init(inputs: Int = 3, classes: Int = 3) {
        conv = Conv2d(inputs, 2, kernelSize: 3)
        head = Linear(2, classes)
    }
}

/// A model that has another as a part.
final class Wrapped<Inner: Module>: Module {
    let bert: Inner
    let classifier = Linear(2, 2)

    init(_ inner: Inner) { bert = inner }
}

/// The tensors that PyTorch says are in a file of the reference.
func torchTensors(_ name: String) throws -> [(name: String, value: Tensor)] {
    try Reference.load("torchfiles").tensors(under: name).filter { $0.name != "file" }
}

/// Calls `body` with the path of a file of the reference.
func withTorchFile<Result>(_ name: String, _ body: (String) throws -> Result) throws -> Result {
    let bytes = try Reference.load("torchfiles").tensor(name + "/file").ints.map { UInt8($0) }
    return try withWeights(bytes, "net.pth", body)
}

/// Calls `body` with the path of a file of these bytes in a folder of its own.
func withWeights<Result>(_ bytes: [UInt8], _ name: String, _ body: (String) throws -> Result) throws -> Result {
    let folder = NSTemporaryDirectory() + "lockstep-weights-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try Data(bytes).write(to: URL(filePath: "\(folder)/\(name)"))
    return try body("\(folder)/\(name)")
}

/// Calls `body` with the path of a safetensors file.
func withTensors<Result>(
    _ tensors: [(name: String, value: Tensor)], format: String = "pt", _ body: (String) throws -> Result
) throws -> Result {
    let bytes = try Safetensors.encode(
        tensors.map { Safetensors.Item($0.name, $0.value) }, metadata: [("format", format)], checksum: false)
    return try withWeights(bytes, "model.safetensors", body)
}

/// Whether each tensor of the model that `wanted` names has its values.
func expectHolds(
    _ model: Module, _ wanted: [(name: String, value: Tensor)], sourceLocation: SourceLocation = #_sourceLocation
) {
    let state = Dictionary(uniqueKeysWithValues: model.stateDictionary().map { ($0.name, $0.tensor) })
    for (name, value) in wanted {
        guard let found = state[name] else {
            Issue.record("the model has no \(name)", sourceLocation: sourceLocation)
            continue
        }
        #expect(found.shape == value.shape, "\(name)", sourceLocation: sourceLocation)
        #expect(
            found.to(.float64).doubles == value.to(found.dtype).to(.float64).contiguous().doubles, "\(name)",
            sourceLocation: sourceLocation)
    }
}

/// The `DataError` that `body` throws.
func weightsError(_ sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> some Any) -> DataError? {
    do {
        _ = try body()
        Issue.record("no error was thrown", sourceLocation: sourceLocation)
    } catch let error as DataError { return error } catch {
        Issue.record("not a DataError: \(error)", sourceLocation: sourceLocation)
    }
    return nil
}
