// SPDX-License-Identifier: Apache-2.0
// Scopes of fixed arithmetic on several threads of one process: what was set before holds after the last.
import CLockstepKernels
import LockstepTensor
import LockstepTesting
import Synchronization
import Testing
import Foundation

@Suite("Fixed arithmetic") struct FixedArithmeticTests {
    @Test("scopes that overlap and end in the order they began leave the threads as they were")
    func overlapping() async {
        let result = await #expect(processExitsWith: .success) {
            ProcessorReport.setThreadsPerRank(3)
            let first = FixedArithmetic()
            precondition(ProcessorReport.current.threadsPerRank == 1)
            let second = FixedArithmetic()
            first.end()
            precondition(ProcessorReport.current.threadsPerRank == 1, "the second still holds")
            first.end()
            precondition(ProcessorReport.current.threadsPerRank == 1, "a scope ends once")
            second.end()
            precondition(ProcessorReport.current.threadsPerRank == 3)
            // What is set while a scope lasts holds after it.
            var third: FixedArithmetic? = FixedArithmetic()
            ProcessorReport.setThreadsPerRank(2)
            precondition(third != nil && ProcessorReport.current.threadsPerRank == 1)
            third = nil
            precondition(ProcessorReport.current.threadsPerRank == 2)
        }
        #expect(result != nil)
    }

    @Test("threads that begin and end scopes at the same time leave everything as it was", .timeLimit(.minutes(1)))
    func concurrent() async {
        let result = await #expect(processExitsWith: .success) {
            ProcessorReport.setThreadsPerRank(3)
            DispatchQueue.concurrentPerform(iterations: 4) { _ in
                lsk_set_convolution_engine(LSK_ENGINE_DIRECT)
                for _ in 0..<200 {
                    let scope = FixedArithmetic()
                    precondition(lsk_get_convolution_engine() == LSK_ENGINE_BLAS)
                    precondition(ProcessorReport.current.threadsPerRank == 1)
                    scope.end()
                    precondition(lsk_get_convolution_engine() == LSK_ENGINE_DIRECT)
                }
                lsk_set_convolution_engine(LSK_ENGINE_RULE)
            }
            precondition(ProcessorReport.current.threadsPerRank == 3)
        }
        #expect(result != nil)
    }
}
