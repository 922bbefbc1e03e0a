// SPDX-License-Identifier: Apache-2.0
// A file saved here gives PyTorch the same outputs. Runs where Python has torch and safetensors; skipped elsewhere.

import Foundation
import LockstepData
import LockstepLearner
import LockstepNN
import LockstepOptim
import LockstepTensor
import LockstepTesting
import Testing

/// The interpreter named by LOCKSTEP_PYTHON, or python3.
private let python = ProcessInfo.processInfo.environment["LOCKSTEP_PYTHON"] ?? "python3"

/// Runs Python; nil when it cannot be started.
private func runPython(_ arguments: [String]) -> (status: Int32, output: String)? {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [python] + arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    guard (try? process.run()) != nil else { return nil }
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: output, as: UTF8.self))
}

private let hasTorch = runPython(["-c", "import torch, safetensors.torch"])?.status == 0

@Suite("Files saved here, read by Python") struct PythonInteropTests {
    private static func perceptron() -> Sequential {
        Sequential {
            Linear(64, 32); ReLU(); Linear(32, 10)
        }
    }
    private static func convolutional() -> Sequential {
        Sequential {
            Conv2d(1, 6, kernelSize: 3, padding: 1, bias: false); BatchNorm2d(6); ReLU(); MaxPool2d(2)
            Conv2d(6, 12, kernelSize: 3, stride: 2, padding: 1); ReLU()
            AdaptiveAvgPool2d(1); Flatten(); Linear(12, 10)
        }
    }

    @Test("PyTorch gives the same outputs to 1e-5", .enabled(if: hasTorch), arguments: ["mlp", "cnn"])
    func sameOutputs(name: String) throws {
        try withTemporaryFolder { folder in
            let x = name == "mlp" ? sample([5, 64], seed: 1) : sample([5, 1, 8, 8], seed: 1)
            let model = withSeed(9) { name == "mlp" ? Self.perceptron() : Self.convolutional() }
            // A step or two, so that running statistics and weights are not those of the start.
            let data = DataLoader(
                TensorDataset(inputs: [x], targets: [sampleIntegers([5], seed: 2, in: 0..<10)]), batchSize: 5)
            let learner = Learner(
                dls: DataLoaders(data), model: model, loss: .crossEntropy, path: folder.path, defaultCallbacks: .core)
            try learner.withoutLogging { try learner.fit(2, lr: 1e-2) }
            let state = try learner.save("saved", withOptimizer: false)
            model.eval()
            let y = withNoGrad { model(x) }
            let example = folder.appendingPathComponent("example.safetensors").path
            func item(_ name: String, _ tensor: Tensor) -> Safetensors.Item {
                Safetensors.Item(
                    name: name, type: .float32, shape: tensor.shape.dimensions,
                    bytes: tensor.floats.withUnsafeBytes { Array($0) })
            }
            try Safetensors.write([item("x", x), item("y", y)], to: example)
            let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                .deletingLastPathComponent().appendingPathComponent("Reference/interop.py").path
            let result = try #require(runPython([script, name, state, example]))
            #expect(result.status == 0, "\(result.output)")
        }
    }
}
