// SPDX-License-Identifier: Apache-2.0
// Contexts of threads: scopes put back what they changed and nothing else, and no thread sees another's.
import CLockstepKernels
import Foundation
import LockstepTensor
import LockstepTesting
import Synchronization
import Testing

@Suite("Compute context") struct ComputeContextTests {
    @Test("a scope changes what it names and puts back that alone")
    func nesting() {
        let before = ComputeContext.current
        ComputeContext.with(threads: 3) {
            #expect(ComputeContext.current.threads == 3)
            #expect(ProcessorReport.current.threadsPerRank == 3)
            withAutocast(.half) {
                #expect(ComputeContext.current.precision == .half)
                #expect(ComputeContext.current.threads == 3)
                ComputeContext.with(precision: .some(nil)) { #expect(ComputeContext.current.precision == nil) }
                ComputeContext.with(threads: 1) { #expect(ComputeContext.current.precision == .half) }
            }
        }
        #expect(ComputeContext.current == before)
    }

    @Test(
        "scopes that overlap and do not nest put back their own fields; one that is let go ends; a second end does nothing"
    )
    func overlapping() {
        let before = ComputeContext.current
        let fixed = ComputeContext.fixed()
        #expect(ComputeContext.current.convolution == .patches && ComputeContext.current.threads == 1)
        let half = ComputeContext.Scope(precision: .some(.half))
        fixed.end()
        #expect(ComputeContext.current.precision == .half && ComputeContext.current.threads == before.threads)
        ComputeContext.with(threads: 5) {
            fixed.end()
            #expect(ComputeContext.current.threads == 5)
        }
        half.end()
        var forgotten: ComputeContext.Scope? = ComputeContext.fixed()
        #expect(forgotten != nil && ComputeContext.current.convolution == .patches)
        forgotten = nil
        #expect(ComputeContext.current == before)
    }

    @Test("what is thrown leaves a scope as it was")
    func throwing() {
        struct Mistake: Error {}
        let before = ComputeContext.current
        #expect(throws: Mistake.self) { try ComputeContext.with(threads: 7) { throw Mistake() } }
        #expect(ComputeContext.current == before)
    }

    @Test("threads have contexts of their own, and what they do not say is the process's")
    func concurrent() async {
        let result = await #expect(processExitsWith: .success) {
            ComputeContext.defaultThreads = 3
            DispatchQueue.concurrentPerform(iterations: 4) { index in
                for _ in 0..<200 {
                    precondition(ComputeContext.current.threads == 3 && ComputeContext.current.convolution == .rule)
                    ComputeContext.with(threads: 4 + index, precision: .some(index % 2 == 0 ? .half : nil)) {
                        let fixed = ComputeContext.fixed()
                        precondition(lsk_get_convolution_engine() == LSK_ENGINE_BLAS && lsk_get_threads() == 1)
                        fixed.end()
                        precondition(lsk_get_threads() == 4 + Int32(index))
                        precondition((ComputeContext.current.precision == .half) == (index % 2 == 0))
                    }
                }
            }
            // Nobody's scope has fixed what the process says.
            ComputeContext.defaultThreads = 2
            precondition(ComputeContext.current.threads == 2)
            ComputeContext.with(precision: .some(.half)) {
                ComputeContext.defaultThreads = 6
                precondition(ComputeContext.current.threads == 6)
            }
        }
        #expect(result != nil)
    }

    @Test("a scope that another thread ends is left to its own thread")
    func foreignEnd() {
        let before = ComputeContext.current
        nonisolated(unsafe) let scope = ComputeContext.fixed()
        let ended = Mutex(false)
        let other = Thread {
            scope.end()
            ended.withLock { $0 = true }
        }
        other.start()
        while !ended.withLock({ $0 }) { usleep(1000) }
        #expect(ComputeContext.current.convolution == .patches)
        scope.end()
        #expect(ComputeContext.current == before)
    }

    @Test("no threads at all are refused")
    func noThreads() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            ComputeContext.with(threads: 0) {}
        }
        expectTrap(result, says: "ComputeContext: 0 threads; at least 1 is needed")
        let standing = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            ComputeContext.defaultThreads = 0
        }
        expectTrap(standing, says: "ComputeContext.defaultThreads: 0 threads; at least 1 is needed")
    }

    @Test("initial weights and dropout masks are those of the thread's seed, whatever other threads draw")
    func generators() {
        let alone = withSeed(5) { (PhiloxGenerator.initialization.next(), DropoutContext.current.seed) }
        let counts = Mutex<[UInt64]>([])
        DispatchQueue.concurrentPerform(iterations: 3) { index in
            withSeed(5) {
                let first = PhiloxGenerator.initialization.next()
                withSeed(UInt64(index)) { _ = PhiloxGenerator.initialization.next() }
                let second = PhiloxGenerator.initialization.next()
                counts.withLock { $0 += [first, second] }
            }
        }
        let found = counts.withLock { $0 }
        #expect(Set(found).count == 2 && found.contains(alone.0) && alone.1 == 5)
    }
}
