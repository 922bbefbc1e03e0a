// SPDX-License-Identifier: Apache-2.0
// Expressions that a program outside of this package writes: compiled as one, because tests see more than it does.

import Foundation
import LockstepTesting
import Testing

@Suite("Outside of the package") struct OutsideTests {
    /// The folder of the modules these tests were built with.
    private static let build = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
        .deletingLastPathComponent()
    private static let map = build.appendingPathComponent("CLockstepKernels.build/module.modulemap").path

    @Test(
        "shapes of tensors are taken where shapes are wanted: x.reshaped(y.shape)",
        .enabled(if: FileManager.default.fileExists(atPath: map)))
    func shapes() throws {
        try withTemporaryFolder { folder in
            let source = folder.appendingPathComponent("outside.swift")
            try """
            import LockstepTensor
            let x = Tensor.arange(6), y = Tensor.zeros([2, 3])
            let sizes = [3, 2]
            _ = [
                x.reshaped(y.shape), x.reshaped([2, -1]), x.reshaped(sizes), Tensor(1).reshaped([]),
                x.reshaped([2] + y.shape.dropFirst()), Tensor.ones(y.shape).expanded(to: y.shape),
                Tensor.full(y.shape, 2), Tensor([Float](repeating: 0, count: 6), shape: y.shape),
                y.layerNorm(normalizedShape: y.shape), Tensor.zeros(Shape(sizes)), x.maskedSelect(x .> 2),
            ]
            """.write(to: source, atomically: true, encoding: .utf8)
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            process.arguments = [
                "swiftc", "-typecheck", source.path, "-I", Self.build.appendingPathComponent("Modules").path, "-Xcc",
                "-fmodule-map-file=\(Self.map)",
            ]
            let errors = Pipe()
            process.standardError = errors
            try process.run()
            let said = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            process.waitUntilExit()
            #expect(process.terminationStatus == 0, "\(said)")
        }
    }
}
