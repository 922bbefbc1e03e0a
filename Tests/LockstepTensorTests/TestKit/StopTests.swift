// SPDX-License-Identifier: Apache-2.0
// How a caller's mistake ends a program: its sentence, its line, a code of its own, and no registers.

import Foundation
import LockstepTensor
import LockstepTesting
import Testing

@Suite("A caller's mistake") struct StopTests {
    @Test("ends with one line and code 70, after what was printed before") func ending() async {
        let result = await #expect(
            processExitsWith: .exitCode(70), observing: [\.standardErrorContent, \.standardOutputContent]
        ) {
            print("epoch 3")
            _ = Tensor.zeros([2, 3]).matmul(Tensor.zeros([4, 5]))
        }
        expectTrap(result, says: "matmul", "[2, 3] · [4, 5]", "StopTests.swift:")
        let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
        #expect(text.split(separator: "\n").filter { $0.contains("Fatal error: ") }.count == 1)
        #expect(!text.contains("Thread 0") && !text.contains("Registers"))
        let output = String(decoding: result?.standardOutputContent ?? [], as: UTF8.self)
        #expect(output.contains("epoch 3"))
    }

    @Test("traps with LOCKSTEP_BACKTRACE=1, for a debugger and for the calls that led there") func backtrace() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            setenv("LOCKSTEP_BACKTRACE", "1", 1)
            _ = Tensor.zeros([2]).reshaped([3])
        }
        expectTrap(result, says: "reshaped", "StopTests.swift:")
        if case .exitCode(70) = result?.exitStatus { Issue.record("it was no trap") }
    }

    @Test("more elements than can be counted are a sentence") func uncountable() async {
        let result = await #expect(processExitsWith: .exitCode(70), observing: [\.standardErrorContent]) {
            _ = Tensor.zeros([1 << 62, 0, 1 << 62])
        }
        expectTrap(
            result, says: "[4611686018427387904, 0, 4611686018427387904] has more elements than a computer can count")
    }
}
